/// The frame of a `.ptar` archive: a header of 12 bytes, three wrapped files, and a trailer that says where they
/// are (Kloset format, section 11).
package struct PtarTrailer: Hashable, Sendable {
    /// Bytes of the trailer, at the end of the archive.
    package static let size = 48
    /// What an archive begins with: magic and version 1.0.0.
    package static let header: [UInt8] = Array("_PLATAR_".utf8) + [0, 0, 1, 0]
    /// The engine refuses a longer configuration.
    package static let maximumConfigurationSize = 32768

    /// Byte ranges of the archive.
    package var configuration: Range<UInt64>
    package var packfile: Range<UInt64>
    package var state: Range<UInt64>

    package init(configuration: Range<UInt64>, packfile: Range<UInt64>, state: Range<UInt64>) {
        self.configuration = configuration
        self.packfile = packfile
        self.state = state
    }

    /// - Parameters:
    ///   - bytes: the last 48 bytes of the archive.
    ///   - size: bytes of the whole archive.
    package init(decoding bytes: [UInt8], archiveSize size: UInt64) throws(FormatError) {
        guard bytes.count == Self.size, size >= UInt64(Self.size + Self.header.count) else {
            throw FormatError(.truncated, "An archive of \(size) bytes is too short.")
        }
        var reader = LittleEndianReader(bytes)
        let end = size - UInt64(Self.size)
        var ranges: [Range<UInt64>] = []
        for part in ["configuration", "packfile", "state"] {
            let offset: UInt64 = try reader.integer()
            let length: UInt64 = try reader.integer()
            guard offset >= UInt64(Self.header.count), offset <= end, length <= end - offset else {
                throw FormatError(
                    .malformed, "The archive's \(part) would be \(length) bytes at offset \(offset) of \(size).",
                    advice: "The archive is damaged or was not finished.")
            }
            ranges.append(offset..<offset + length)
        }
        self.init(configuration: ranges[0], packfile: ranges[1], state: ranges[2])
        guard (1...Self.maximumConfigurationSize).contains(configuration.count) else {
            throw FormatError(.malformed, "The archive's configuration has \(configuration.count) bytes.")
        }
    }

    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        for range in [configuration, packfile, state] {
            bytes.appendLittleEndian(range.lowerBound)
            bytes.appendLittleEndian(range.upperBound - range.lowerBound)
        }
        return bytes
    }

    /// Checks the first bytes of an archive.
    package static func checkHeader(_ bytes: [UInt8]) throws(FormatError) {
        guard bytes.starts(with: header.prefix(8)) else {
            throw FormatError(.malformed, "This is no Kloset archive: it does not begin with _PLATAR_.")
        }
    }
}
