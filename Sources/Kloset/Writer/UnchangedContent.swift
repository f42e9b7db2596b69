import ConnectorKit
import KlosetFormat

/// Finds in the parent snapshot the content of files that have not changed since.
actor UnchangedContent {
    nonisolated let parent: Snapshot
    /// The directory that was asked for last: sources come directory by directory, most of them in order.
    private var walk: Walk?
    /// One after the other walks; several at once would stray from it and have to look up each file for itself.
    private var isWalking = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    /// The whole listing of a directory whose files come in no order.
    private var listing: [[UInt8]: Entry] = [:]
    private var listed: BytePath?
    /// Beyond so many children each is looked up for itself.
    private static let listingLimit = 20_000
    private let sink: BlobSink
    /// Chunks have to be looked for when packfiles were retired: an object may then live on without them.
    private let checksChunks: Bool

    /// - Returns: nil when there is no parent, or it is a snapshot of something else.
    init?(_ parent: Snapshot?, _ identity: ConnectorIdentity, _ sink: BlobSink) {
        guard let parent, parent.identity.type == identity.type, parent.identity.origin == identity.origin,
            parent.root == identity.root
        else { return nil }
        self.parent = parent
        self.sink = sink
        checksChunks = sink.aggregate.hasRetiredPackfiles
    }

    /// The contents of files whose metadata are those that the parent has, when all of it is in the store.
    ///
    /// - Parameter files: with the size that the importer says; -1 fits any.
    /// - Returns: for each file its content; nil when it has to be read, also when the parent is damaged there.
    func contents(of files: [(entry: Entry, size: Int64)]) async throws -> [StoredContent?] {
        while isWalking { await withCheckedContinuation { waiting.append($0) } }
        isWalking = true
        defer {
            isWalking = false
            waiting.popLast()?.resume()
        }
        var contents: [StoredContent?] = []
        contents.reserveCapacity(files.count)
        for file in files { contents.append(try await content(of: file.entry, size: file.size)) }
        return contents
    }

    private func content(of entry: Entry, size: Int64) async throws -> StoredContent? {
        do {
            guard let known = try await parentEntry(entry.path), known.info.mode.isRegular else { return nil }
            var wanted = entry.info
            wanted.size = size == -1 ? known.info.size : size
            guard wanted == known.info, known.object != .zero, sink.contains(BlobID(.object, known.object)) else {
                return nil
            }
            var content = StoredContent(
                object: known.object, chunkCount: known.chunkCount, entropy: known.entropy,
                contentType: known.contentType, size: UInt64(clamping: known.info.size))
            // Entries of the 1.0 line do not say what their object says.
            if checksChunks || content.contentType.isEmpty || content.chunkCount == 0 {
                let object: Object = try await parent.repository.message(.object, known.object)
                guard !object.chunks.isEmpty, !object.contentType.isEmpty, object.size == content.size,
                    object.chunks.allSatisfy({ sink.contains(BlobID(.chunk, $0.contentMAC)) })
                else { return nil }
                content.contentType = object.contentType
                content.entropy = object.entropy
                content.chunkCount = UInt64(object.chunks.count)
            }
            return content
        } catch is KlosetError {
            return nil
        }
    }

    /// A walk along the listing of one directory, beside the source.
    private struct Walk {
        let directory: BytePath
        private var cursor: DirectoryCursor
        private var head: Entry?
        private var isAtEnd = false
        private var lastName: [UInt8]?
        /// What was passed and not asked for. Several tasks bring the files of a source, and overtake each other by a little.
        private var passed: [[UInt8]: Entry] = [:]
        private static let passedLimit = 2_048

        init(_ parent: Snapshot, _ directory: BytePath) async throws {
            self.directory = directory
            cursor = try await parent.cursor(of: directory)
        }

        /// Whether a name may still be found.
        func reaches(_ name: [UInt8]) -> Bool {
            passed[name] != nil || lastName.map { $0.lexicographicallyPrecedes(name) } ?? true
        }

        mutating func find(_ name: [UInt8]) async throws -> Entry? {
            if let entry = passed.removeValue(forKey: name) { return entry }
            lastName = name
            while true {
                if head == nil, !isAtEnd {
                    head = try await cursor.next()
                    isAtEnd = head == nil
                }
                guard let entry = head, !name.lexicographicallyPrecedes(entry.name) else { return nil }
                head = nil
                if entry.name == name { return entry }
                if passed.count < Self.passedLimit { passed[entry.name] = entry }
            }
        }
    }

    private func parentEntry(_ path: BytePath) async throws -> Entry? {
        guard let directory = path.parent else { return nil }
        if listed != directory {
            var walk: Walk
            if let known = self.walk, known.directory == directory {
                walk = known
            } else {
                self.walk = nil
                walk = try await Walk(parent, directory)
            }
            if walk.reaches(path.name) {
                // The only reference, so that finding copies nothing.
                self.walk = nil
                let entry = try await walk.find(path.name)
                self.walk = walk
                return entry
            }
            try await load(directory)
        }
        guard !listing.isEmpty else { return try await parent.entry(at: path) }
        return listing[path.name]
    }

    private func load(_ directory: BytePath) async throws {
        var entries: [[UInt8]: Entry] = [:]
        do {
            var children = try await parent.listing(of: directory)
            while let child = try await children?.next() {
                entries[child.entry.name] = child.entry
                if entries.count > Self.listingLimit { break }
            }
        } catch is KlosetError {
            entries = [:]
        }
        if entries.count > Self.listingLimit { entries = [:] }
        listing = entries
        listed = directory
    }
}
