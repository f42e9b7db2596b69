/// How slowly a client may send a request: whoever sends a byte now and then is never silent, and would keep a connection for
/// ever.
package struct SendingPace: Sendable {
    /// What may pass before anything is expected, in seconds.
    package let grace: Int
    /// In bytes of body per second, over the whole request.
    package static let slowest = 1_024

    package init(grace: Int) { self.grace = grace }

    /// - Parameters:
    ///   - received: bytes of the body so far.
    ///   - elapsed: seconds since the head of the request came.
    package func isTooSlow(received: Int, elapsed: Int) -> Bool {
        elapsed > grace && (elapsed - grace) > received / Self.slowest
    }
}
