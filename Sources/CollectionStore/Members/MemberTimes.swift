import ICalendar

/// When the object of a member takes place, as far as its content alone says it: what a search by time asks first.
package enum MemberTimes: Hashable, Sendable {
    /// It may take place at any time.
    case unknown
    /// Within these seconds since 1970, both included.
    case within(Int64, Int64)
    /// At exactly these times: start and end in turn, the end exclusive. Only for events.
    case exact([Int64])

    /// The most occurrences kept of one object: some hundred bytes for a meeting every week of a year.
    static let maximumOccurrences = 64

    init(of object: CalendarObject) {
        if let occurrences = object.occurrences(limit: Self.maximumOccurrences) {
            self = .exact(occurrences.flatMap { [Int64($0.start), Int64($0.end)] })
            return
        }
        let extent = object.timeExtent(zones: .utc)
        guard extent != .unknown else {
            self = .unknown
            return
        }
        self = .within(
            extent.start.map { Int64($0.seconds) } ?? .min, extent.end.map { Int64($0.seconds) } ?? .max)
    }

    /// Whether the object takes place between two times (the end exclusive); nil when its content must tell.
    package func overlap(start: Int64, end: Int64) -> Bool? {
        switch self {
        case .unknown: return nil
        case .within(let first, let last): return last >= start && first <= end ? nil : false
        case .exact(let times):
            var position = 0
            while position + 1 < times.count {
                if times[position] < end, times[position + 1] > start { return true }
                position += 2
            }
            return false
        }
    }
}
