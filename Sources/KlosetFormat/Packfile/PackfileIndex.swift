internal import ConnectorKit

/// Where one blob is in a packfile (Kloset format, section 7.2).
package struct PackfileIndexRecord: Hashable, Sendable {
    package static let size = 56

    package var blob: BlobID
    package var version: FormatVersion
    /// Bytes from the beginning of the data: file offset minus 16.
    package var offset: UInt64
    /// Bytes as stored: compressed and encrypted.
    package var length: UInt32
    package var flags: UInt32

    package init(
        blob: BlobID, version: FormatVersion = .v1_0_0, offset: UInt64, length: UInt32, flags: UInt32 = 0
    ) {
        self.blob = blob
        self.version = version
        self.offset = offset
        self.length = length
        self.flags = flags
    }
}

/// The list of the blobs of a packfile, in its plain form.
package enum PackfileIndex {
    /// - Throws: `FormatError` when the index does not have the length that the footer says, or when a blob would
    ///   not lie within the data.
    package static func decode(
        _ bytes: [UInt8], footer: PackfileFooter
    ) throws(FormatError) -> [PackfileIndexRecord] {
        guard bytes.count % PackfileIndexRecord.size == 0,
            bytes.count / PackfileIndexRecord.size == Int(footer.count)
        else {
            throw FormatError(
                .malformed, "The packfile index has \(bytes.count) bytes, the footer says \(footer.count) blobs.")
        }
        var reader = LittleEndianReader(bytes)
        var records: [PackfileIndexRecord] = []
        records.reserveCapacity(Int(footer.count))
        for _ in 0..<footer.count { records.append(try record(&reader, footer)) }
        return records
    }

    private static func record(
        _ reader: inout LittleEndianReader, _ footer: PackfileFooter
    ) throws(FormatError) -> PackfileIndexRecord {
        let type: UInt32 = try reader.integer()
        guard let type = UInt8(exactly: type) else {
            throw FormatError(.malformed, "The packfile index names blob type \(type).")
        }
        let version = FormatVersion(rawValue: try reader.integer())
        let mac = try reader.mac()
        let record = PackfileIndexRecord(
            blob: BlobID(BlobType(rawValue: type), mac), version: version, offset: try reader.integer(),
            length: try reader.integer(), flags: try reader.integer())
        guard record.offset <= footer.indexOffset, UInt64(record.length) <= footer.indexOffset - record.offset else {
            throw FormatError(
                .malformed,
                "Blob \(record.blob) would be \(record.length) bytes at \(record.offset), beyond \(footer.indexOffset)."
            )
        }
        return record
    }

    package static func encode(_ records: [PackfileIndexRecord]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(records.count * PackfileIndexRecord.size)
        for record in records { append(record, to: &bytes) }
        return bytes
    }

    /// Writes one record behind what is there, for an index that is made while its packfile is filled.
    package static func append(_ record: PackfileIndexRecord, to bytes: inout [UInt8]) {
        bytes.appendLittleEndian(UInt32(record.blob.type.rawValue))
        bytes.appendLittleEndian(record.version.rawValue)
        bytes.append(record.blob.mac)
        bytes.appendLittleEndian(record.offset)
        bytes.appendLittleEndian(record.length)
        bytes.appendLittleEndian(record.flags)
    }
}
