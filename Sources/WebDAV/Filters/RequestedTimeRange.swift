import HTTPTypes
import XMLStream

/// A span of time: from `start`, inclusive, to `end`, exclusive, in seconds since 1970 (RFC 4791, 9.9).
package struct RequestedTimeRange: Hashable, Sendable {
    /// nil is open.
    package let start: Int64?
    /// nil is open.
    package let end: Int64?

    package init(start: Int64?, end: Int64?) {
        self.start = start
        self.end = end
    }

    /// `min-date-time` and `max-date-time` (RFC 4791, 5.2.6 and 5.2.7): the years that iCalendar can write, without the
    /// year 0, which the calendar does not have.
    package static let earliest = "00010101T000000Z"
    package static let latest = "99991231T235959Z"
    private static let earliestSeconds: Int64 = -62_135_596_800

    /// Reads `start` and `end` of an element.
    /// - Parameter isClosed: whether both must be there.
    /// - Throws: 403 `valid-filter` when they are no UTC times, or in the wrong order, or missing; 403 `min-date-time`.
    init(_ element: XMLElement, isClosed: Bool = false) throws(DAVError) {
        func time(_ name: String) throws(DAVError) -> Int64? {
            guard let text = element.attribute(name) else { return nil }
            guard let time = HTTPDate.parseUTC(text) else {
                throw DAVError(
                    .forbidden, .caldavValidFilter,
                    "The \(name) of a \(element.name.local) is \"\(text)\", not a time in UTC such as 20060104T000000Z."
                )
            }
            guard time >= Self.earliestSeconds else {
                throw DAVError(
                    .forbidden, .minDateTime, "The \(name) of a \(element.name.local) is before \(Self.earliest).")
            }
            return time
        }
        start = try time("start")
        end = try time("end")
        guard start != nil || end != nil, !isClosed || (start != nil && end != nil) else {
            throw DAVError(.forbidden, .caldavValidFilter, "A \(element.name.local) lacks its start or end.")
        }
        if let start, let end, start >= end {
            throw DAVError(
                .forbidden, .caldavValidFilter, "The end of a \(element.name.local) is not after its start.")
        }
    }
}
