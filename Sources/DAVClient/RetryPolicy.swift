/// When a request is tried again, and after how long.
package struct RetryPolicy: Sendable {
    /// Tries in all, at least 1.
    package var attempts: Int
    /// The pause before the second try; doubled for each further one.
    package var firstPause: Duration
    package var longestPause: Duration
    /// The longest wait that a server may ask for with Retry-After before we give up instead.
    package var longestRetryAfter: Duration
    /// How to wait; tests do not.
    package var sleep: @Sendable (Duration) async throws -> Void

    package init(
        attempts: Int = 5, firstPause: Duration = .milliseconds(500), longestPause: Duration = .seconds(20),
        longestRetryAfter: Duration = .seconds(120),
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.attempts = max(1, attempts)
        self.firstPause = firstPause
        self.longestPause = longestPause
        self.longestRetryAfter = longestRetryAfter
        self.sleep = sleep
    }

    package static let standard = RetryPolicy()

    /// The pause after try number `attempt` (from 1): between half and all of the doubled pause, at random, so that
    /// many clients do not come back at once.
    func pause(after attempt: Int) -> Duration {
        let doublings = min(max(attempt - 1, 0), 20)
        let full = min(firstPause * (1 << doublings), longestPause)
        return full * Double.random(in: 0.5...1)
    }
}
