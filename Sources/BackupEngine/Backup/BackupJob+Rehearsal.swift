package import ConnectorKit
internal import Kloset
internal import Synchronization

/// What a backup would do, compared with the snapshot it would build upon.
package struct RehearsalSummary: Sendable {
    /// The snapshot compared with; nil for a first backup, where everything is new.
    package var parent: MAC?
    package var counts: BackupSummary.Counts
    package var failures: JobFailures
    package var added = 0
    package var changed = 0
    package var removed = 0
    package var unchanged = 0
    /// Bytes of content that would be read.
    package var bytesToRead: UInt64 = 0
}

extension BackupJob {
    /// Lists what the source has, without reading contents and without touching the store, and reports what differs
    /// from the snapshot that a backup would build upon.
    package func rehearse(_ report: @escaping JobReport) async throws -> RehearsalSummary {
        let progress = BackupProgress()
        let parent = try await parent(report)
        let filter = SourceFilter(options, root: importer.identity.root)
        let comparison = RehearsalComparison(parent: parent)
        try await importer.importRecords(context(parent: parent, filter, progress, report)) { record in
            try Task.checkCancellation()
            guard let record = filter.admit(record) else { return }
            let entry = record.jobEntry(
                record.error.map { .failed(reason: $0) } ?? .done(bytes: UInt64(clamping: record.info?.size ?? 0)))
            progress.add(entry)
            if case .failed = entry.outcome { report(.entry(entry)) }
            if let change = try await comparison.compare(record) {
                report(.difference(record.path, change, entry.kind))
            }
        }
        try await comparison.findRemoved { path, kind in
            report(.difference(path, .removed, kind))
        } damaged: { path, error in
            report(.warning("\(path) of the snapshot before cannot be listed: \(error.reason)"))
        }
        var summary = comparison.summary
        summary.counts = progress.state.counts
        summary.failures = progress.state.failures
        return summary
    }
}

/// Remembers what came by, to know in the end what did not.
private final class RehearsalComparison: Sendable {
    private struct State: Sendable {
        var summary: RehearsalSummary
        /// Hashes of the paths that came by: the paths of a million files would take ten times the room.
        var seen: Set<Int> = []
    }

    private let parent: Snapshot?
    private let state: Mutex<State>

    init(parent: Snapshot?) {
        self.parent = parent
        state = Mutex(
            State(
                summary: RehearsalSummary(
                    parent: parent?.header.identifier, counts: BackupSummary.Counts(), failures: JobFailures())))
    }

    var summary: RehearsalSummary { state.withLock { $0.summary } }

    /// - Returns: nil for what is as it was, and for what cannot be compared.
    func compare(_ record: Record) async throws -> SnapshotDiff.Change? {
        if case .extendedAttribute = record.kind { return nil }
        state.withLock { _ = $0.seen.insert(record.path.hashValue) }
        guard let info = record.info, record.error == nil else { return nil }
        let known = try await parent?.entry(at: record.path)
        let change: SnapshotDiff.Change? =
            if let known { Self.isSame(known.info, info) ? nil : .changed } else { .added }
        state.withLock { state in
            switch change {
            case .added: state.summary.added += 1
            case nil: state.summary.unchanged += 1
            default: state.summary.changed += 1
            }
            if change != nil, info.mode.isRegular {
                state.summary.bytesToRead &+= UInt64(clamping: info.size)
            }
        }
        return change
    }

    /// A size that is not known before reading does not count; nor do the times of directories, which change whenever
    /// something in them does.
    private static func isSame(_ old: FileInfo, _ new: FileInfo) -> Bool {
        if new.mode.isDirectory {
            return old.mode == new.mode && old.userID == new.userID && old.groupID == new.groupID
        }
        var old = old
        if new.size < 0 { old.size = new.size }
        old.name = new.name
        old.linkCount = new.linkCount
        old.flags = new.flags
        return old == new
    }

    func findRemoved(
        _ report: (BytePath, JobEntry.Kind) -> Void, damaged: (BytePath, KlosetError) -> Void
    ) async throws {
        guard let parent else { return }
        try await SnapshotTraversal(parent).run(from: parent.header.root) { path, entry in
            let isNew = state.withLock { state in
                guard !state.seen.contains(path.hashValue) else { return false }
                state.summary.removed += 1
                return true
            }
            if isNew { report(path, JobEntry.Kind(entry.info.mode)) }
        } damaged: { path, error in
            damaged(path, error)
        }
    }
}
