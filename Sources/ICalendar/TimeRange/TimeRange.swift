/// CALDAV:time-range (RFC 4791 9.9): from `start`, inclusive, to `end`, exclusive. nil is open.
package struct TimeRange: Hashable, Sendable {
    package let start: Instant?
    package let end: Instant?

    package init(start: Instant?, end: Instant?) {
        self.start = start
        self.end = end
    }

    /// Reads the attributes of the element: UTC times such as `20060104T000000Z`.
    ///
    /// Returns nil when one cannot be read, both are missing, or the end is not after the start.
    package init?(parsingStart start: String?, end: String?) {
        var bounds: [Instant?] = []
        for text in [start, end] {
            guard let text else {
                bounds.append(nil)
                continue
            }
            guard let time = CalendarTime(parsing: Array(text.utf8)[...]), time.form == .utc else { return nil }
            bounds.append(Instant(seconds: time.local.seconds))
        }
        if let start = bounds[0], let end = bounds[1], end <= start { return nil }
        guard bounds[0] != nil || bounds[1] != nil else { return nil }
        self.init(start: bounds[0], end: bounds[1])
    }

    /// All of time.
    package static let always = TimeRange(start: nil, end: nil)

    /// The start in seconds; far before the year 0 when open.
    var lower: Int { start?.seconds ?? Self.minimum }
    /// The end in seconds; far after the year 9999 when open.
    var upper: Int { end?.seconds ?? Self.maximum }

    static let minimum = -400_000_000_000
    static let maximum = 400_000_000_000
}
