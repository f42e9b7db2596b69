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

/// Everything that a snapshot is going to hold, before its trees are built: records in the order they came, to be
/// sorted by path. What is known of one path then lies together, however much there is of all.
struct SnapshotContents: Sendable {
    /// What a record says of its path.
    enum Fact: Sendable {
        /// Something lies in it, or it is the root: it has to be a directory.
        case isDirectory
        /// The directory that the backup is of: it has to exist.
        case isSource
        case entry(EntryFacts, ArraySlice<UInt8>)
        case attribute(StoredAttribute)
        case failure(ArraySlice<UInt8>)
    }

    private var sorter: RecordSorter
    private var lastParent: BytePath?
    private var payload: [UInt8] = []

    init(_ space: SpillSpace) { sorter = RecordSorter(.byDepth, space) }

    /// - Parameters:
    ///   - encoded: the message of the entry.
    ///   - path: where it lies.
    mutating func add(_ entry: Entry, _ encoded: [UInt8], at path: BytePath) throws {
        begin(.entry)
        EntryFacts(entry).append(to: &payload)
        payload.append(contentsOf: encoded)
        try finish(path)
    }

    mutating func add(_ entry: Entry) throws { try add(entry, entry.encoded(), at: entry.path) }

    mutating func add(_ attribute: StoredAttribute) throws {
        begin(.attribute)
        payload.append(attribute.kind.rawValue)
        withUnsafeBytes(of: attribute.size) { payload.append(contentsOf: $0) }
        attribute.object.append(to: &payload)
        payload.append(contentsOf: attribute.name)
        try finish(attribute.path)
    }

    /// The last error of a path is the one that stays.
    mutating func fail(_ path: BytePath, _ reason: String) throws {
        begin(.failure)
        payload.append(contentsOf: reason.utf8)
        try finish(path)
    }

    mutating func fail(_ record: Record, _ reason: String) throws {
        if case .extendedAttribute(let name, _) = record.kind {
            try fail(record.path, "extended attribute \(printable(name)): \(reason)")
        } else {
            try fail(record.path, reason)
        }
    }

    /// Everything, by depth and then bytewise (format, section 9.4): the children of a directory are neighbours.
    ///
    /// - Parameter source: the directory that the backup is of.
    consuming func sorted(source: BytePath) throws -> SortedRecords {
        begin(.isSource)
        try finish(source)
        try want(.root)
        return try sorter.sorted()
    }

    // MARK: Records

    private enum Kind: UInt8 {
        case isDirectory
        case isSource
        case entry
        case attribute
        case failure
    }

    private mutating func begin(_ kind: Kind) {
        payload.removeAll(keepingCapacity: true)
        payload.append(kind.rawValue)
    }

    private mutating func finish(_ path: BytePath) throws {
        try sorter.append(path.bytes, payload)
        try noteParents(of: path)
    }

    /// Whatever lies above a path has to be there as a directory, up to the root.
    private mutating func noteParents(of path: BytePath) throws {
        guard let parent = path.parent, parent != lastParent else { return }
        let known = lastParent
        lastParent = parent
        var next: BytePath? = parent
        while let directory = next, !directory.isRoot, known?.isWithin(directory) != true {
            try want(directory)
            next = directory.parent
        }
    }

    private mutating func want(_ directory: BytePath) throws {
        begin(.isDirectory)
        try sorter.append(directory.bytes, payload)
    }

    /// Reads a record again.
    static func fact(_ record: SpillRecord, of path: BytePath) throws -> Fact {
        let body = record.payload.dropFirst()
        switch record.payload.first.flatMap(Kind.init) {
        case .isDirectory: return .isDirectory
        case .isSource: return .isSource
        case .entry:
            if let (facts, entry) = EntryFacts.read(body) { return .entry(facts, entry) }
        case .attribute:
            let fixed = 1 + 8 + 32
            if let kind = body.first.flatMap(Record.AttributeKind.init), body.count >= fixed,
                let object = MAC(body.dropFirst(9).prefix(32))
            {
                let size = body.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 1, as: UInt64.self) }
                return .attribute(
                    StoredAttribute(
                        path: path, name: Array(body.dropFirst(fixed)), kind: kind, size: size, object: object))
            }
        case .failure: return .failure(body)
        case nil: break
        }
        throw KlosetError(.corrupt, "A temporary file does not hold what was written to it.")
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
        let names = record.extendedAttributeNames
        self.init(
            parentPath: record.path.parent ?? .root, info: info,
            extendedAttributeNames: names.isEmpty
                ? [] : Set(names).sorted { $0.lexicographicallyPrecedes($1) })
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
