package import ConnectorKit

/// Reads MessagePack values one after the other, leniently, as Go's decoder does (Kloset messages, section 1.4):
/// any width for an integer, binary for text and the reverse, nil for anything.
///
/// Nothing is allocated on the word of the input: a declared length or count must fit in the bytes that are left.
package struct MessagePackReader: Sendable {
    /// Arrays and maps may be nested this deep.
    package static let maximumDepth = 63

    let bytes: [UInt8]
    package private(set) var position: Int
    private let end: Int

    package init(_ bytes: [UInt8]) { self.init(bytes, in: bytes.indices) }

    /// Reads only `range` of `bytes`, which is clamped to what is there.
    package init(_ bytes: [UInt8], in range: Range<Int>) {
        self.bytes = bytes
        position = max(range.lowerBound, 0)
        end = min(range.upperBound, bytes.count)
    }

    package var isAtEnd: Bool { position >= end }

    private var remaining: Int { max(end - position, 0) }

    // MARK: Scalars

    /// An integer of any width; 0 for nil.
    package mutating func readInteger() throws(FormatError) -> MessagePackInteger {
        let head = try readByte()
        switch head {
        case 0x00...0x7F: return MessagePackInteger(UInt64(head))
        case 0xE0...0xFF: return MessagePackInteger(signed: Int64(Int8(bitPattern: head)))
        case 0xC0: return MessagePackInteger(0)
        case 0xCC: return MessagePackInteger(UInt64(try readByte()))
        case 0xCD: return MessagePackInteger(try readBigEndian(2))
        case 0xCE: return MessagePackInteger(try readBigEndian(4))
        case 0xCF: return MessagePackInteger(try readBigEndian(8))
        case 0xD0: return MessagePackInteger(signed: Int64(Int8(bitPattern: try readByte())))
        case 0xD1: return MessagePackInteger(signed: Int64(Int16(truncatingIfNeeded: try readBigEndian(2))))
        case 0xD2: return MessagePackInteger(signed: Int64(Int32(truncatingIfNeeded: try readBigEndian(4))))
        case 0xD3: return MessagePackInteger(signed: Int64(bitPattern: try readBigEndian(8)))
        default: throw unexpected(head, "an integer")
        }
    }

    /// A number as 64-bit floating point; 0 for nil.
    package mutating func readDouble() throws(FormatError) -> Double {
        switch peek {
        case 0xCA:
            position += 1
            return Double(Float(bitPattern: UInt32(truncatingIfNeeded: try readBigEndian(4))))
        case 0xCB:
            position += 1
            return Double(bitPattern: try readBigEndian(8))
        default:
            return try readInteger().doubleValue
        }
    }

    /// A truth value; false for nil.
    package mutating func readBool() throws(FormatError) -> Bool {
        let head = try readByte()
        switch head {
        case 0xC0, 0xC2: return false
        case 0xC3: return true
        default: throw unexpected(head, "a truth value")
        }
    }

    /// Where the bytes of a string or binary are; nil for nil.
    package mutating func readBytes() throws(FormatError) -> Range<Int>? {
        let head = try readByte()
        switch head {
        case 0xC0: return nil
        case 0xA0...0xBF: return try take(UInt64(head & 0x1F))
        case 0xC4, 0xD9: return try take(UInt64(try readByte()))
        case 0xC5, 0xDA: return try take(try readBigEndian(2))
        case 0xC6, 0xDB: return try take(try readBigEndian(4))
        default: throw unexpected(head, "text or bytes")
        }
    }

    /// An identifier; zero for nil.
    package mutating func readMAC() throws(FormatError) -> MAC {
        guard let range = try readBytes() else { return .zero }
        guard range.count == 32, let mac = MAC(bytes, at: range.lowerBound) else {
            throw FormatError(.malformed, "An identifier has \(range.count) bytes instead of 32.")
        }
        return mac
    }

    /// An instant (extension type -1, section 1.2); nil for nil.
    package mutating func readTimestamp() throws(FormatError) -> Timestamp? {
        let head = try readByte()
        let size: UInt8
        switch head {
        case 0xC0: return nil
        case 0xD6: size = 4
        case 0xD7: size = 8
        case 0xC7: size = try readByte()
        default: throw unexpected(head, "a time")
        }
        guard try readByte() == 0xFF else { throw unexpected(head, "a time") }
        let result: Timestamp
        switch size {
        case 4:
            result = Timestamp(seconds: Int64(try readBigEndian(4)))
        case 8:
            let both = try readBigEndian(8)
            result = Timestamp(
                seconds: Int64(both & 0x3_FFFF_FFFF), nanoseconds: UInt32(truncatingIfNeeded: both >> 34))
        case 12:
            let nanoseconds = UInt32(truncatingIfNeeded: try readBigEndian(4))
            result = Timestamp(seconds: Int64(bitPattern: try readBigEndian(8)), nanoseconds: nanoseconds)
        default:
            throw unexpected(head, "a time")
        }
        guard result.nanoseconds < 1_000_000_000 else {
            throw FormatError(.malformed, "A time has \(result.nanoseconds) nanoseconds.")
        }
        return result
    }

    // MARK: Containers

    /// The number of elements that follow; nil for nil.
    package mutating func readArrayCount() throws(FormatError) -> Int? {
        let head = try readByte()
        switch head {
        case 0xC0: return nil
        case 0x90...0x9F: return try checkCount(UInt64(head & 0x0F), 1)
        case 0xDC: return try checkCount(try readBigEndian(2), 1)
        case 0xDD: return try checkCount(try readBigEndian(4), 1)
        default: throw unexpected(head, "a list")
        }
    }

    /// The number of elements of a list that is to be held in memory; 0 for nil.
    ///
    /// An element of one byte can stand for a structure of hundreds, so the memory is bounded as well: by eight
    /// times the input, which no canonical message comes near.
    mutating func readArrayCount<T>(of type: T.Type) throws(FormatError) -> Int {
        guard let count = try readArrayCount() else { return 0 }
        guard count <= max(16, 8 * remaining / MemoryLayout<T>.stride) else {
            throw FormatError(.limitExceeded, "A list of \(count) elements is declared for \(remaining) bytes.")
        }
        return count
    }

    /// The number of pairs of key and value that follow; nil for nil.
    package mutating func readMapCount() throws(FormatError) -> Int? {
        let head = try readByte()
        switch head {
        case 0xC0: return nil
        case 0x80...0x8F: return try checkCount(UInt64(head & 0x0F), 2)
        case 0xDE: return try checkCount(try readBigEndian(2), 2)
        case 0xDF: return try checkCount(try readBigEndian(4), 2)
        default: throw unexpected(head, "a map")
        }
    }

    /// Where the bytes of a map's key are; an empty range for a key that is no text.
    package mutating func readKey() throws(FormatError) -> Range<Int> {
        switch peek {
        case 0xA0...0xBF, 0xC4...0xC6, 0xD9...0xDB:
            return try readBytes() ?? 0..<0
        default:
            try skip()
            return 0..<0
        }
    }

    /// Moves over one value of any kind.
    ///
    /// - Parameter depth: how many arrays and maps are around the value.
    package mutating func skip(depth: Int = 0) throws(FormatError) {
        guard depth <= Self.maximumDepth else {
            throw FormatError(.limitExceeded, "Values are nested more than \(Self.maximumDepth) deep.")
        }
        switch peek {
        case 0x80...0x8F, 0xDE, 0xDF:
            let count = try readMapCount() ?? 0
            for _ in 0..<count {
                try skip(depth: depth + 1)
                try skip(depth: depth + 1)
            }
        case 0x90...0x9F, 0xDC, 0xDD:
            let count = try readArrayCount() ?? 0
            for _ in 0..<count { try skip(depth: depth + 1) }
        case 0xA0...0xBF, 0xC4...0xC6, 0xD9...0xDB:
            _ = try readBytes()
        default:
            try skipScalar()
        }
    }

    private mutating func skipScalar() throws(FormatError) {
        let head = try readByte()
        let size: UInt64
        switch head {
        case 0x00...0x7F, 0xE0...0xFF, 0xC0, 0xC2, 0xC3: size = 0
        case 0xCC, 0xD0: size = 1
        case 0xCD, 0xD1, 0xD4: size = 2
        case 0xD5: size = 3
        case 0xCA, 0xCE, 0xD2: size = 4
        case 0xD6: size = 5
        case 0xCB, 0xCF, 0xD3: size = 8
        case 0xD7: size = 9
        case 0xD8: size = 17
        case 0xC7: size = UInt64(try readByte()) + 1
        case 0xC8: size = try readBigEndian(2) + 1
        case 0xC9: size = try readBigEndian(4) + 1
        default: throw unexpected(head, "a value")
        }
        _ = try take(size)
    }

    // MARK: Bytes

    /// The next byte without moving; 0xC1, which MessagePack never uses, at the end.
    private var peek: UInt8 { position < end ? bytes[position] : 0xC1 }

    private mutating func readByte() throws(FormatError) -> UInt8 {
        guard position < end else { throw truncated(1) }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func readBigEndian(_ count: Int) throws(FormatError) -> UInt64 {
        guard count <= remaining else { throw truncated(UInt64(count)) }
        var value: UInt64 = 0
        for index in position..<position + count { value = value << 8 | UInt64(bytes[index]) }
        position += count
        return value
    }

    private mutating func take(_ count: UInt64) throws(FormatError) -> Range<Int> {
        guard count <= UInt64(remaining) else { throw truncated(count) }
        defer { position += Int(count) }
        return position..<position + Int(count)
    }

    private func checkCount(_ count: UInt64, _ minimumSize: Int) throws(FormatError) -> Int {
        guard count <= UInt64(remaining / minimumSize) else { throw truncated(count) }
        return Int(count)
    }

    @inline(never)
    private func truncated(_ count: UInt64) -> FormatError {
        FormatError(
            .truncated, "\(count) more bytes or values are declared at offset \(position), \(remaining) are left.")
    }

    @inline(never)
    private func unexpected(_ head: UInt8, _ wanted: String) -> FormatError {
        if position >= end, head == 0xC1 { return truncated(1) }
        return FormatError(
            .malformed, "\(wanted) is expected before offset \(position), found code 0x\(String(head, radix: 16)).")
    }
}

/// An integer as it was read, before it is known how wide its field is.
package struct MessagePackInteger: Hashable, Sendable {
    /// Two's complement when ``isNegative``.
    package let bits: UInt64
    package let isNegative: Bool

    package init(_ value: UInt64) {
        bits = value
        isNegative = false
    }

    package init(signed value: Int64) {
        bits = UInt64(bitPattern: value)
        isNegative = value < 0
    }

    var doubleValue: Double { isNegative ? Double(Int64(bitPattern: bits)) : Double(bits) }

    /// The value in a narrower type. The two 64-bit types take each other's bits, as in Go, so that writers without
    /// unsigned numbers are understood.
    func narrowed<T: FixedWidthInteger>(to type: T.Type) throws(FormatError) -> T {
        if T.bitWidth == 64 { return T(truncatingIfNeeded: bits) }
        let value = isNegative ? T(exactly: Int64(bitPattern: bits)) : T(exactly: bits)
        guard let value else {
            throw FormatError(.malformed, "A number does not fit in \(T.bitWidth) bits.")
        }
        return value
    }
}
