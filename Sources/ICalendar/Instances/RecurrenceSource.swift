/// One RRULE or EXRULE of a component, as instants.
struct RecurrenceSource: Sendable {
    private var iterator: RecurrenceIterator
    private let zone: CalendarTimeZone
    private let until: Int
    /// The next instance; nil when there are no more.
    private(set) var head: (instant: Int, local: LocalDateTime)?

    /// - Throws: `.limitExceeded` when the budget does not last for COUNT.
    init(_ rule: RecurrenceRule, of times: ComponentTimes, _ budget: inout WorkBudget) throws(ICalendarError) {
        zone = times.zone
        var rule = rule
        if times.anchor.isDate {
            // RFC 5545 3.3.10: these parts must be ignored beside a DATE.
            rule.byHour = []
            rule.byMinute = []
            rule.bySecond = []
        }
        until = Self.bringHome(&rule, times)
        iterator = RecurrenceIterator(rule, start: times.anchor.local, budget: budget)
        if case .count = rule.end {
            var probe = iterator
            if try probe.next() != times.anchor.local { iterator.countStart() }
            budget = probe.budget
        }
    }

    /// Makes UNTIL a wall time in the zone of the start; returns it as an instant.
    ///
    /// The wall time is a day too late, so that instances in a fold are decided by the instant alone.
    private static func bringHome(_ rule: inout RecurrenceRule, _ times: ComponentTimes) -> Int {
        guard case .until(let time) = rule.end else { return Int.max }
        let end: Instant
        if time.isDate {
            end = times.zone.instant(of: LocalDateTime(seconds: time.local.seconds + 86_399))
        } else if time.form == .utc, !times.anchor.isDate {
            end = Instant(seconds: time.local.seconds)
        } else {
            end = times.zone.instant(of: time.local)
        }
        let local = LocalDateTime(seconds: times.zone.local(at: end).seconds + 86_400)
        rule.end = .until(CalendarTime(local, .floating))
        return end.seconds
    }

    /// Whether COUNT or UNTIL end it.
    var isBounded: Bool { iterator.isBounded }

    /// Restricts to instants from `lower` through `upper` and finds the first one.
    mutating func start(from lower: Int, through upper: Int, _ budget: inout WorkBudget) throws(ICalendarError) {
        // A day more on both sides: instants and wall times differ by less.
        iterator.advance(to: LocalDateTime(seconds: lower - 2 * 86_400))
        iterator.stop(after: LocalDateTime(seconds: upper + 2 * 86_400))
        try advance(&budget)
    }

    mutating func advance(_ budget: inout WorkBudget) throws(ICalendarError) {
        head = nil
        iterator.refill(budget)
        defer { budget = iterator.budget }
        guard let local = try iterator.next() else { return }
        let instant = zone.instant(of: local).seconds
        if instant <= until { head = (instant, local) }
    }
}
