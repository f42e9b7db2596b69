package import ConnectorKit

/// What the end of a packfile says of it, in its plain form (Kloset format, section 7.3).
package struct PackfileFooter: Hashable, Sendable {
    package static let size = 56

    /// Nanoseconds since 1970; seconds in some packfiles of the 1.0 line, 0 in archives.
    package var timestamp: Int64
    /// Records in the index.
    package var count: UInt32
    /// Bytes of the data, where the index begins.
    package var indexOffset: UInt64
    /// The MAC of the plain index.
    package var indexMAC: MAC
    package var flags: UInt32

    package init(timestamp: Int64, count: UInt32, indexOffset: UInt64, indexMAC: MAC, flags: UInt32 = 0) {
        self.timestamp = timestamp
        self.count = count
        self.indexOffset = indexOffset
        self.indexMAC = indexMAC
        self.flags = flags
    }

    package init(decoding bytes: [UInt8]) throws(FormatError) {
        guard bytes.count == Self.size else {
            throw FormatError(.malformed, "The packfile footer has \(bytes.count) bytes instead of \(Self.size).")
        }
        var reader = LittleEndianReader(bytes)
        timestamp = try reader.integer()
        count = try reader.integer()
        indexOffset = try reader.integer()
        indexMAC = try reader.mac()
        flags = try reader.integer()
    }

    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendLittleEndian(timestamp)
        bytes.appendLittleEndian(count)
        bytes.appendLittleEndian(indexOffset)
        bytes.append(indexMAC)
        bytes.appendLittleEndian(flags)
        return bytes
    }
}
