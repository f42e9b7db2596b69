/// A git tree kept as the bytes of its object, with the offset of every entry, so that changing one entry of ten thousand
/// moves bytes but parses and sorts nothing.
package struct SpliceableTree: Sendable {
    /// The content of the tree object.
    package private(set) var bytes: [UInt8]
    /// Where each entry begins, in git's order. 32 bits: a tree object is bounded by `ObjectDatabase.maximumObjectSize`.
    private var offsets: [UInt32]

    package init() {
        bytes = []
        offsets = []
    }

    /// Throws `.corrupt` for bytes that are not a tree in git's order.
    package init(parsing bytes: [UInt8]) throws(GitError) {
        guard bytes.count < Int(UInt32.max) else { throw GitError(.limitExceeded, "A tree is larger than 4 GiB.") }
        self.bytes = bytes
        offsets = []
        var position = 0
        while position < bytes.count {
            guard let end = Self.endOfEntry(at: position, in: bytes) else {
                throw GitError(.corrupt, "A tree object is cut off or has a malformed entry.")
            }
            offsets.append(UInt32(position))
            if offsets.count > 1 {
                let (previous, current) = (offsets.count - 2, offsets.count - 1)
                guard compare(key(at: previous), key(at: current)) < 0 else {
                    throw GitError(.corrupt, "A tree object is not sorted.")
                }
            }
            position = end
        }
    }

    /// Sorts the entries as git does. Names must be distinct.
    package init(_ entries: some Sequence<TreeEntry>) {
        self.init()
        for entry in entries { set(entry) }
    }

    package var count: Int { offsets.count }
    package var id: ObjectID { ObjectID(hashing: bytes, as: .tree) }

    package subscript(position: Int) -> TreeEntry {
        let key = key(at: position)
        return TreeEntry(
            mode: mode(at: position), name: Array(bytes[key.start..<key.end]), id: id(at: key.end + 1))
    }

    package func entry(named name: some Collection<UInt8>) -> TreeEntry? {
        let name = Array(name)
        return position(of: name).map { self[$0] }
    }

    /// Where the entry of that name stands in `bytes`.
    func extent(named name: [UInt8]) -> Range<Int>? {
        guard let position = position(of: name) else { return nil }
        let end = position + 1 < offsets.count ? Int(offsets[position + 1]) : bytes.count
        return Int(offsets[position])..<end
    }

    /// Adds the entry, or replaces the one of that name.
    package mutating func set(_ entry: TreeEntry) {
        if let existing = position(of: entry.name) {
            if mode(at: existing) == entry.mode {
                let start = key(at: existing).end + 1
                bytes.replaceSubrange(start..<(start + ObjectID.byteCount), with: entry.id.bytes)
                return
            }
            remove(at: existing)
        }
        var encoded = Array(String(entry.mode.bits, radix: 8).utf8)
        encoded.append(UInt8(ascii: " "))
        encoded.append(contentsOf: entry.name)
        encoded.append(0)
        entry.id.append(to: &encoded)
        let position = insertionPosition(name: entry.name, isTree: entry.mode.isTree)
        let offset = position < offsets.count ? offsets[position] : UInt32(bytes.count)
        bytes.insert(contentsOf: encoded, at: Int(offset))
        offsets.insert(offset, at: position)
        let added = UInt32(encoded.count)
        for later in (position + 1)..<offsets.count { offsets[later] += added }
    }

    /// Returns whether there was an entry of that name.
    @discardableResult
    package mutating func remove(named name: some Collection<UInt8>) -> Bool {
        guard let position = position(of: Array(name)) else { return false }
        remove(at: position)
        return true
    }

    private mutating func remove(at position: Int) {
        let start = Int(offsets[position])
        let end = position + 1 < offsets.count ? Int(offsets[position + 1]) : bytes.count
        bytes.removeSubrange(start..<end)
        offsets.remove(at: position)
        let removed = UInt32(end - start)
        for later in position..<offsets.count { offsets[later] -= removed }
    }

    // MARK: Order

    /// Where a name stands in the bytes, and whether git sorts it as a directory, as if it ended in `/`.
    private struct Key {
        var start: Int
        var end: Int
        var isTree: Bool
    }

    private func key(at position: Int) -> Key {
        let offset = Int(offsets[position])
        // The longest mode has six digits; parsing has checked that there is a space.
        var start = offset
        while bytes[start] != UInt8(ascii: " ") { start += 1 }
        start += 1
        var end = start
        while bytes[end] != 0 { end += 1 }
        return Key(start: start, end: end, isTree: mode(at: position).isTree)
    }

    private func mode(at position: Int) -> TreeEntry.Mode {
        var bits: UInt32 = 0
        for byte in bytes[Int(offsets[position])...] {
            guard byte != UInt8(ascii: " ") else { break }
            bits = bits << 3 | UInt32(byte & 7)
        }
        return TreeEntry.Mode(bits: bits)
    }

    private func id(at offset: Int) -> ObjectID {
        ObjectID(bytes: bytes[offset..<(offset + ObjectID.byteCount)]) ?? .zero
    }

    /// The bytes of one entry: mode, name, id.
    func encodedEntry(at position: Int) -> ArraySlice<UInt8> {
        let end = position + 1 < offsets.count ? Int(offsets[position + 1]) : bytes.count
        return bytes[Int(offsets[position])..<end]
    }

    /// Negative, zero or positive, as an entry of one tree stands before, at, or after an entry of another.
    static func order(_ a: SpliceableTree, _ i: Int, _ b: SpliceableTree, _ j: Int) -> Int {
        let (left, right) = (a.key(at: i), b.key(at: j))
        return compare(
            a.bytes[left.start..<left.end], left.isTree, b.bytes[right.start..<right.end], right.isTree)
    }

    private func compare(_ a: Key, _ b: Key) -> Int {
        Self.compare(bytes[a.start..<a.end], a.isTree, bytes[b.start..<b.end], b.isTree)
    }

    private static func compare(
        _ a: some RandomAccessCollection<UInt8>, _ aIsTree: Bool, _ b: some RandomAccessCollection<UInt8>,
        _ bIsTree: Bool
    ) -> Int {
        var (left, right) = (a.makeIterator(), b.makeIterator())
        while true {
            switch (left.next(), right.next()) {
            case (let x?, let y?): if x != y { return x < y ? -1 : 1 }
            // A name that is the beginning of another is followed, in the comparison, by `/` or by nothing.
            case (let x?, nil):
                let end: UInt8 = bIsTree ? UInt8(ascii: "/") : 0
                return x == end ? 1 : (x < end ? -1 : 1)
            case (nil, let y?):
                let end: UInt8 = aIsTree ? UInt8(ascii: "/") : 0
                return y == end ? -1 : (end < y ? -1 : 1)
            case (nil, nil): return aIsTree == bIsTree ? 0 : (aIsTree ? 1 : -1)
            }
        }
    }

    private func insertionPosition(name: [UInt8], isTree: Bool) -> Int {
        var (low, high) = (0, offsets.count)
        while low < high {
            let middle = (low + high) / 2
            let candidate = key(at: middle)
            if Self.compare(bytes[candidate.start..<candidate.end], candidate.isTree, name[...], isTree) < 0 {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    private func position(of name: [UInt8]) -> Int? {
        // A file and a directory of one name stand at different places.
        for isTree in [false, true] {
            let position = insertionPosition(name: name, isTree: isTree)
            guard position < offsets.count else { continue }
            let found = key(at: position)
            if bytes[found.start..<found.end].elementsEqual(name) { return position }
        }
        return nil
    }

    /// nil when no well-formed entry begins there.
    private static func endOfEntry(at start: Int, in bytes: [UInt8]) -> Int? {
        var position = start
        while position < bytes.count, bytes[position] != UInt8(ascii: " ") {
            guard bytes[position] >= UInt8(ascii: "0"), bytes[position] <= UInt8(ascii: "7"), position - start < 6
            else {
                return nil
            }
            position += 1
        }
        guard position > start, position < bytes.count, bytes[start] != UInt8(ascii: "0") else { return nil }
        position += 1
        let nameStart = position
        while position < bytes.count, bytes[position] != 0 {
            guard bytes[position] != UInt8(ascii: "/") else { return nil }
            position += 1
        }
        guard position > nameStart, bytes.count - position > ObjectID.byteCount else { return nil }
        return position + 1 + ObjectID.byteCount
    }
}

extension SpliceableTree: RandomAccessCollection {
    package var startIndex: Int { 0 }
    package var endIndex: Int { offsets.count }
}

extension SpliceableTree: Equatable {
    package static func == (a: SpliceableTree, b: SpliceableTree) -> Bool { a.bytes == b.bytes }
}
