internal import BackupEngine
internal import ConnectorKit
internal import Synchronization

/// One line per path: successes on standard output, failures on standard error.
final class LineDisplay: JobDisplay {
    private let output: Output
    private let isQuiet: Bool
    private let snapshot: Mutex<MAC?>

    init(output: Output, isQuiet: Bool, snapshot: MAC?) {
        self.output = output
        self.isQuiet = isQuiet
        self.snapshot = Mutex(snapshot)
    }

    func show(_ event: JobEvent) {
        if case .started(let identifier) = event { snapshot.withLock { $0 = identifier } }
        // Ten thousand lines that nobody reads need not be written out either.
        if isQuiet, case .entry(let entry) = event {
            guard case .failed = entry.outcome else { return }
        }
        guard let line = JobLine(event, snapshot: snapshot.withLock { $0 }) else { return }
        if line.isFailure {
            output.error(line.text)
        } else if !isQuiet {
            // That nobody reads the lines any more is no reason to give up a backup.
            try? output.line(line.text)
        }
    }

    func end() {}
}
