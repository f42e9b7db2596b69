package import ConnectorKit

/// Collects the records of a new state and puts them in the engine's order: deletes, locations, coloured, packfiles,
/// metadata (Kloset format, section 8.1).
package struct StateWriter: Sendable {
    private let version: FormatVersion
    private var deletes: [UInt8] = []
    /// The parent, then the locations: what a state mostly consists of is in the place where it stays.
    private var body: [UInt8] = []
    private let headLength: Int
    private var coloured: [UInt8] = []
    private var packfiles: [UInt8] = []

    /// - Parameters:
    ///   - parent: the latest state that the writer had merged; zero when there is none.
    ///   - version: 1.1.0, or 1.0.0 for a state without parent and deletes.
    ///   - locations: how many locations to make room for at once.
    package init(parent: MAC, version: FormatVersion = .v1_1_0, reserving locations: Int = 0) {
        self.version = version
        body.reserveCapacity(32 + locations * Self.locationLength + 256)
        if version >= .v1_1_0 { body.append(parent) }
        headLength = body.count
    }

    private static let locationLength = 90

    package var isEmpty: Bool {
        deletes.isEmpty && body.count == headLength && coloured.isEmpty && packfiles.isEmpty
    }

    /// The number of locations so far.
    package var locationCount: Int { (body.count - headLength) / Self.locationLength }

    /// Bytes that the payload has so far.
    package var size: Int { deletes.count + body.count + coloured.count + packfiles.count + 29 }

    package mutating func add(_ location: BlobLocation) {
        begin(&body, RecordType.location)
        body.append(location.blob.type.rawValue)
        body.appendLittleEndian(location.version.rawValue)
        body.append(location.blob.mac)
        body.append(location.packfile)
        body.appendLittleEndian(location.offset)
        body.appendLittleEndian(location.length)
        body.appendLittleEndian(location.flags)
    }

    package mutating func add(_ record: ColouredRecord) {
        begin(&coloured, RecordType.coloured)
        coloured.append(record.resource.rawValue)
        coloured.append(record.mac)
        coloured.appendLittleEndian(record.time)
    }

    package mutating func add(_ record: PackfileRecord) {
        begin(&packfiles, RecordType.packfile)
        packfiles.append(record.packfile)
        packfiles.append(record.state)
        packfiles.appendLittleEndian(record.time)
    }

    /// Has no effect on a state of version 1.0.0 but an error: such a state cannot take anything back.
    package mutating func add(_ record: DeleteRecord) throws(FormatError) {
        guard version >= .v1_1_0 else {
            throw FormatError(.notWritable, "A state of version \(version) has no delete records.")
        }
        begin(&deletes, RecordType.delete)
        switch record {
        case .location(let blob, let packfile):
            addDelete(RecordType.location, blob.type.rawValue, blob.mac, packfile)
        case .colour(let resource, let mac):
            addDelete(RecordType.coloured, resource.rawValue, mac, .zero)
        case .packfile(let packfile):
            addDelete(RecordType.packfile, 0, .zero, packfile)
        }
    }

    /// - Throws: `FormatError` for a configuration record: the Go engine fails on every store that has one.
    package mutating func add(_ record: StateRecord) throws(FormatError) {
        switch record {
        case .location(let location): add(location)
        case .coloured(let record): add(record)
        case .packfile(let record): add(record)
        case .delete(let record): try add(record)
        case .configuration:
            throw FormatError(.notWritable, "A state must not hold configuration records.")
        }
    }

    /// The whole payload, to be compressed, encrypted and wrapped with the version given at the beginning.
    package consuming func finish(timestamp: Int64, serial: RepositoryID = .zero) -> [UInt8] {
        var bytes = body
        // So that the bytes have one owner and are not copied.
        body = []
        if !deletes.isEmpty { bytes.insert(contentsOf: deletes, at: headLength) }
        bytes += coloured
        bytes += packfiles
        bytes.append(RecordType.metadata)
        bytes.appendLittleEndian(version.rawValue)
        bytes.appendLittleEndian(timestamp)
        bytes += serial.bytes
        return bytes
    }

    private func begin(_ bytes: inout [UInt8], _ type: UInt8) {
        bytes.append(type)
        bytes.appendLittleEndian(RecordType.length(type, version) ?? 0)
    }

    private mutating func addDelete(_ type: UInt8, _ resource: UInt8, _ mac: MAC, _ packfile: MAC) {
        deletes.append(type)
        deletes.append(resource)
        deletes.append(mac)
        deletes.append(packfile)
    }
}
