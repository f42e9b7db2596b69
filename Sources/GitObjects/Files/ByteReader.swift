/// Reads big-endian numbers out of untrusted bytes; every access is checked and gives nil past the end.
struct ByteReader {
    let bytes: [UInt8]
    var position: Int

    init(_ bytes: [UInt8], at position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    var remaining: Int { bytes.count - position }

    mutating func byte() -> UInt8? {
        guard position >= 0, position < bytes.count else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func uint16() -> UInt16? { integer() }
    mutating func uint32() -> UInt32? { integer() }
    mutating func uint64() -> UInt64? { integer() }

    private mutating func integer<T: FixedWidthInteger & UnsignedInteger>() -> T? {
        let size = T.bitWidth / 8
        guard position >= 0, remaining >= size else { return nil }
        var value: T = 0
        for byte in bytes[position..<(position + size)] { value = value << 8 | T(byte) }
        position += size
        return value
    }

    mutating func objectID() -> ObjectID? {
        guard position >= 0, remaining >= ObjectID.byteCount else { return nil }
        defer { position += ObjectID.byteCount }
        return ObjectID(bytes: bytes[position..<(position + ObjectID.byteCount)])
    }

    /// Seven bits per byte, least significant first: sizes in deltas.
    mutating func littleEndianVarint() -> Int? {
        var value = 0
        var shift = 0
        while let next = byte() {
            guard shift <= 56 else { return nil }
            value |= Int(next & 0x7F) << shift
            shift += 7
            if next & 0x80 == 0 { return value }
        }
        return nil
    }

    /// git's offset encoding (ofs-delta, index v4): most significant first, with one added at each step.
    mutating func offsetVarint() -> Int? {
        guard var next = byte() else { return nil }
        var value = Int(next & 0x7F)
        while next & 0x80 != 0 {
            guard value < 1 << 48, let following = byte() else { return nil }
            next = following
            value = (value + 1) << 7 | Int(next & 0x7F)
        }
        return value
    }
}
