import ConnectorKit
import KlosetFormat

/// Builds and stores everything between the contents and the header of a snapshot: entries, listings, summaries and
/// the six trees (format, sections 9.3 to 9.10).
///
/// Whatever grows with the number of files passes through sorters and runs, so that memory does not.
struct SnapshotTrees {
    struct Roots {
        let roots: SnapshotHeader.Roots
        let indexes: [SnapshotHeader.Index]
        /// That of `/`.
        let summary: Summary
    }

    private let sink: BlobSink
    private let space: SpillSpace
    private let source: BytePath
    private let contents: SnapshotContents
    private var listings: DirectoryListings
    /// Paths with the identifiers of their entries, in the order of the tree.
    private var entries: RecordWriter
    private var attributes: RecordSorter
    private var errors: RecordSorter
    private var types: RecordSorter

    init(_ writer: isolated SnapshotWriter) {
        sink = writer.sink
        space = writer.space
        source = writer.description.identity.root
        contents = writer.takeContents()
        listings = DirectoryListings(sink, writer.storer, space)
        entries = RecordWriter(space)
        attributes = RecordSorter(.byDepthDescending, space)
        errors = RecordSorter(.bytewiseDescending, space)
        types = RecordSorter(.bytewiseDescending, space)
    }

    consuming func build() async throws -> Roots {
        try await takePaths()
        let directories = try await listings.finish()
        let indexes = try await storeDirectories(directories.directories)
        return Roots(
            roots: SnapshotHeader.Roots(
                entries: try await storeEntries(), attributes: try await storeAttributes(),
                errors: try await storeErrors()),
            indexes: [
                SnapshotHeader.Index(name: SnapshotHeader.Index.contentType, value: try await storeTypes()),
                SnapshotHeader.Index(name: SnapshotHeader.Index.dirpack, value: indexes.listings),
                SnapshotHeader.Index(name: SnapshotHeader.Index.summary, value: indexes.summaries),
            ],
            summary: directories.rootSummary)
    }

    // MARK: Paths

    /// One pass over all paths in the order of the tree: stores the entries and collects what the trees need.
    private mutating func takePaths() async throws {
        var groups = PathGroups(try contents.sorted(source: source))
        var batch = BlobBatch(sink)
        var (key, value): ([UInt8], [UInt8]) = ([], [])
        while let item = try groups.next() {
            try Task.checkCancellation()
            var identifier = MAC.zero
            if let (facts, bytes) = item.entry {
                identifier = sink.keys.mac(bytes)
                try await batch.add(BlobID(.entry, identifier), bytes)
                value.removeAll(keepingCapacity: true)
                identifier.append(to: &value)
                try entries.append(item.path.bytes, value)
                if !facts.mode.isDirectory {
                    key.removeAll(keepingCapacity: true)
                    key.append(UInt8(ascii: "/"))
                    key += facts.indexedType
                    key += item.path.bytes
                    try types.append(key, value)
                }
                for attribute in item.attributes { try take(attribute) }
            }
            if let failure = item.failure {
                let message = ErrorItem(path: item.path, message: failure).encoded()
                try errors.append(item.path.bytes, try await sink.store(.error, message).bytes)
            }
            try await listings.add(item, identifier: identifier)
        }
        try await batch.finish()
    }

    private mutating func take(_ attribute: StoredAttribute) throws {
        let key = TreeKey.extendedAttribute(path: attribute.path, name: attribute.name, kind: attribute.kind)
        let message = ExtendedAttribute(
            path: attribute.path, name: attribute.name, size: Int64(clamping: attribute.size), kind: attribute.kind,
            object: attribute.object)
        try attributes.append(key, message.encoded())
    }

    // MARK: Trees

    private mutating func storeEntries() async throws -> MAC {
        var tree = TreeStorer(sink, order: .byDepth, root: .entryRoot, node: .entryNode)
        var reader = try entries.finish().makeReader(backwards: true)
        while let record = try reader.next() { try await tree.add(Array(record.key), try value(record)) }
        return try await tree.finish()
    }

    /// Keys in the order of the engine's writer, although its reader searches in another (format, trap 34).
    private func storeAttributes() async throws -> MAC {
        var tree = TreeStorer(sink, order: .byDepth, root: .attributeRoot, node: .attributeNode)
        var records = try attributes.sorted()
        var next = try records.next()
        while let record = next {
            next = try records.next()
            // Path and name together may spell the same key twice; one of them has to do.
            if let next, next.hasSameKey(as: record) { continue }
            try await tree.add(Array(record.key), try await sink.store(.attribute, Array(record.payload)))
        }
        return try await tree.finish()
    }

    private func storeErrors() async throws -> MAC {
        var tree = TreeStorer(sink, order: .bytewise, root: .errorRoot, node: .errorNode)
        var records = try errors.sorted()
        while let record = try records.next() { try await tree.add(Array(record.key), try value(record)) }
        return try await tree.finish()
    }

    /// One key for each entry that is no directory: its type, then its path.
    private func storeTypes() async throws -> MAC {
        var tree = TreeStorer(sink, order: .bytewise, root: .indexRoot, node: .indexNode)
        var records = try types.sorted()
        while let record = try records.next() { try await tree.add(Array(record.key), try value(record)) }
        return try await tree.finish()
    }

    private func storeDirectories(_ directories: SortedRecords) async throws -> (listings: MAC, summaries: MAC) {
        var listings = TreeStorer(sink, order: .bytewise, root: .indexRoot, node: .indexNode)
        var summaries = TreeStorer(sink, order: .bytewise, root: .indexRoot, node: .indexNode)
        var directories = directories
        while let record = try directories.next() {
            let path = Array(record.key)
            try await listings.add(path, try value(record))
            try await summaries.add(path, try value(record, at: 32))
        }
        return (try await listings.finish(), try await summaries.finish())
    }

    private func value(_ record: SpillRecord, at offset: Int = 0) throws -> MAC {
        guard let mac = MAC(record.payload.dropFirst(offset).prefix(32)) else {
            throw KlosetError(.corrupt, "A temporary file does not hold what was written to it.")
        }
        return mac
    }
}

/// Stores blobs that are there only once, several at a time.
private struct BlobBatch {
    private let sink: BlobSink
    private var blobs: [(BlobID, [UInt8])] = []
    private var running: [Task<Void, any Error>] = []

    /// Blobs that go together.
    private static let size = 256
    private static let parallelism = 3

    init(_ sink: BlobSink) { self.sink = sink }

    mutating func add(_ id: BlobID, _ plaintext: [UInt8]) async throws {
        guard !sink.aggregate.contains(id) else { return }
        blobs.append((id, plaintext))
        if blobs.count == Self.size { try await start() }
    }

    mutating func finish() async throws {
        try await start()
        while !running.isEmpty { try await running.removeFirst().value }
    }

    private mutating func start() async throws {
        if running.count == Self.parallelism { try await running.removeFirst().value }
        let (sink, blobs) = (sink, blobs)
        self.blobs = []
        running.append(Task { for (id, plaintext) in blobs { try await sink.store(id, plaintext, isUnique: true) } })
    }
}
