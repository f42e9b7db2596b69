package import ConnectorKit
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
        let progress = Progress()
        do {
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

    /// Lists what the source has, without reading contents and without touching the store.
    package func rehearse(_ report: @escaping JobReport) async throws -> BackupSummary.Counts {
        let progress = Progress()
        let context = context(parent: try await parent(report), progress, report)
        try await importer.importRecords(context) { record in
            try Task.checkCancellation()
            let entry = record.jobEntry(
                record.error.map { .failed(reason: $0) } ?? .done(bytes: UInt64(clamping: record.info?.size ?? 0)))
            progress.add(entry)
            report(.entry(entry))
        }
        return progress.state.counts
    }

    private func read(
        parent: Snapshot?, into writer: SnapshotWriter, _ progress: Progress, _ report: @escaping JobReport
    ) async throws {
        do {
            try await importer.importRecords(context(parent: parent, progress, report)) { record in
                try Task.checkCancellation()
                let outcome = try await writer.add(record) { try await importer.open(record) }
                let entry = record.jobEntry(JobEntry.Outcome(outcome))
                progress.add(entry)
                report(.entry(entry))
            }
        } catch let error where options.keepsPartial && !(error is CancellationError) && !Task.isCancelled {
            guard progress.state.records > 0 else { throw error }
            let gap = "The source could not be read to its end: \(error)"
            progress.addGap(gap)
            report(.incomplete(gap))
        }
    }

    private func context(
        parent: Snapshot?, _ progress: Progress, _ report: @escaping JobReport
    ) -> ConnectorContext {
        ConnectorContext(previous: parent, concurrency: options.concurrency) { event in
            switch event {
            case .expected(let records): report(.expected(records: records))
            case .note(let text): report(.note(text))
            case .warning(let text): report(.warning(text))
            case .incomplete(let text):
                progress.addGap(text)
                report(.incomplete(text))
            }
        }
    }

    /// The newest snapshot of the same source, whatever its name and tags.
    private func parent(_ report: JobReport) async throws -> Snapshot? {
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
        SnapshotDescription(
            identity: importer.identity, name: options.name, tags: options.tags, context: options.context)
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

extension Record {
    fileprivate func jobEntry(_ outcome: JobEntry.Outcome) -> JobEntry {
        if case .extendedAttribute = kind { return JobEntry(path: path, kind: .attribute, outcome: outcome) }
        return JobEntry(path: path, kind: JobEntry.Kind(info?.mode), outcome: outcome)
    }
}

/// What has happened so far; records may come from several tasks.
private final class Progress: Sendable {
    struct State: Sendable {
        var counts = BackupSummary.Counts()
        var failures = JobFailures()
        var gaps: [String] = []
        var records = 0

        /// nil for a complete snapshot.
        var gapsInWords: String? {
            guard !gaps.isEmpty || !failures.isEmpty else { return nil }
            return gaps.first ?? "\(failures.count) paths could not be read."
        }
    }

    private let mutex = Mutex(State())

    var state: State { mutex.withLock { $0 } }

    func addGap(_ text: String) { mutex.withLock { $0.gaps.append(text) } }

    func add(_ entry: JobEntry) {
        mutex.withLock { state in
            state.records += 1
            switch entry.outcome {
            case .failed(let reason):
                state.failures.append(entry.path, reason)
                return
            case .unchanged: state.counts.unchanged += 1
            case .done(let bytes): state.counts.bytes += bytes
            }
            switch entry.kind {
            case .file: state.counts.files += 1
            case .directory: state.counts.directories += 1
            default: state.counts.others += 1
            }
        }
    }
}
