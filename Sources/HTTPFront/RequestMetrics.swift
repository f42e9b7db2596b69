import HTTPTypes
import Synchronization

/// Counts requests for whoever watches over the server. No paths and no names: they tell what people have.
package final class RequestMetrics: Sendable {
    private struct Key: Hashable {
        let method: String
        let status: Int
    }

    private struct State {
        var requests: [Key: Int] = [:]
        var running = 0
        /// How many took at most as long as the bound; the last counts all.
        var buckets = [Int](repeating: 0, count: RequestMetrics.bounds.count + 1)
        var seconds = 0.0
        var received = 0
    }

    private let state = Mutex(State())
    private let start = ContinuousClock.now

    /// In seconds.
    private static let bounds = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
    private static let known: Set<String> = [
        "OPTIONS", "GET", "HEAD", "PUT", "POST", "DELETE", "COPY", "MOVE", "LOCK", "UNLOCK", "PROPFIND", "PROPPATCH",
        "MKCOL", "MKCALENDAR", "REPORT", "ACL",
    ]

    package init() {}

    func begin() { state.withLock { $0.running += 1 } }

    func end(_ method: HTTPRequest.Method, status: Int, seconds: Double) {
        // Methods come from outside: the table must not grow without end.
        let name = Self.known.contains(method.rawValue) ? method.rawValue : "other"
        state.withLock { state in
            state.running -= 1
            state.requests[Key(method: name, status: status), default: 0] += 1
            let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
            for index in bucket..<state.buckets.count { state.buckets[index] += 1 }
            state.seconds += seconds
        }
    }

    /// In the text format of Prometheus.
    package var text: String {
        let state = state.withLock { $0 }
        var lines = [
            "# HELP fasti_requests_total Requests that have been answered.", "# TYPE fasti_requests_total counter",
        ]
        for (key, count) in state.requests.sorted(by: {
            ($0.key.method, $0.key.status) < ($1.key.method, $1.key.status)
        }) {
            lines.append("fasti_requests_total{method=\"\(key.method)\",status=\"\(key.status)\"} \(count)")
        }
        lines += [
            "# HELP fasti_requests_in_progress Requests that are being answered.",
            "# TYPE fasti_requests_in_progress gauge", "fasti_requests_in_progress \(state.running)",
            "# HELP fasti_request_seconds How long requests took.", "# TYPE fasti_request_seconds histogram",
        ]
        for (bound, count) in zip(Self.bounds, state.buckets) {
            lines.append("fasti_request_seconds_bucket{le=\"\(bound)\"} \(count)")
        }
        let all = state.buckets.last ?? 0
        lines += [
            "fasti_request_seconds_bucket{le=\"+Inf\"} \(all)", "fasti_request_seconds_sum \(state.seconds)",
            "fasti_request_seconds_count \(all)", "# HELP fasti_uptime_seconds Since the server was started.",
            "# TYPE fasti_uptime_seconds gauge",
            "fasti_uptime_seconds \(start.duration(to: .now) / .seconds(1))",
        ]
        return lines.joined(separator: "\n") + "\n"
    }
}
