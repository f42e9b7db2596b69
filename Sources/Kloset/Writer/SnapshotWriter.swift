public import ConnectorKit
public import KlosetFormat

/// Makes one snapshot: takes records in any order, from several tasks at once if they like, and publishes the
/// snapshot as a whole with ``commit(incomplete:)``. Until then nobody sees it, and a writer that fails, is
/// cancelled or killed leaves nothing but packfiles that no state lists, which a later maintenance removes.
public actor SnapshotWriter {
    public nonisolated let identifier: MAC
    let repository: Repository
    let description: SnapshotDescription
    /// What the snapshot says of when it was made; it may have been given.
    let start: Timestamp
    private let began: Timestamp
    let lock: RepositoryLock
    let sink: BlobSink
    let storer: ContentStorer
    private let unchanged: UnchangedContent?

    /// Where what memory should not hold is kept.
    let space: SpillSpace
    var contents: SnapshotContents
    private var numbers = WriterStatistics()
    private var phase = Phase.open
    private var addsUnderWay = 0

    private enum Phase: Equatable {
        case open
        /// States are being written; what they name must stay, whatever happens.
        case publishing
        case finished
        /// The store failed, or a task was cancelled in the middle: what others relied on may be missing.
        case broken
    }

    /// - Parameter identifier: random for a new snapshot; that of the original for a copy in another store.
    init(
        _ repository: Repository, _ description: SnapshotDescription, parent: Snapshot?, identifier: MAC = .random()
    ) async throws {
        guard try await repository.store.mode.contains(.writable) else {
            throw ConnectorError(.unsupported, "\(repository.store.location) cannot be written to.")
        }
        let lock = try await RepositoryLock.acquire(repository, identifier, isExclusive: false)
        do {
            // Under the lock: what is there now stays.
            try await repository.refresh()
            space = SpillSpace(folder: SpillSpace.defaultFolder, isEncrypted: repository.isEncrypted)
            contents = SnapshotContents(space)
            sink = BlobSink(repository, repository.aggregate, lock.packfileNames, space)
            storer = try ContentStorer(sink, repository.configuration.chunking)
            unchanged = UnchangedContent(parent, description.identity, sink)
        } catch {
            try? await lock.release()
            throw error
        }
        self.repository = repository
        self.description = description
        self.identifier = identifier
        self.lock = lock
        began = repository.clock()
        start = description.start ?? began
    }

    /// Takes one record and, when it has content, reads and stores that.
    ///
    /// - Parameter open: opens the content of a record with `.onDemand`; not called when the parent has the same
    ///   file. The reader is closed here.
    /// - Throws: when the snapshot as a whole cannot be made any more: the store failed, or the task is cancelled.
    ///   A file that cannot be read is an outcome, not an error.
    public nonisolated func add(
        _ record: Record, open: @Sendable () async throws -> any ContentReader
    ) async throws -> AddOutcome {
        try await add([record]) { _ in try await open() }[0]
    }

    /// Takes several records, one after the other: for small ones that costs less than taking each for itself.
    ///
    /// - Returns: what came of each, in the same order. See ``add(_:open:)-(Record,_)``.
    public nonisolated func add(
        _ records: [Record], open: @Sendable (Record) async throws -> any ContentReader
    ) async throws -> [AddOutcome] {
        try await begin()
        do {
            let results = try await take(records, open)
            return try await keep(results)
        } catch {
            await giveUp()
            throw error
        }
    }

    private func begin() throws {
        guard phase == .open else {
            throw KlosetError(.invalidArgument, "The snapshot is finished or was given up.")
        }
        addsUnderWay += 1
    }

    private func giveUp() {
        addsUnderWay -= 1
        phase = .broken
    }

    /// What is to be noted of a record once its content is in the store.
    private enum Taken: Sendable {
        /// With its encoded form, made where it holds up nobody.
        case entry(Entry, encoded: [UInt8], at: BytePath, AddOutcome)
        case attribute(StoredAttribute)
        case failed(Record, reason: String)
    }

    private func keep(_ results: [Taken]) throws -> [AddOutcome] {
        let outcomes = try results.map { result in
            switch result {
            case .entry(let entry, let encoded, let path, let outcome):
                try contents.add(entry, encoded, at: path)
                count(outcome, isEntry: true)
                return outcome
            case .attribute(let attribute):
                try contents.add(attribute)
                numbers.bytesRead += attribute.size
                return .stored(size: attribute.size)
            case .failed(let record, let reason):
                try contents.fail(record, reason)
                numbers.failed += 1
                return AddOutcome.failed(reason: reason)
            }
        }
        addsUnderWay -= 1
        return outcomes
    }

    public var statistics: WriterStatistics {
        var result = numbers
        (result.newBlobs, result.bytesStored) = sink.statistics
        return result
    }

    /// Publishes the snapshot and gives the lock back.
    ///
    /// - Parameter incomplete: why the snapshot lacks something that its source has; it then carries the tag
    ///   ``SnapshotDescription/incompleteTag`` and the reason in its context.
    /// - Throws: when the snapshot could not be published; then there is none.
    public func commit(incomplete: String? = nil) async throws -> SnapshotHeader {
        try await commit { header($0, incomplete) }
    }

    /// Publishes a snapshot that holds exactly what the parent does, without a look at any of it: its trees are those of
    /// the parent, only its header is new. What they refer to is there, and stays as long as one of the two does.
    ///
    /// - Returns: nil when that is not certain: there is no parent, it lacks something, or parts of the store were
    ///   retired since it was first written. Records may then be added as usual.
    public func commitParentAgain() async throws -> SnapshotHeader? {
        guard phase == .open, addsUnderWay == 0, numbers == WriterStatistics(), let parent = unchanged?.parent,
            isWhole(parent)
        else { return nil }
        phase = .broken
        let source = parent.source
        return try await publish(
            header(SnapshotTrees.Roots(roots: source.root, indexes: source.indexes, summary: source.summary), nil))
    }

    private func isWhole(_ parent: Snapshot) -> Bool {
        let header = parent.header
        let store = sink.aggregate
        guard header.sources.count == 1, parent.source.summary.below.counts.errors == 0,
            !header.tags.contains(ByteString(SnapshotDescription.incompleteTag)),
            !store.isDeleted(snapshot: header.identifier), !store.hasRetiredPackfiles
        else { return false }
        let (roots, indexes) = (parent.source.root, parent.source.indexes)
        let names = [SnapshotHeader.Index.contentType, SnapshotHeader.Index.dirpack, SnapshotHeader.Index.summary]
        let trees =
            [
                BlobID(.snapshot, header.identifier), BlobID(.entryRoot, roots.entries),
                BlobID(.attributeRoot, roots.attributes), BlobID(.errorRoot, roots.errors),
            ] + indexes.map { BlobID(.indexRoot, $0.value) }
        return indexes.map(\.name) == names && trees.allSatisfy(store.contains)
    }

    /// - Parameter makeHeader: the header of the snapshot, given where its trees begin.
    func commit(_ makeHeader: (SnapshotTrees.Roots) -> SnapshotHeader) async throws -> SnapshotHeader {
        guard phase == .open, addsUnderWay == 0 else {
            throw KlosetError(.invalidArgument, "The snapshot is finished, was given up, or is still being added to.")
        }
        phase = .broken
        let trees = try await SnapshotTrees(self).build()
        return try await publish(makeHeader(trees))
    }

    private func publish(_ header: SnapshotHeader) async throws -> SnapshotHeader {
        try await sink.store(BlobID(.snapshot, identifier), header.encoded())
        try Task.checkCancellation()
        let written = try await sink.finish()
        try await lock.checkHeld()
        phase = .publishing
        try await repository.publish(written, of: identifier, after: sink.aggregate)
        phase = .finished
        // The snapshot is there; a lock that stays behind for its ten minutes does not undo that.
        try? await lock.release()
        return header
    }

    /// Gives up: no snapshot appears, and the lock is given back. Does nothing after ``commit(incomplete:)``.
    public func abort() async {
        guard phase != .finished else { return }
        let mayRemove = phase != .publishing && addsUnderWay == 0
        phase = .finished
        if mayRemove { await sink.abandon() }
        try? await lock.release()
    }

    /// For the trees, which use it up.
    func takeContents() -> SnapshotContents {
        let result = contents
        contents = SnapshotContents(space)
        return result
    }

    // MARK: Records

    private nonisolated func take(
        _ records: [Record], _ open: @Sendable (Record) async throws -> any ContentReader
    ) async throws -> [Taken] {
        let prepared = records.map(Self.prepare)
        let known = try await unchangedContents(of: prepared, records)
        var results: [Taken] = []
        results.reserveCapacity(records.count)
        // Outside of the actor, so that several files are at it at once.
        for (place, record) in records.enumerated() {
            try Task.checkCancellation()
            if let content = known[place], case .success(var entry?) = prepared[place] {
                entry.take(content)
                results.append(.entry(entry, encoded: entry.encoded(), at: record.path, .unchanged(size: content.size)))
                continue
            }
            do {
                results.append(try await take(record, prepared[place].get(), open))
            } catch let failure as SourceFailure {
                results.append(.failed(record, reason: failure.reason))
            }
        }
        return results
    }

    /// The entry of a record; nil for that of an attribute.
    private static func prepare(_ record: Record) -> Result<Entry?, SourceFailure> {
        if let error = record.error { return .failure(SourceFailure(reason: error)) }
        if case .extendedAttribute(let name, _) = record.kind {
            return name.isEmpty ? .failure(SourceFailure(reason: "An extended attribute has no name.")) : .success(nil)
        }
        guard let info = record.info else { return .failure(SourceFailure(reason: "There is no metadata.")) }
        return Result { () throws(SourceFailure) in try Entry(record, info) }
    }

    /// For each record what the parent has of it, when that is all there is to it.
    private nonisolated func unchangedContents(
        of prepared: [Result<Entry?, SourceFailure>], _ records: [Record]
    ) async throws -> [Int: StoredContent] {
        guard let unchanged else { return [:] }
        var places: [Int] = []
        var files: [(entry: Entry, size: Int64)] = []
        for (place, record) in records.enumerated() {
            guard case .onDemand = record.content, let info = record.info, info.mode.isRegular,
                case .success(let entry?) = prepared[place]
            else { continue }
            places.append(place)
            files.append((entry, info.size))
        }
        guard !files.isEmpty else { return [:] }
        var known: [Int: StoredContent] = [:]
        for (place, content) in zip(places, try await unchanged.contents(of: files)) { known[place] = content }
        return known
    }

    private nonisolated func take(
        _ record: Record, _ entry: Entry?, _ open: @Sendable (Record) async throws -> any ContentReader
    ) async throws -> Taken {
        if case .extendedAttribute(let name, let kind) = record.kind {
            let content = try await read(record, open)
            return .attribute(
                StoredAttribute(path: record.path, name: name, kind: kind, size: content.size, object: content.object))
        }
        guard var entry else { throw SourceFailure(reason: "There is no metadata.") }
        guard record.info?.mode.isRegular == true else {
            return .entry(entry, encoded: entry.encoded(), at: record.path, .stored(size: 0))
        }
        let content = try await read(record, open)
        entry.take(content)
        return .entry(entry, encoded: entry.encoded(), at: record.path, .stored(size: content.size))
    }

    private nonisolated func read(
        _ record: Record, _ open: @Sendable (Record) async throws -> any ContentReader
    ) async throws -> StoredContent {
        switch record.content {
        case .none where (record.info?.size ?? 0) > 0:
            throw SourceFailure(reason: "There is no content although the size is not 0.")
        case .none:
            return try await storer.store([])
        case .inline(let bytes):
            return try await storer.store(bytes)
        case .onDemand:
            let reader: any ContentReader
            do {
                reader = try await open(record)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                try Task.checkCancellation()
                throw SourceFailure(reason: "\(error)")
            }
            do {
                let content = try await storer.store(reader)
                await reader.close()
                return content
            } catch {
                await reader.close()
                throw error
            }
        }
    }

    private func count(_ outcome: AddOutcome, isEntry: Bool) {
        switch outcome {
        case .stored(let size):
            if isEntry { numbers.entries += 1 }
            numbers.bytesRead += size
        case .unchanged:
            numbers.entries += 1
            numbers.unchanged += 1
        case .failed:
            numbers.failed += 1
        }
    }

    // MARK: Publishing

    private func header(_ trees: SnapshotTrees.Roots, _ incomplete: String?) -> SnapshotHeader {
        let identity = description.identity
        var tags = description.tags.map { ByteString($0) }
        var context = description.context.map { SnapshotHeader.KeyValue(ByteString($0.key), ByteString($0.value)) }
        if let incomplete {
            let tag = ByteString(SnapshotDescription.incompleteTag)
            if !tags.contains(tag) { tags.append(tag) }
            context.append(SnapshotHeader.KeyValue("Incomplete", ByteString(incomplete)))
        }
        let importer = SnapshotHeader.Importer(
            type: ByteString(identity.type), origin: ByteString(identity.origin),
            directory: ByteString(identity.root.bytes))
        let now = repository.clock()
        return SnapshotHeader(
            identifier: identifier, timestamp: start,
            duration: max(0, now.nanosecondsSince1970 - began.nanosecondsSince1970),
            name: ByteString(description.name), category: ByteString(description.category),
            environment: ByteString(description.environment), perimeter: ByteString(description.perimeter),
            job: ByteString(description.job), dataset: ByteString(description.dataset), tags: tags, context: context,
            sources: [
                SnapshotHeader.Source(
                    importer: importer, root: trees.roots, indexes: trees.indexes, summary: trees.summary)
            ])
    }
}

extension Repository {
    /// Begins a snapshot. Takes a shared lock, which stays until the writer commits or aborts.
    ///
    /// - Parameter parent: an earlier snapshot of the same source; files that it has with equal metadata are not
    ///   read again. nil reads everything, and so does a snapshot of another source.
    /// - Throws: ``KlosetError/Code/locked`` when another process has the store for itself; `ConnectorError` with
    ///   `unsupported` when the store is read-only.
    public func writer(_ description: SnapshotDescription, parent: Snapshot?) async throws -> SnapshotWriter {
        try await SnapshotWriter(self, description, parent: parent)
    }
}
