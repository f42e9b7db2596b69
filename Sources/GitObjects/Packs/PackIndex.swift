/// A pack's index, version 2 (gitformat-pack): which object is at which offset.
struct PackIndex: Sendable {
    private let bytes: [UInt8]
    let count: Int

    private static let headerSize = 8
    private static let fanoutSize = 256 * 4

    init(parsing bytes: [UInt8], of path: String) throws(GitError) {
        func corrupt(_ why: String) -> GitError { GitError(.corrupt, "\(path): \(why).") }
        var reader = ByteReader(bytes)
        guard reader.uint32() == 0xFF74_4F63 else {
            throw GitError(.unsupported, "\(path) is not a pack index of version 2.")
        }
        guard reader.uint32() == 2 else {
            throw GitError(.unsupported, "\(path) is a pack index of a version other than 2.")
        }
        var previous: UInt32 = 0
        for _ in 0..<256 {
            guard let next = reader.uint32(), next >= previous else { throw corrupt("the fan-out table is not sorted") }
            previous = next
        }
        count = Int(previous)
        // Ids, checksums, offsets, and two trailing hashes; the table of large offsets is what remains.
        let fixed = Self.headerSize + Self.fanoutSize + count * 28 + 40
        guard bytes.count >= fixed, (bytes.count - fixed) % 8 == 0 else { throw corrupt("its size is wrong") }
        self.bytes = bytes
    }

    private var idsStart: Int { Self.headerSize + Self.fanoutSize }
    private var offsetsStart: Int { idsStart + count * 24 }
    private var largeOffsetsStart: Int { offsetsStart + count * 4 }

    /// The hash of the pack that this is the index of.
    var packHash: ObjectID? {
        ObjectID(bytes: bytes[(bytes.count - 2 * ObjectID.byteCount)..<(bytes.count - ObjectID.byteCount)])
    }

    /// All objects, as a builder keeps them; nil when an offset is damaged.
    func entries() -> [PackBuilder.Entry]? {
        var entries: [PackBuilder.Entry] = []
        entries.reserveCapacity(count)
        for position in 0..<count {
            let start = idsStart + position * ObjectID.byteCount
            guard let id = ObjectID(bytes: bytes[start..<(start + ObjectID.byteCount)]),
                let offset = offset(at: position)
            else { return nil }
            let checksum = uint32(at: idsStart + count * ObjectID.byteCount + position * 4)
            entries.append(PackBuilder.Entry(id: id, offset: UInt64(offset), checksum: UInt32(checksum)))
        }
        return entries
    }

    /// nil when the pack does not have the object.
    func offset(of id: ObjectID) -> Int? {
        let first = id.firstByte
        var low = first == 0 ? 0 : uint32(at: Self.headerSize + (first - 1) * 4)
        var high = uint32(at: Self.headerSize + first * 4)
        let position = bytes.withUnsafeBytes { bytes -> Int? in
            while low < high {
                let middle = (low + high) / 2
                let start = idsStart + middle * ObjectID.byteCount
                let place = UnsafeRawBufferPointer(rebasing: bytes[start..<(start + ObjectID.byteCount)])
                guard let candidate = ObjectID(buffer: place) else { return nil }
                if candidate == id { return middle }
                if candidate < id { low = middle + 1 } else { high = middle }
            }
            return nil
        }
        return position.flatMap { offset(at: $0) }
    }

    /// Whether this index has every object of another one. Both are sorted, so each is looked at once.
    func contains(all other: PackIndex) -> Bool {
        var position = 0
        for wanted in 0..<other.count {
            let id = other.idBytes(at: wanted)
            while position < count, idBytes(at: position).lexicographicallyPrecedes(id) { position += 1 }
            guard position < count, idBytes(at: position) == id else { return false }
        }
        return true
    }

    private func idBytes(at position: Int) -> ArraySlice<UInt8> {
        let start = idsStart + position * ObjectID.byteCount
        return bytes[start..<(start + ObjectID.byteCount)]
    }

    private func offset(at position: Int) -> Int? {
        let value = uint32(at: offsetsStart + position * 4)
        guard value & 0x8000_0000 != 0 else { return value }
        var reader = ByteReader(bytes, at: largeOffsetsStart + (value & 0x7FFF_FFFF) * 8)
        guard reader.position <= bytes.count - 48, let large = reader.uint64() else { return nil }
        return Int(exactly: large)
    }

    private func uint32(at position: Int) -> Int {
        Int(bytes[position]) << 24 | Int(bytes[position + 1]) << 16 | Int(bytes[position + 2]) << 8
            | Int(bytes[position + 3])
    }
}
