internal import ConnectorKit

/// One thing in an archive.
struct ArchiveMember {
    /// The path in the archive: relative, without `.` and `..`, without a slash at the end.
    var path: [UInt8]
    var kind: Kind
    /// POSIX permission bits with set-uid, set-gid and sticky.
    var permissions: UInt32
    var modificationTime: Timestamp
    var userID: UInt64
    var groupID: UInt64
    var userName: [UInt8]
    var groupName: [UInt8]
    /// Extended attributes: name and value.
    var attributes: [(name: [UInt8], value: [UInt8])] = []

    enum Kind {
        /// - Parameter size: bytes of content that follow.
        case file(size: UInt64)
        case directory
        case symbolicLink(target: [UInt8])
        /// The same file as another member, which came before.
        case hardLink(to: [UInt8])
        case pipe
        /// Snapshots do not keep which device it is.
        case characterDevice
        case blockDevice
    }

    init(path: [UInt8], kind: Kind, info: FileInfo) {
        self.path = path
        self.kind = kind
        permissions = info.mode.posixPermissions
        modificationTime = info.modificationTime
        userID = info.userID
        groupID = info.groupID
        userName = info.userName
        groupName = info.groupName
    }

    var size: UInt64 {
        if case .file(let size) = kind { size } else { 0 }
    }
}

/// Writes an archive from its first byte to its last.
///
/// For each member: ``begin(_:)``, its content in pieces with ``append(_:)``, ``end()``. Each answers the bytes that are
/// ready.
protocol ArchiveWriter {
    /// Bytes of content that must still come before the member can end: the size was announced. Zero where a content
    /// may be of any size.
    var missing: UInt64 { get }

    /// - Throws: when the format has no way to say it; then the archive is as before.
    mutating func begin(_ member: ArchiveMember) throws -> [UInt8]
    mutating func append(_ bytes: [UInt8]) -> [UInt8]
    mutating func end() -> [UInt8]
    mutating func finish() -> [UInt8]
}

/// What a format has no way to say.
struct ArchiveLimit: Error, CustomStringConvertible {
    let description: String
}
