import ConnectorKit
import KlosetFormat

/// An attribute whose value is in the store.
struct StoredAttribute: Sendable {
    var path: BytePath
    var name: [UInt8]
    var kind: Record.AttributeKind
    /// Bytes of the value.
    var size: UInt64
    var object: MAC
}

/// Everything that a snapshot is going to hold, before its trees are built.
struct SnapshotContents: Sendable {
    var entries = EntryTable()
    var attributes: [StoredAttribute] = []
    private(set) var errors: [BytePath: String] = [:]
    /// Entries that list attributes; the list is compared in the end with the attributes that came.
    private(set) var attributedPaths: Set<BytePath> = []
    /// Directories that something lies in.
    private(set) var parents: Set<BytePath> = []
    private var lastParent: BytePath?

    mutating func add(_ entry: Entry) throws(KlosetError) {
        let path = entry.path
        guard entries.append(path: path, entry: entry.encoded(), isDirectory: entry.isDirectory) else {
            throw KlosetError(.limitExceeded, "The entry of \(path) is too large.")
        }
        if !entry.extendedAttributeNames.isEmpty { attributedPaths.insert(path) }
        noteParent(of: path)
    }

    /// The last error of a path is the one that stays.
    mutating func fail(_ path: BytePath, _ reason: String) {
        errors[path] = reason
        noteParent(of: path)
    }

    mutating func fail(_ record: Record, _ reason: String) {
        if case .extendedAttribute(let name, _) = record.kind {
            fail(record.path, "extended attribute \(printable(name)): \(reason)")
        } else {
            fail(record.path, reason)
        }
    }

    private mutating func noteParent(of path: BytePath) {
        guard let parent = path.parent, parent != lastParent else { return }
        lastParent = parent
        parents.insert(parent)
    }
}

extension Entry {
    /// The entry of a record, without its content.
    ///
    /// - Throws: ``SourceFailure`` for a record that no entry can be made of.
    init(_ record: Record, _ info: FileInfo) throws(SourceFailure) {
        var info = info
        let mode = info.mode
        info.name = record.path.name
        info.linkCount = max(1, info.linkCount)
        info.size = max(0, info.size)
        guard record.path.isRoot == false || mode.isDirectory else {
            throw SourceFailure(reason: "The root is not a directory.")
        }
        self.init(
            parentPath: record.path.parent ?? .root, info: info,
            extendedAttributeNames: Set(record.extendedAttributeNames).sorted { $0.lexicographicallyPrecedes($1) })
        if mode.isSymbolicLink {
            guard let target = record.symbolicLinkTarget, !target.isEmpty else {
                throw SourceFailure(reason: "The symbolic link has no target.")
            }
            symbolicLinkTarget = target
        }
        if !mode.isDirectory && !mode.isRegular { contentType = Entry.notRegularContentType }
    }

    mutating func take(_ content: StoredContent) {
        info.size = Int64(clamping: content.size)
        object = content.object
        contentType = content.contentType
        entropy = content.entropy
        chunkCount = content.chunkCount
    }

    /// A directory that nobody gave but that something lies in (format, section 9.3).
    static func invented(_ path: BytePath) -> Entry {
        Entry(
            parentPath: path.parent ?? .root,
            info: FileInfo(
                name: path.name, size: 0, mode: .directory(permissions: 0o750), modificationTime: .epoch, linkCount: 0))
    }
}
