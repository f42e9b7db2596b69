/// Gives the instances of one rule in the order of time, as wall times.
///
/// The start itself is an instance only if the rule says so; `RecurrenceSet` adds it. A rule without COUNT jumps over
/// whatever lies before the time asked for, however long ago it began.
package struct RecurrenceIterator: Sendable {
    private let plan: RecurrencePlan
    /// Instances after this are not given.
    private var until: Int
    /// Instances that COUNT still allows.
    private var remaining: Int
    private let isCounted: Bool
    /// Instances before this are passed over.
    private var target = LocalDateTime.earliest.seconds
    private var last = Int.min
    private var periods: PeriodCursor
    private var isFinished = false

    /// What the work so far has left of the budget.
    package private(set) var budget: WorkBudget

    /// - Parameters:
    ///   - rule: an UNTIL in it is compared as wall time: the caller brings a UTC one into the zone of the start.
    ///     An UNTIL that is a DATE includes that whole day.
    ///   - start: DTSTART.
    ///   - budget: for all that this iterator will ever do.
    package init(_ rule: RecurrenceRule, start: LocalDateTime, budget: WorkBudget = WorkBudget()) {
        plan = RecurrencePlan(rule, start: start)
        self.budget = budget
        periods = PeriodCursor(plan)
        switch rule.end {
        case .never:
            (isCounted, remaining, until) = (false, 0, LocalDateTime.latest.seconds)
        case .count(let count):
            (isCounted, remaining, until) = (true, count, LocalDateTime.latest.seconds)
        case .until(let time):
            let end = time.isDate ? time.local.seconds + 86_399 : time.local.seconds
            (isCounted, remaining, until) = (false, 0, min(end, LocalDateTime.latest.seconds))
        }
    }

    /// Passes over everything before `time`. Going back is not possible.
    package mutating func advance(to time: LocalDateTime) {
        target = max(target, time.seconds)
        if !isCounted { periods.jump(to: target, plan) }
    }

    /// Ends with the last instance at or before `time`, and looks for none after it.
    package mutating func stop(after time: LocalDateTime) {
        until = min(until, time.seconds)
    }

    /// Whether COUNT or UNTIL end it.
    var isBounded: Bool { isCounted || until < LocalDateTime.latest.seconds }

    /// From here on works on the account of another.
    mutating func refill(_ budget: WorkBudget) { self.budget = budget }

    /// The start was not among the instances: it takes one from COUNT all the same (RFC 5545 3.3.10).
    mutating func countStart() {
        if isCounted { remaining -= 1 }
    }

    /// The next instance; nil after the last one, at the latest in the year 9999.
    ///
    /// - Throws: `.limitExceeded` when the budget is used up.
    package mutating func next() throws(ICalendarError) -> LocalDateTime? {
        while !isFinished {
            guard let candidate = periods.nextInPeriod(plan) else {
                try loadPeriod()
                continue
            }
            try budget.spend()
            guard candidate > last, candidate >= plan.start.seconds else { continue }
            guard candidate <= until else { break }
            if isCounted {
                guard remaining > 0 else { break }
                remaining -= 1
            }
            last = candidate
            if candidate >= target { return LocalDateTime(seconds: candidate) }
        }
        isFinished = true
        return nil
    }

    private mutating func loadPeriod() throws(ICalendarError) {
        if isCounted, let size = periods.constantSize, periods.begin < target - 86_400 * 32 {
            // All periods after the first have as many instances: those before the target need not be looked at.
            let skipped = periods.jump(to: target, plan)
            let (instances, overflow) = skipped.multipliedReportingOverflow(by: size)
            remaining = overflow ? 0 : max(0, remaining - instances)
        }
        guard periods.begin <= until, !isCounted || remaining > 0 else {
            isFinished = true
            return
        }
        try periods.load(plan, until: until, &budget)
    }
}
