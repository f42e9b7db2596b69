import HTTPTypes
import WebDAV

/// The Retry-After field: seconds, or an HTTP date (RFC 9110, section 10.2.3).
enum RetryAfter {
    /// How long the server wants us to wait; nil when it does not say or says it in a way that cannot be read.
    static func duration(_ headers: HTTPFields) -> Duration? {
        guard let value = headers[.retryAfter] else { return nil }
        if let seconds = Int64(value), seconds >= 0 { return .seconds(min(seconds, 1_000_000)) }
        // A date is taken relative to the server's own clock, so that a wrong clock here does no harm.
        guard let until = HTTPDate.parse(value), let now = headers[.date].flatMap(HTTPDate.parse) else { return nil }
        return .seconds(max(0, min(until - now, 1_000_000)))
    }
}
