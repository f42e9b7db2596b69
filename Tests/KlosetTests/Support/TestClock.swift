import ConnectorKit
import Synchronization

/// A clock that only a test moves.
final class TestClock: Sendable {
    private let time: Mutex<Timestamp>

    init(_ time: Timestamp = Timestamp(seconds: 1_800_000_000)) { self.time = Mutex(time) }

    var now: Timestamp { time.withLock { $0 } }

    func advance(by seconds: Int64) { time.withLock { $0.seconds += seconds } }
    func advance(days: Int64) { advance(by: days * 86_400) }
}
