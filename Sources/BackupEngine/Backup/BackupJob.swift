package import ConnectorKit
internal import Foundation
package import Kloset
internal import KlosetFormat
internal import Synchronization

/// Makes one snapshot of one source.
package struct BackupJob: Sendable {
    package let repository: Repository
    package let importer: any Importer
    package let options: BackupOptions

    package init(repository: Repository, importer: any Importer, options: BackupOptions = BackupOptions()) {
        self.repository = repository
        self.importer = importer
        self.options = options
    }

    /// Reads the source and commits the snapshot. A snapshot from which something is missing carries the tag
    /// ``SnapshotDescription/incompleteTag``, and the summary tells what.
    ///
    /// - Throws: when there is no snapshot: the source or the store failed as a whole, or the task was cancelled.
    ///   The store is then as it was before.
    package func run(_ report: @escaping JobReport) async throws -> BackupSummary {
        let start = ContinuousClock.now
        let parent = try await parent(report)
        let writer = try await repository.writer(description, parent: parent)
        report(.started(snapshot: writer.identifier))
        if let parent { report(.expected(records: parent.header.entryCount)) }
        let progress = BackupProgress()
        do {
            if let parent, let header = try await repeated(parent, in: writer, progress, report) {
                return BackupSummary(
                    header: header, counts: BackupSummary.Counts(unchanged: header), failures: JobFailures(), gaps: [],
                    bytesStored: await writer.statistics.bytesStored, hasParent: true, duration: .now - start)
            }
            try await read(parent: parent, into: writer, progress, report)
            try Task.checkCancellation()
            let state = progress.state
            guard state.records > 0 else {
                throw ConnectorError(
                    .notFound,
                    "The source \(importer.identity.origin):\(importer.identity.root) has nothing to back up.")
            }
            let header = try await writer.commit(incomplete: state.gapsInWords)
            return BackupSummary(
                header: header, counts: state.counts, failures: state.failures, gaps: state.gaps,
                bytesStored: await writer.statistics.bytesStored, hasParent: parent != nil, duration: .now - start)
        } catch {
            await writer.abort()
            throw error
        }
    }

    /// The snapshot of a source that says of itself that it is as it was; nil when it does not, or that is not enough.
    private func repeated(
        _ parent: Snapshot, in writer: SnapshotWriter, _ progress: BackupProgress, _ report: @escaping JobReport
    ) async throws -> SnapshotHeader? {
        guard let importer = importer as? any ComparingImporter else { return nil }
        let filter = SourceFilter(options, root: importer.identity.root)
        guard try await importer.isAsBefore(context(parent: parent, filter, progress, report)),
            progress.state.gaps.isEmpty
        else { return nil }
        try Task.checkCancellation()
        return try await writer.commitParentAgain()
    }

    private func read(
        parent: Snapshot?, into writer: SnapshotWriter, _ progress: BackupProgress, _ report: @escaping JobReport
    ) async throws {
        do {
            let filter = SourceFilter(options, root: importer.identity.root)
            let context = context(parent: parent, filter, progress, report)
            let queue = RecordQueue()
            let order = EntryOrder(report)
            defer { order.finish() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<taskCount {
                    group.addTask { try await store(queue, in: writer, progress, order) }
                }
                // What ended the storing says more than that nothing can be sent any more, and is what is sent back.
                do {
                    try await withTaskCancellationHandler {
                        try await importer.importRecords(context) { record in
                            try Task.checkCancellation()
                            guard let record = filter.admit(record) else { return }
                            try await queue.send(record)
                        }
                    } onCancel: {
                        queue.fail(CancellationError())
                    }
                } catch {
                    // What was sent before is kept, for those who want a part rather than nothing.
                    queue.finish()
                    try await group.waitForAll()
                    throw error
                }
                queue.finish()
                try await group.waitForAll()
            }
        } catch let error where options.keepsPartial && !(error is CancellationError) && !Task.isCancelled {
            guard progress.state.records > 0 else { throw error }
            let gap = "The source could not be read to its end: \(error)"
            progress.addGap(gap)
            report(.incomplete(gap))
        }
    }

    /// Files of this machine keep a processor busy each: more tasks than processors only wake each other up. Whatever is
    /// fetched from elsewhere is mostly waited for.
    private var taskCount: Int {
        let limit = max(1, options.concurrency)
        guard importer.identity.flags.contains(.localFileSystem) else { return limit }
        return min(limit, max(1, ProcessInfo.processInfo.activeProcessorCount))
    }

    /// Reads and stores what comes, until nothing more does.
    private func store(
        _ queue: RecordQueue, in writer: SnapshotWriter, _ progress: BackupProgress, _ order: EntryOrder
    ) async throws {
        do {
            while let (number, records) = try await queue.next() {
                try Task.checkCancellation()
                let outcomes = try await writer.add(records) { try await importer.open($0) }
                for (place, (record, outcome)) in zip(records, outcomes).enumerated() {
                    let entry = record.jobEntry(JobEntry.Outcome(outcome))
                    progress.add(entry)
                    order.add(entry, number: number + place)
                }
            }
        } catch {
            queue.fail(error)
            throw error
        }
    }

    func context(
        parent: Snapshot?, _ filter: SourceFilter, _ progress: BackupProgress, _ report: @escaping JobReport
    ) -> ConnectorContext {
        var context = ConnectorContext(previous: parent, concurrency: options.concurrency) { event in
            switch event {
            case .expected(let records): report(.expected(records: records))
            case .note(let text): report(.note(text))
            case .warning(let text): report(.warning(text))
            case .incomplete(let text):
                progress.addGap(text)
                report(.incomplete(text))
            }
        }
        context.excludes = { path, isDirectory in filter.excludes(path, isDirectory: isDirectory) }
        context.hasExclusions = !options.ignored.isEmpty
        return context
    }

    /// The newest snapshot of the same source, whatever its name and tags.
    func parent(_ report: JobReport) async throws -> Snapshot? {
        let listing = try await repository.snapshots()
        for header in listing.headers where header.isOf(importer.identity) {
            do {
                return try await repository.snapshot(header.identifier)
            } catch let error as KlosetError where error.code == .corrupt {
                report(
                    .warning("Snapshot \(header.identifier.shortHex) is damaged and not built upon: \(error.reason)"))
            }
        }
        return nil
    }

    private var description: SnapshotDescription {
        var description = SnapshotDescription(
            identity: importer.identity, name: options.name, tags: options.tags, context: options.context,
            start: options.start)
        description.category = options.category
        description.environment = options.environment
        description.perimeter = options.perimeter
        description.job = options.job
        description.dataset = options.dataset
        return description
    }
}

extension JobEntry.Outcome {
    fileprivate init(_ outcome: AddOutcome) {
        switch outcome {
        case .stored(let size): self = .done(bytes: size)
        case .unchanged: self = .unchanged
        case .failed(let reason): self = .failed(reason: reason)
        }
    }
}
