package import ConnectorKit

/// Reads the payload of a state record by record (Kloset format, section 8.1).
package struct StateReader {
    /// The state this one was built on; zero when there is none, always zero in version 1.0.0.
    package let parent: MAC
    /// nil until ``next()`` has returned nil.
    package private(set) var metadata: StateMetadata?
    private let version: FormatVersion
    private var reader: LittleEndianReader

    /// - Parameters:
    ///   - payload: the decrypted and decompressed payload.
    ///   - version: from the wrapper; 1.0.0 has no parent.
    package init(_ payload: [UInt8], version: FormatVersion) throws(FormatError) {
        reader = LittleEndianReader(payload)
        self.version = version
        parent = version < .v1_1_0 ? .zero : try reader.mac()
    }

    /// The next record; nil at the metadata, which end the state. Records of unknown types are passed over.
    package mutating func next() throws(FormatError) -> StateRecord? {
        while metadata == nil {
            let type = try reader.u8()
            if type == RecordType.metadata {
                metadata = try readMetadata()
                return nil
            }
            let length: UInt32 = try reader.integer()
            if let wanted = RecordType.length(type, version), wanted != length {
                throw FormatError(
                    .malformed, "A state record of type \(type) has \(length) bytes instead of \(wanted).")
            }
            let end = reader.position + Int(length)
            guard Int(length) <= reader.remaining else {
                throw FormatError(.truncated, "A state record of type \(type) has \(length) bytes, too many.")
            }
            if let record = try readRecord(type, end: end) { return record }
            _ = try reader.take(end - reader.position)
        }
        return nil
    }

    /// Every record that is left.
    package mutating func records() throws(FormatError) -> [StateRecord] {
        var records: [StateRecord] = []
        while let record = try next() { records.append(record) }
        return records
    }

    private mutating func readRecord(_ type: UInt8, end: Int) throws(FormatError) -> StateRecord? {
        switch type {
        case RecordType.location:
            let blob = BlobType(rawValue: try reader.u8())
            let version = FormatVersion(rawValue: try reader.integer())
            return .location(
                BlobLocation(
                    blob: BlobID(blob, try reader.mac()), version: version, packfile: try reader.mac(),
                    offset: try reader.integer(), length: try reader.integer(), flags: try reader.integer()))
        case RecordType.coloured:
            let resource = ColouredRecord.Resource(rawValue: try reader.u8())
            return .coloured(ColouredRecord(resource, try reader.mac(), time: try reader.integer()))
        case RecordType.packfile:
            return .packfile(
                PackfileRecord(packfile: try reader.mac(), state: try reader.mac(), time: try reader.integer()))
        case RecordType.configuration:
            let key = try reader.bytes(Int(try reader.u8()))
            let value = try reader.bytes(Int(try reader.integer(UInt16.self)))
            let time: Int64 = try reader.integer()
            guard reader.position == end else {
                throw FormatError(.malformed, "A configuration record of a state has the wrong length.")
            }
            return .configuration(ConfigurationRecord(key: key, value: value, time: time))
        case RecordType.delete where version >= .v1_1_0:
            return .delete(try readDelete())
        default:
            return nil
        }
    }

    private mutating func readDelete() throws(FormatError) -> DeleteRecord {
        let type = try reader.u8()
        let resource = try reader.u8()
        let mac = try reader.mac()
        let packfile = try reader.mac()
        switch type {
        case RecordType.location: return .location(BlobID(BlobType(rawValue: resource), mac), packfile: packfile)
        case RecordType.coloured: return .colour(ColouredRecord.Resource(rawValue: resource), mac)
        case RecordType.packfile: return .packfile(packfile)
        default: throw FormatError(.malformed, "A state deletes a record of type \(type).")
        }
    }

    private mutating func readMetadata() throws(FormatError) -> StateMetadata {
        let version = FormatVersion(rawValue: try reader.integer())
        let timestamp: Int64 = try reader.integer()
        guard let serial = RepositoryID(try reader.bytes(16)) else {
            throw FormatError(.truncated, "The serial of a state is too short.")
        }
        return StateMetadata(version: version, timestamp: timestamp, serial: serial)
    }
}

/// The numbers in front of the records of a state.
enum RecordType {
    static let metadata: UInt8 = 1
    static let location: UInt8 = 2
    static let coloured: UInt8 = 3
    static let packfile: UInt8 = 4
    static let configuration: UInt8 = 5
    static let delete: UInt8 = 6

    /// The only length that such a record has; nil when it varies or the type is unknown.
    static func length(_ type: UInt8, _ version: FormatVersion) -> UInt32? {
        switch type {
        case location: 85
        case coloured: 41
        case packfile: 72
        case delete where version >= .v1_1_0: 66
        default: nil
        }
    }
}
