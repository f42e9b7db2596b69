import ICalendar

/// When the object of a member takes place, as far as its content alone says it: what a search by time asks first.
package enum MemberTimes: Hashable, Sendable {
    /// It may take place at any time.
    case unknown
    /// Within these seconds since 1970, both included.
    case within(Int64, Int64)
    /// At exactly this time, the end exclusive. Only for events.
    case once(Int64, Int64)
    /// At exactly these times: starts between 1970 and 2106, and how many seconds each takes. Nearly all that repeats is
    /// like that, and needs a quarter of the room.
    case repeated([UInt32], lasting: UInt32)
    /// At exactly these times: start and end in turn, the end exclusive.
    case exact([Int64])

    /// The most occurrences kept of one object: some hundred bytes for a meeting every week of a year.
    static let maximumOccurrences = 64

    init(of object: CalendarObject) {
        if let occurrences = object.occurrences(limit: Self.maximumOccurrences) {
            self.init(exactly: occurrences.flatMap { [Int64($0.start), Int64($0.end)] })
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

    /// At exactly these times: start and end in turn.
    package init(exactly times: [Int64]) {
        if times.count == 2 {
            self = .once(times[0], times[1])
            return
        }
        let starts = stride(from: 0, to: times.count, by: 2).compactMap { UInt32(exactly: times[$0]) }
        let lengths = Set(stride(from: 1, to: times.count, by: 2).map { times[$0] &- times[$0 - 1] })
        if let length = lengths.first, lengths.count == 1, starts.count * 2 == times.count,
            let length = UInt32(exactly: length)
        {
            self = .repeated(starts.sorted(), lasting: length)
        } else {
            self = .exact(times)
        }
    }

    /// Start and end in turn, when they are known exactly.
    package var exactTimes: [Int64]? {
        switch self {
        case .unknown, .within: nil
        case .once(let start, let end): [start, end]
        case .repeated(let starts, let length): starts.flatMap { [Int64($0), Int64($0) + Int64(length)] }
        case .exact(let times): times
        }
    }

    /// Whether the object takes place between two times (the end exclusive); nil when its content must tell.
    package func overlap(start: Int64, end: Int64) -> Bool? {
        switch self {
        case .unknown: return nil
        case .within(let first, let last): return last >= start && first <= end ? nil : false
        case .once(let first, let last): return first < end && last > start
        case .repeated(let starts, let length):
            // The first that may still last.
            let earliest = start.subtractingReportingOverflow(Int64(length))
            var position = earliest.overflow ? 0 : starts.partitioningIndex { Int64($0) > earliest.partialValue }
            while position < starts.count, Int64(starts[position]) < end {
                if Int64(starts[position]) + Int64(length) > start { return true }
                position += 1
            }
            return false
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
