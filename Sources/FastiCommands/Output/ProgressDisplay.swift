internal import BackupEngine
internal import ConnectorKit
internal import Synchronization

/// A progress bar on standard error: share, count, rate and remaining time in one line that is drawn over itself.
/// Failures are lines of their own above it.
final class ProgressDisplay: JobDisplay {
    private struct State {
        var meter = ProgressMeter(start: .now)
        var snapshot: MAC?
        var lastDrawn: ContinuousClock.Instant?
        var isDrawn = false
    }

    private let state: Mutex<State>
    private let output: Output
    private let colours: Bool

    init(output: Output, colours: Bool, snapshot: MAC?) {
        self.output = output
        self.colours = colours
        state = Mutex(State(snapshot: snapshot))
    }

    func show(_ event: JobEvent) {
        state.withLock { state in
            if case .started(let identifier) = event { state.snapshot = identifier }
            state.meter.count(event)
            if case .difference = event, let line = JobLine(event, snapshot: state.snapshot) {
                erase(&state)
                try? output.line(line.text)
            } else if let line = JobLine(event, snapshot: state.snapshot), line.isFailure || event.isNote {
                erase(&state)
                output.error(colours && line.isFailure ? "\u{1B}[31m\(line.text)\u{1B}[0m" : line.text)
            }
            draw(&state)
        }
    }

    func end() { state.withLock { erase(&$0) } }

    /// At most ten times a second.
    private func draw(_ state: inout State) {
        let now = ContinuousClock.now
        if let last = state.lastDrawn, now - last < .milliseconds(100) { return }
        state.lastDrawn = now
        state.isDrawn = true
        let line = state.meter.line(at: now, width: Terminal.width - 1)
        output.errorBytes(Array("\r\u{1B}[K\(line)".utf8))
    }

    private func erase(_ state: inout State) {
        guard state.isDrawn else { return }
        state.isDrawn = false
        state.lastDrawn = nil
        output.errorBytes(Array("\r\u{1B}[K".utf8))
    }
}

extension JobEvent {
    fileprivate var isNote: Bool {
        if case .note = self { true } else { false }
    }
}
