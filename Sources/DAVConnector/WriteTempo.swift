import Synchronization

/// How many objects are on their way to a server at once: more of them for as long as that is faster. A server that
/// waits for its disk serves many in the time of one; another does one after the other, and is only pressed by more.
package final class WriteTempo: Sendable {
    private struct State {
        var concurrency = 1
        /// Objects per second, the most so far.
        var best = 0.0
        var isSettled = false
    }

    /// Beyond this nobody is helped, and some providers lock an account.
    private static let limit = 32
    /// How much faster twice as many have to be.
    private static let gain = 1.1
    private static let step = 2

    private let state = Mutex(State())

    package init() {}

    package var concurrency: Int { state.withLock { $0.concurrency } }

    /// - Parameter concurrency: where to begin; at least 1.
    package func begin(_ concurrency: Int) { state.withLock { $0 = State(concurrency: max(1, concurrency)) } }

    /// Takes note of a batch. Small ones say nothing.
    ///
    /// - Parameters:
    ///   - count: objects that were stored.
    ///   - duration: from the first request to the last answer.
    package func observe(_ count: Int, in duration: Duration) {
        state.withLock { state in
            guard !state.isSettled, count >= state.concurrency * 4, duration > .zero else { return }
            let rate = Double(count) / (duration / .seconds(1))
            if rate > state.best * Self.gain {
                state.best = rate
                guard state.concurrency < Self.limit else {
                    state.isSettled = true
                    return
                }
                state.concurrency = min(state.concurrency * Self.step, max(Self.limit, state.concurrency))
            } else {
                state.concurrency = max(1, state.concurrency / Self.step)
                state.isSettled = true
            }
        }
    }
}
