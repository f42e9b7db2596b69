public import ConnectorKit
public import KlosetFormat

/// One snapshot, to be looked at and read.
public struct Snapshot: Sendable {
    public let header: SnapshotHeader
    let repository: Repository
    let source: SnapshotHeader.Source

    init(_ repository: Repository, _ header: SnapshotHeader) {
        self.repository = repository
        self.header = header
        // `Repository.header` lets no header without a source through.
        source =
            header.sources.first
            ?? SnapshotHeader.Source(
                importer: SnapshotHeader.Importer(type: "", origin: "", directory: "/"),
                root: SnapshotHeader.Roots(entries: .zero, attributes: .zero, errors: .zero), indexes: [],
                summary: Summary())
    }

    public var identifier: MAC { header.identifier }

    /// The directory that was backed up; everything else is the way to it.
    public var root: BytePath { BytePath(cleaning: source.importer.directory.bytes) }

    /// What was backed up.
    public var identity: ConnectorIdentity {
        ConnectorIdentity(type: "\(source.importer.type)", origin: "\(source.importer.origin)", root: root)
    }

    var tree: TreeReader { .entries(repository, source.root.entries) }

    // MARK: One path

    /// The entry of a path; nil when the snapshot has none.
    ///
    /// When the tree is damaged, or names an entry that is damaged or was never stored (which a bug of the Go engine
    /// has caused, format section 9.5), the listing of its directory, which holds the same bytes, is asked instead.
    public func entry(at path: BytePath) async throws -> Entry? {
        let mac: MAC?
        do {
            mac = try await tree.find(path.bytes)
        } catch let error as KlosetError {
            guard source.index(SnapshotHeader.Index.dirpack) != nil,
                let entry = try await entryFromListing(path)
            else { throw error }
            return entry
        }
        guard let mac else { return nil }
        return try await entry(mac, at: path)
    }

    /// The entry that the tree has for a path.
    func entry(_ mac: MAC, at path: BytePath) async throws -> Entry {
        do {
            let entry = try await repository.entry(mac)
            guard entry.path == path else {
                throw KlosetError(.corrupt, "the entry of \(path) says that it is \(entry.path)")
            }
            return entry
        } catch let error as KlosetError {
            guard let entry = try await entryFromListing(path) else { throw error }
            return entry
        }
    }

    /// The entry as the listing of the directory above holds it.
    func entryFromListing(_ path: BytePath) async throws -> Entry? {
        guard let parent = path.parent else { return Self.substituteRoot }
        guard var listing = try await listing(of: parent) else { return nil }
        while let child = try await listing.next() {
            if child.entry.name == path.name { return child.entry }
        }
        return nil
    }

    /// What stands for `/` when its entry is lost: no listing holds it.
    private static let substituteRoot = Entry(
        parentPath: .root,
        info: FileInfo(
            name: BytePath.root.bytes, size: 0, mode: .directory(permissions: 0o750), modificationTime: .epoch))

    // MARK: Directories

    /// No file system has paths that go deeper.
    private static let maximumDepth = 10_000

    /// Calls `body` for an entry and, when it is a directory, for everything below: each directory before what is
    /// in it, the children of a directory in bytewise order. A directory of any size takes little memory.
    ///
    /// - Throws: ``KlosetError/Code/notFound`` when there is no such path; what `body` throws.
    public func walk(
        from path: BytePath = .root, _ body: (BytePath, Entry) async throws -> Void
    ) async throws {
        guard let entry = try await entry(at: path) else {
            throw KlosetError(.notFound, "There is no \(path) in snapshot \(identifier.hex.prefix(8)).")
        }
        try await walk(path, entry, body)
    }

    private func walk(
        _ path: BytePath, _ entry: Entry, _ body: (BytePath, Entry) async throws -> Void
    ) async throws {
        try await body(path, entry)
        guard entry.isDirectory else { return }
        guard path.depth < Self.maximumDepth else {
            throw KlosetError(.limitExceeded, "The snapshot has directories more than \(Self.maximumDepth) deep.")
        }
        var cursor = try await cursor(of: path)
        while let child = try await cursor.next() {
            try Task.checkCancellation()
            try await walk(child.path, child, body)
        }
    }

    /// The stored listing of a directory; nil when the snapshot has no such index or the index no such directory.
    func listing(of path: BytePath) async throws -> DirectoryListing? {
        guard let root = source.index(SnapshotHeader.Index.dirpack),
            let object = try await TreeReader.index(repository, root).find(path.bytes)
        else { return nil }
        return DirectoryListing(
            directory: path, content: ObjectReader(repository, object: object, expectedSize: nil, of: "\(path)"))
    }

    // MARK: Content

    /// Opens the content of a regular file. The reader checks each chunk and at the end the whole: it throws
    /// ``KlosetError`` instead of handing out bytes that are not the ones that were backed up.
    public func reader(for entry: Entry) throws -> any ContentReader {
        guard entry.info.mode.isRegular, entry.object != .zero else {
            throw KlosetError(.invalidArgument, "\(entry.path) has no content.")
        }
        return ObjectReader(
            repository, object: entry.object, expectedSize: UInt64(exactly: entry.info.size), of: "\(entry.path)")
    }

    // MARK: Errors and attributes

    /// The paths that could not be read when the snapshot was made, and why, in bytewise order.
    public func errors() async throws -> [(path: BytePath, reason: String)] {
        var result: [(BytePath, String)] = []
        var cursor = TreeReader.errors(repository, source.root.errors).pairs()
        while let (_, mac) = try await cursor.next() {
            let item: ErrorItem = try await repository.message(.error, mac)
            result.append((item.path, printable(item.message.bytes)))
        }
        return result
    }

    /// The extended attributes of a path, sorted by name.
    public func extendedAttributes(of path: BytePath) async throws -> [SnapshotAttribute] {
        try await extendedAttributes().filter { $0.path == path }
    }

    /// Looks attributes up by their keys, without reading the whole tree.
    ///
    /// - Parameter names: those that the entry of `path` lists.
    /// - Returns: nil when one is not found where it belongs: ``extendedAttributes()`` may still have it.
    public func extendedAttributes(_ names: [[UInt8]], of path: BytePath) async throws -> [SnapshotAttribute]? {
        var result: [SnapshotAttribute] = []
        for name in names {
            guard let attribute = try await extendedAttribute(name, of: path) else { return nil }
            result.append(attribute)
        }
        return result
    }

    private func extendedAttribute(_ name: [UInt8], of path: BytePath) async throws -> SnapshotAttribute? {
        let key = TreeKey.extendedAttribute(path: path, name: name, kind: .extended)
        guard let mac = try await TreeReader.attributes(repository, source.root.attributes).find(key) else {
            return nil
        }
        let attribute: ExtendedAttribute = try await repository.message(.attribute, mac)
        return attribute.path == path && attribute.name == name ? SnapshotAttribute(attribute) : nil
    }

    /// All extended attributes of the snapshot, sorted by path and name. The tree is read as a whole, because the
    /// order of its keys cannot be relied on (format, trap 34).
    public func extendedAttributes() async throws -> [SnapshotAttribute] {
        var result: [SnapshotAttribute] = []
        var cursor = TreeCursor(.attributes(repository, source.root.attributes), anyOrder: true)
        while let (_, mac) = try await cursor.next() {
            let attribute: ExtendedAttribute = try await repository.message(.attribute, mac)
            result.append(SnapshotAttribute(attribute))
        }
        return result.sorted {
            $0.path != $1.path ? $0.path < $1.path : $0.name.lexicographicallyPrecedes($1.name)
        }
    }

    /// Opens the value of an extended attribute.
    public func reader(for attribute: SnapshotAttribute) -> any ContentReader {
        ObjectReader(
            repository, object: attribute.object, expectedSize: UInt64(exactly: attribute.size),
            of: "\(attribute.path) (\(printable(attribute.name)))")
    }
}

/// One extended attribute of a path.
public struct SnapshotAttribute: Hashable, Sendable {
    public var path: BytePath
    public var name: [UInt8]
    /// Bytes of the value.
    public var size: Int64
    /// nil for a kind that this program does not know.
    public var kind: Record.AttributeKind?
    let object: MAC

    init(_ attribute: ExtendedAttribute) {
        path = attribute.path
        name = attribute.name
        size = attribute.size
        kind = Record.AttributeKind(rawValue: attribute.kind)
        object = attribute.object
    }
}

extension Snapshot: SnapshotTree {
    public func content(at path: BytePath, limit: Int) async throws -> [UInt8]? {
        guard let entry = try await entry(at: path), entry.info.mode.isRegular, entry.object != .zero else {
            return nil
        }
        guard entry.info.size <= limit else {
            throw KlosetError(.limitExceeded, "\(path) has \(entry.info.size) bytes, more than \(limit).")
        }
        var content: [UInt8] = []
        let reader = try reader(for: entry)
        do {
            while let piece = try await reader.next() { content += piece }
        } catch {
            await reader.close()
            throw error
        }
        await reader.close()
        return content
    }

    public func names(in directory: BytePath) async throws -> [[UInt8]] {
        try await children(of: directory).map(\.name)
    }

    public func childCount(in directory: BytePath) async throws -> Int {
        guard let root = source.index(SnapshotHeader.Index.summary),
            let mac = try await TreeReader.index(repository, root).find(directory.bytes)
        else { return try await names(in: directory).count }
        let summary: Summary = try await repository.message(.summary, mac)
        return Int(clamping: summary.directory.counts.children)
    }
}
