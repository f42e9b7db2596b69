import ConnectorKit
import KlosetFormat

/// Makes the listing of every directory while its children pass by in the order of the tree, and counts them; then,
/// from the deepest up, completes the summaries (format, sections 9.6 and 9.7).
///
/// A directory is called by its path with a slash behind: the groups of children come in the order of these keys,
/// which is not that of the paths.
struct DirectoryListings: Sendable {
    private let sink: BlobSink
    private let storer: ContentStorer
    private let space: SpillSpace
    private var directories: RecordSorter
    private var current: Group?
    /// What is known of the directories with children: one run for each depth, in the order of the keys.
    private var counted: [Int: RecordRun] = [:]
    private var writer: (depth: Int, records: RecordWriter)?

    private struct Group: Sendable {
        let key: [UInt8]
        var listing: ContentAssembly
        var summary = Summary()
        var errors: UInt64 = 0
    }

    init(_ sink: BlobSink, _ storer: ContentStorer, _ space: SpillSpace) {
        self.sink = sink
        self.storer = storer
        self.space = space
        directories = RecordSorter(.deepestFirst, space)
    }

    /// Takes the next path of the tree.
    ///
    /// - Parameter identifier: that of the entry.
    mutating func add(_ item: PathFacts, identifier: MAC) async throws {
        let path = item.path
        if !path.isRoot { try await begin(path) }
        if let (facts, bytes) = item.entry {
            let isDirectory = facts.mode.isDirectory
            if isDirectory { try directories.append(Self.key(of: path), []) }
            if !path.isRoot {
                if !isDirectory { current?.summary.count(facts) }
                var frame: [UInt8] = []
                frame.reserveCapacity(bytes.count + 37)
                DirpackFrame(isDirectory: isDirectory, entry: bytes, identifier: identifier).append(to: &frame)
                try await current?.listing.append(frame)
            }
        }
        if item.failure != nil { current?.errors += path.isRoot ? 0 : 1 }
    }

    /// Begins the listing of the directory that holds `path`, unless it is under way.
    private mutating func begin(_ path: BytePath) async throws {
        let slash = path.bytes.lastIndex(of: UInt8(ascii: "/")) ?? 0
        if let current, current.key.count == slash + 1, current.key.elementsEqual(path.bytes[...slash]) { return }
        try await finishGroup()
        current = Group(key: Array(path.bytes[...slash]), listing: storer.assemble(.listing))
    }

    private mutating func finishGroup() async throws {
        guard var group = current else { return }
        current = nil
        let object = try await group.listing.finish().object
        var payload = object.bytes
        withUnsafeBytes(of: group.errors) { payload.append(contentsOf: $0) }
        payload += group.summary.encoded()
        let depth = Self.depth(group.key[...])
        if writer?.depth != depth {
            try finishDepth()
            writer = (depth, RecordWriter(space))
        }
        try writer?.records.append(group.key, payload)
    }

    private mutating func finishDepth() throws {
        if let depth = writer?.depth { counted[depth] = try writer?.records.finish() }
        writer = nil
    }

    // MARK: Summaries

    struct Result: Sendable {
        /// The directories by their paths in descending order, with the identifiers of listing and summary.
        var directories: SortedRecords
        var rootSummary: Summary
    }

    /// Completes and stores the summaries, once all paths were added.
    consuming func finish() async throws -> Result {
        try await finishGroup()
        try finishDepth()
        let empty = try await emptyListing()
        var order = try directories.sorted()
        var index = RecordSorter(.bytewiseDescending, space)
        var rootSummary = Summary()
        var level = Level(depth: 0, counted: nil, below: nil, space)
        while let directory = try order.next() {
            let depth = Self.depth(directory.key)
            if depth != level.depth {
                level = Level(
                    depth: depth, counted: counted[depth]?.makeReader(), below: try level.finish(), space)
            }
            let key = Array(directory.key)
            let (object, summary) = try level.complete(key)
            let bytes = summary.encoded()
            let identifier = try await sink.store(.summary, bytes)
            let path = key.count == 1 ? key : Array(key.dropLast())
            try index.append(path, (object ?? empty).bytes + identifier.bytes)
            if key.count == 1 { rootSummary = summary } else { try level.finished.append(path, bytes) }
        }
        _ = try level.finish()
        return Result(directories: try index.sorted(), rootSummary: rootSummary)
    }

    private func emptyListing() async throws -> MAC {
        var listing = storer.assemble(.listing)
        return try await listing.finish().object
    }

    /// The directories of one depth.
    private struct Level: Sendable {
        let depth: Int
        /// What their children that are no directories came to.
        private var counted: LookaheadReader?
        /// The summaries of the directories one deeper; those of one parent in the order of their names.
        private var below: LookaheadReader?
        /// The summaries of this depth, by path.
        var finished: RecordSorter

        init(depth: Int, counted: RecordReader?, below: SortedRecords?, _ space: SpillSpace) {
            self.depth = depth
            self.counted = counted.map { LookaheadReader($0) }
            self.below = below.map { LookaheadReader($0) }
            finished = RecordSorter(.deepestFirst, space)
        }

        /// - Returns: the listing, nil when there are no children, and the summary.
        mutating func complete(_ key: [UInt8]) throws -> (MAC?, Summary) {
            var object: MAC?
            var summary = Summary()
            var errors: UInt64 = 0
            if let record = try counted?.next(where: { $0.key.elementsEqual(key) }) {
                let payload = Array(record.payload)
                object = MAC(payload, at: 0)
                errors = payload.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 32, as: UInt64.self) }
                summary = try Summary(decoding: Array(payload[40...]))
            }
            while let child = try below?.next(where: { DirectoryListings.isParent(key, of: $0.key) }) {
                summary.merge(child: try Summary(decoding: Array(child.payload)))
            }
            summary.finish(errors: errors)
            return (object, summary)
        }

        /// - Returns: the summaries of this depth.
        consuming func finish() throws -> SortedRecords {
            let isUsedUp = try counted?.next(where: { _ in true }) == nil
            guard isUsedUp, try below?.next(where: { _ in true }) == nil else {
                throw KlosetError(.corrupt, "A directory is missing from the tree that is written.")
            }
            return try finished.sorted()
        }
    }

    private static func key(of path: BytePath) -> [UInt8] {
        path.isRoot ? path.bytes : path.bytes + [UInt8(ascii: "/")]
    }

    private static func depth(_ key: ArraySlice<UInt8>) -> Int { key.count { $0 == UInt8(ascii: "/") } }

    private static func isParent(_ key: [UInt8], of child: ArraySlice<UInt8>) -> Bool {
        child.count > key.count && child.starts(with: key)
    }
}

/// A reader that can be asked for the next record only if it fits.
private struct LookaheadReader: Sendable {
    private var reader: any RecordSource
    private var head: SpillRecord?

    init(_ reader: any RecordSource) { self.reader = reader }

    mutating func next(where condition: (SpillRecord) -> Bool) throws -> SpillRecord? {
        if head == nil { head = try reader.next() }
        guard let record = head, condition(record) else { return nil }
        head = nil
        return record
    }
}
