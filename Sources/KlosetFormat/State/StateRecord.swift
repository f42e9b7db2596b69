package import ConnectorKit

/// One line of the log that says what is in a store (Kloset format, section 8.1).
package enum StateRecord: Hashable, Sendable {
    case location(BlobLocation)
    case coloured(ColouredRecord)
    case packfile(PackfileRecord)
    /// Read only: the Go engine fails on every store that has one.
    case configuration(ConfigurationRecord)
    /// Not in states of version 1.0.0.
    case delete(DeleteRecord)
}

/// A blob is in a packfile. Counts only while that packfile has a ``PackfileRecord``.
package struct BlobLocation: Hashable, Sendable {
    package var blob: BlobID
    package var version: FormatVersion
    package var packfile: MAC
    /// Bytes from the beginning of the packfile's data: file offset minus 16.
    package var offset: UInt64
    /// Bytes as stored.
    package var length: UInt32
    package var flags: UInt32

    package init(
        blob: BlobID, version: FormatVersion = .v1_0_0, packfile: MAC, offset: UInt64, length: UInt32,
        flags: UInt32 = 0
    ) {
        self.blob = blob
        self.version = version
        self.packfile = packfile
        self.offset = offset
        self.length = length
        self.flags = flags
    }
}

/// A snapshot is deleted, or a packfile is to be deleted.
package struct ColouredRecord: Hashable, Sendable {
    package enum Resource: Hashable, Sendable {
        case snapshot
        case packfile
        case other(UInt8)
    }

    package var resource: Resource
    package var mac: MAC
    /// Nanoseconds since 1970.
    package var time: Int64

    package init(_ resource: Resource, _ mac: MAC, time: Int64) {
        self.resource = resource
        self.mac = mac
        self.time = time
    }
}

extension ColouredRecord.Resource: RawRepresentable {
    package init(rawValue: UInt8) {
        switch rawValue {
        case 4: self = .packfile
        case 5: self = .snapshot
        default: self = .other(rawValue)
        }
    }

    package var rawValue: UInt8 {
        switch self {
        case .packfile: 4
        case .snapshot: 5
        case .other(let number): number
        }
    }
}

/// A packfile exists.
package struct PackfileRecord: Hashable, Sendable {
    package var packfile: MAC
    /// The name of the state file that this record was first written to.
    package var state: MAC
    /// Nanoseconds since 1970.
    package var time: Int64

    package init(packfile: MAC, state: MAC, time: Int64) {
        self.packfile = packfile
        self.state = state
        self.time = time
    }
}

/// A setting; no engine writes any.
package struct ConfigurationRecord: Hashable, Sendable {
    package var key: [UInt8]
    package var value: [UInt8]
    /// Nanoseconds since 1970.
    package var time: Int64
}

/// Takes back an earlier record.
package enum DeleteRecord: Hashable, Sendable {
    case location(BlobID, packfile: MAC)
    case colour(ColouredRecord.Resource, MAC)
    /// The packfile and all locations in it.
    case packfile(MAC)
}

/// The last record of a state.
package struct StateMetadata: Hashable, Sendable {
    package var version: FormatVersion
    /// Nanoseconds since 1970.
    package var timestamp: Int64
    /// Compared by nobody; that of the latest state, or zero.
    package var serial: RepositoryID

    package init(version: FormatVersion = .v1_1_0, timestamp: Int64, serial: RepositoryID = .zero) {
        self.version = version
        self.timestamp = timestamp
        self.serial = serial
    }
}
