internal import ConnectorKit

/// Reads the packed little-endian structures that surround the MessagePack: wrappers, indexes, states, frames.
struct LittleEndianReader {
    private let bytes: [UInt8]
    private(set) var position: Int
    private let end: Int

    init(_ bytes: [UInt8]) { self.init(bytes, bytes.indices) }

    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        position = max(range.lowerBound, 0)
        end = min(range.upperBound, bytes.count)
    }

    var remaining: Int { max(end - position, 0) }

    /// Moves over `count` bytes and returns where they are.
    mutating func take(_ count: Int) throws(FormatError) -> Range<Int> {
        guard count >= 0, count <= remaining else { throw tooShort(count) }
        defer { position += count }
        return position..<position + count
    }

    mutating func bytes(_ count: Int) throws(FormatError) -> [UInt8] { Array(bytes[try take(count)]) }

    mutating func u8() throws(FormatError) -> UInt8 { bytes[try take(1).lowerBound] }

    mutating func integer<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(FormatError) -> T {
        let range = try take(T.bitWidth / 8)
        var value: UInt64 = 0
        var index = range.upperBound
        while index > range.lowerBound {
            index &-= 1
            value = value << 8 | UInt64(bytes[index])
        }
        return T(truncatingIfNeeded: value)
    }

    mutating func mac() throws(FormatError) -> MAC {
        guard let mac = MAC(bytes, at: try take(32).lowerBound) else { throw tooShort(32) }
        return mac
    }

    private func tooShort(_ count: Int) -> FormatError {
        FormatError(.truncated, "\(count) bytes are needed at offset \(position), \(remaining) are left.")
    }
}

extension [UInt8] {
    mutating func appendLittleEndian(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    mutating func append(_ mac: MAC) { mac.append(to: &self) }
}
