package import NIOCore

/// Whether a client keeps up with what it has begun: whoever is silent, or sends a request byte by byte, keeps a place from
/// others.
package struct ClientPace: Sendable {
    /// How long a client may do nothing in the middle of a request or of an answer, or keep a connection that it does not use.
    package let patience: TimeAmount
    private var lastProgress: NIODeadline
    /// When the request that is being read began; nil when none is.
    private var readingSince: NIODeadline?
    /// How many bytes of its body have come.
    private var received = 0

    package init(patience: TimeAmount, now: NIODeadline) {
        self.patience = patience
        lastProgress = now
    }

    package var isReading: Bool { readingSince != nil }

    /// Something went over the connection, in either direction.
    package mutating func progress(_ now: NIODeadline) { lastProgress = now }

    package mutating func requestBegins(_ now: NIODeadline) {
        (lastProgress, readingSince, received) = (now, now, 0)
    }

    package mutating func bodyGrows(by count: Int, _ now: NIODeadline) {
        lastProgress = now
        received += count
    }

    package mutating func requestEnds(_ now: NIODeadline) { (lastProgress, readingSince) = (now, nil) }

    /// Nothing has gone over the connection for longer than patience lasts.
    package func isSilent(_ now: NIODeadline) -> Bool { now - lastProgress > patience }

    /// A request may take as long as patience lasts, and a millisecond more for each byte of its body.
    package func isTooSlow(_ now: NIODeadline) -> Bool {
        readingSince.map { now - $0 > patience + .milliseconds(Int64(received)) } ?? false
    }
}
