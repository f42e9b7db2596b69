internal import ConnectorKit
internal import Synchronization

extension Record {
    func jobEntry(_ outcome: JobEntry.Outcome) -> JobEntry {
        if case .extendedAttribute = kind { return JobEntry(path: path, kind: .attribute, outcome: outcome) }
        return JobEntry(path: path, kind: JobEntry.Kind(info?.mode), outcome: outcome)
    }
}

/// What has happened so far; records may come from several tasks.
final class BackupProgress: Sendable {
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
