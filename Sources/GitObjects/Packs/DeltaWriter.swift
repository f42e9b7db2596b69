/// Writes a git delta: what is copied from the base, and what is new (gitformat-pack, "Deltified representation").
struct DeltaWriter {
    private(set) var bytes: [UInt8] = []

    /// One instruction names at most this many bytes.
    private static let longestCopy = 0xFF_FFFF
    private static let longestInsert = 0x7F

    init(baseSize: Int, resultSize: Int) {
        appendSize(baseSize)
        appendSize(resultSize)
    }

    private mutating func appendSize(_ size: Int) {
        var rest = size
        while rest > 0x7F {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Bytes of the base. The base must be smaller than 4 GiB.
    mutating func copy(_ range: Range<Int>) {
        var start = range.lowerBound
        while start < range.upperBound {
            let size = min(range.upperBound - start, Self.longestCopy)
            var instruction: UInt8 = 0x80
            var operands: [UInt8] = []
            for bit in 0..<4 where start >> (8 * bit) & 0xFF != 0 {
                instruction |= 1 << bit
                operands.append(UInt8(start >> (8 * bit) & 0xFF))
            }
            for bit in 0..<3 where size >> (8 * bit) & 0xFF != 0 {
                instruction |= 0x10 << bit
                operands.append(UInt8(size >> (8 * bit) & 0xFF))
            }
            bytes.append(instruction)
            bytes.append(contentsOf: operands)
            start += size
        }
    }

    mutating func insert(_ new: ArraySlice<UInt8>) {
        var start = new.startIndex
        while start < new.endIndex {
            let end = min(start + Self.longestInsert, new.endIndex)
            bytes.append(UInt8(end - start))
            bytes.append(contentsOf: new[start..<end])
            start = end
        }
    }
}

extension SpliceableTree {
    /// The delta that makes this tree out of `base`, when the two differ in no other entries than those named.
    /// nil when they do; the tree must be stored whole then.
    func delta(from base: SpliceableTree, changed names: some Sequence<[UInt8]>) -> [UInt8]? {
        var gone: [Range<Int>] = []
        var new: [Range<Int>] = []
        for name in names {
            let (before, after) = (base.extent(named: name), extent(named: name))
            if let before, let after, base.bytes[before] == bytes[after] { continue }
            if let before { gone.append(before) }
            if let after { new.append(after) }
        }
        gone.sort { $0.lowerBound < $1.lowerBound }
        new.sort { $0.lowerBound < $1.lowerBound }
        var writer = DeltaWriter(baseSize: base.bytes.count, resultSize: bytes.count)
        var (old, current) = (0, 0)
        var (nextGone, nextNew) = (gone.makeIterator(), new.makeIterator())
        var (removed, added) = (nextGone.next(), nextNew.next())
        // Between the places that differ, both trees have the same bytes: as many as until the nearer of the next two.
        while true {
            let untilRemoved = (removed?.lowerBound ?? base.bytes.count) - old
            let untilAdded = (added?.lowerBound ?? bytes.count) - current
            let run = Swift.min(untilRemoved, untilAdded)
            guard run >= 0 else { return nil }
            writer.copy(old..<(old + run))
            old += run
            current += run
            if let range = removed, range.lowerBound == old {
                old = range.upperBound
                removed = nextGone.next()
            } else if let range = added, range.lowerBound == current {
                writer.insert(bytes[range])
                current = range.upperBound
                added = nextNew.next()
            } else {
                break
            }
        }
        guard old == base.bytes.count, current == bytes.count else { return nil }
        return writer.bytes
    }
}
