internal import Synchronization

/// Tells of entries in the order in which they were found, although several are worked on at once. One that takes long
/// does not hold the others back: when too many wait for it, they go ahead.
final class EntryOrder: Sendable {
    private struct State {
        var next = 0
        var waiting: [Int: JobEntry] = [:]
    }

    private static let patience = 256

    private let state = Mutex(State())
    private let report: JobReport

    init(_ report: @escaping JobReport) { self.report = report }

    /// - Parameter number: from 0 on, without gaps.
    func add(_ entry: JobEntry, number: Int) {
        // Under the lock, so that nobody overtakes.
        state.withLock { state in
            guard number > state.next else {
                report(.entry(entry))
                if number == state.next { state.next += 1 }
                tellWaiting(&state)
                return
            }
            state.waiting[number] = entry
            if state.waiting.count > Self.patience, let first = state.waiting.keys.min() {
                state.next = first
                tellWaiting(&state)
            }
        }
    }

    private func tellWaiting(_ state: inout State) {
        while let entry = state.waiting.removeValue(forKey: state.next) {
            report(.entry(entry))
            state.next += 1
        }
    }

    /// Tells of what still waits, in the end.
    func finish() {
        state.withLock { state in
            for number in state.waiting.keys.sorted() {
                if let entry = state.waiting.removeValue(forKey: number) { report(.entry(entry)) }
            }
        }
    }
}
