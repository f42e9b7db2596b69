/// Walks over the periods of a rule (years, months, weeks, days; or hours, minutes, seconds) and the instances in each.
struct PeriodCursor: Sendable {
    /// Which period comes next. Years and months count from the year 0, weeks are the day they begin with, days count
    /// from the epoch, and so do hours, minutes and seconds.
    private var position: Int
    private let step: Int
    private let first: Int

    /// The days of the current period; empty in rules more frequent than daily.
    private var days: [Int] = []
    /// With BYSETPOS: which of days x offsets are meant.
    private var selection: [Int]?
    /// The begin of the current hour, minute or second, in seconds.
    private var base = 0
    /// The next instance within the period, and how many there are.
    private var index = 0
    private var count = 0

    /// Seconds in an hour, a minute or a second; a day for all other rules.
    private let unit: Int
    private let frequency: RecurrenceRule.Frequency

    /// Months by another calendar: where in a year the next period is, and the year.
    private var scaledYear = 0
    private var scaledMonth = 0
    private let scale: CalendarScale?

    /// How many instances every period but the first has, where that is always the same.
    private let fixedSize: Int?

    init(_ plan: RecurrencePlan) {
        let start = plan.start
        let (year, month, _) = start.date.components
        frequency = plan.frequency
        switch plan.frequency {
        case .yearly: (position, step, unit) = (year, plan.interval, 86_400)
        case .monthly: (position, step, unit) = (year * 12 + month - 1, plan.interval, 86_400)
        case .weekly:
            (position, step, unit) = (plan.beginOfWeek(start.date.daysSinceEpoch), plan.interval * 7, 86_400)
        case .daily: (position, step, unit) = (start.date.daysSinceEpoch, plan.interval, 86_400)
        case .hourly: (position, step, unit) = (start.seconds.flooringDivided(by: 3_600), plan.interval, 3_600)
        case .minutely: (position, step, unit) = (start.seconds.flooringDivided(by: 60), plan.interval, 60)
        case .secondly: (position, step, unit) = (start.seconds, plan.interval, 1)
        }
        // Weeks and days are the same in all calendars.
        scale = plan.frequency >= .monthly ? plan.scale : nil
        if let scale {
            let year = scale.year(of: start.date.daysSinceEpoch)
            (scaledYear, scaledMonth) = (year.number, year.index(of: start.date.daysSinceEpoch) ?? 0)
            position = plan.frequency == .yearly ? year.number : 0
        }
        first = position
        fixedSize = Self.fixedSize(plan)
    }

    private static func fixedSize(_ plan: RecurrencePlan) -> Int? {
        guard plan.setPositions.isEmpty, plan.hours | plan.minutes | plan.seconds == 0 else { return nil }
        if plan.frequency <= .daily { return plan.takesEveryDay ? plan.offsets.count : nil }
        guard plan.frequency == .weekly, plan.months == 0, plan.leapMonths == 0, plan.monthDays.isEmpty,
            plan.yearDays.isEmpty,
            plan.weekNumbers.isEmpty
        else { return nil }
        return plan.weekdays.nonzeroBitCount * plan.offsets.count
    }

    /// `fixedSize` once the first period lies behind.
    var constantSize: Int? { position > first ? fixedSize : nil }

    /// When the next period begins, in wall time seconds; not later than its first instance.
    var begin: Int {
        if let scale {
            guard frequency == .monthly else { return scale.year(position).days.lowerBound * 86_400 }
            let year = scale.year(scaledYear)
            let day = scaledMonth < year.months.count ? year.months[scaledMonth].firstDay : year.days.upperBound
            return day * 86_400
        }
        return switch frequency {
        case .yearly: CivilDate(year: position, month: 1, day: 1).daysSinceEpoch * 86_400
        case .monthly:
            CivilDate(year: position / 12, month: position % 12 + 1, day: 1).daysSinceEpoch * 86_400
        case .weekly, .daily: position * 86_400
        case .hourly, .minutely, .secondly: position * unit
        }
    }

    /// Goes on to the period before the one that `time` lies in, if that is ahead; returns how many were left out.
    @discardableResult
    mutating func jump(to time: Int, _ plan: RecurrencePlan) -> Int {
        // Far beyond the calendar nothing is asked for; this keeps the arithmetic small.
        let time = max(LocalDateTime.earliest.seconds, min(time, LocalDateTime.latest.seconds + 86_400))
        let date = LocalDateTime(seconds: time).date
        if let scale {
            // Months of other calendars are gone through one by one.
            guard frequency == .yearly else { return 0 }
            let periods = (scale.year(of: date.daysSinceEpoch).number - position).flooringDivided(by: step) - 1
            guard periods > 0 else { return 0 }
            position += periods * step
            return periods
        }
        let goal =
            switch frequency {
            case .yearly: date.year
            case .monthly: date.year * 12 + date.components.month - 1
            case .weekly, .daily: date.daysSinceEpoch
            case .hourly, .minutely, .secondly: time.flooringDivided(by: unit)
            }
        // One period is left as a margin: SKIP=FORWARD moves days into the next one.
        let periods = (goal - position).flooringDivided(by: step) - 1
        guard periods > 0 else { return 0 }
        position += periods * step
        return periods
    }

    /// The next instance of the current period, in wall time seconds.
    @inline(__always)
    mutating func nextInPeriod(_ plan: RecurrencePlan) -> Int? {
        guard index < count else { return nil }
        defer { index += 1 }
        if frequency < .daily { return base + plan.offsets[index] }
        let number = selection.map { $0[index] } ?? index
        if plan.offsets.count == 1 { return days[number] * 86_400 + plan.offsets[0] }
        return days[number / plan.offsets.count] * 86_400 + plan.offsets[number % plan.offsets.count]
    }

    /// Makes the next period the current one. It may turn out empty.
    ///
    /// - Parameter end: wall time seconds after which nothing is looked for.
    mutating func load(_ plan: RecurrencePlan, until end: Int, _ budget: inout WorkBudget) throws(ICalendarError) {
        try budget.spend()
        index = 0
        guard frequency >= .daily else {
            try loadTimes(plan, until: end, &budget)
            return
        }
        switch frequency {
        case .yearly where scale != nil:
            if let scale { days = plan.scaledDays(of: scale.year(position), scale) }
        case .monthly where scale != nil:
            if let scale { try loadScaledMonth(plan, scale, &budget) }
        case .yearly:
            days = plan.days(ofYear: position)
            try budget.spend(days.count / 8)
        case .monthly: days = plan.days(ofMonth: position % 12 + 1, position / 12)
        case .weekly: days = plan.days(ofWeek: position)
        default: try loadDay(plan, until: end, &budget)
        }
        position += step
        count = days.count * plan.offsets.count
        if !plan.setPositions.isEmpty {
            let selection = RecurrencePlan.select(plan.setPositions, from: count)
            self.selection = selection
            count = selection.count
        }
    }

    /// The month that is next, by another calendar; then goes on by INTERVAL months, leap months included.
    private mutating func loadScaledMonth(
        _ plan: RecurrencePlan, _ scale: CalendarScale, _ budget: inout WorkBudget
    ) throws(ICalendarError) {
        let year = scale.year(scaledYear)
        days = scaledMonth < year.months.count ? plan.scaledDays(of: year.months[scaledMonth], scale) : []
        scaledMonth += step
        while true {
            let count = scale.year(scaledYear).months.count
            guard count > 0, scaledMonth >= count else { return }
            try budget.spend()
            scaledMonth -= count
            scaledYear += 1
        }
    }

    /// Daily rules: the next day that passes the limits.
    private mutating func loadDay(
        _ plan: RecurrencePlan,
        until end: Int,
        _ budget: inout WorkBudget
    ) throws(ICalendarError) {
        days.removeAll(keepingCapacity: true)
        while position * 86_400 <= end {
            if plan.takesEveryDay || plan.takes(position) {
                days.append(position)
                return
            }
            try budget.spend()
            skipMonths(plan)
            position += step
        }
    }

    /// Rules more frequent than daily: the next hour, minute or second that passes the limits.
    private mutating func loadTimes(
        _ plan: RecurrencePlan,
        until end: Int,
        _ budget: inout WorkBudget
    ) throws(ICalendarError) {
        count = 0
        guard !plan.offsets.isEmpty else {
            position = (LocalDateTime.latest.seconds + 1) / unit + 1
            return
        }
        var checkedDay = Int.min
        while position * unit <= end {
            let time = position * unit
            let day = time.flooringDivided(by: 86_400)
            if day != checkedDay, !plan.takesEveryDay {
                guard plan.takes(day) else {
                    try budget.spend()
                    moveOn(to: (day + 1) * 86_400)
                    continue
                }
                checkedDay = day
            }
            let second = time - day * 86_400
            if let next = Self.nextAllowed(second, plan) {
                try budget.spend()
                moveOn(to: day * 86_400 + next)
                continue
            }
            base = time
            count = plan.offsets.count
            position += step
            return
        }
    }

    /// Where to go on from a second of the day that BYHOUR, BYMINUTE or BYSECOND exclude; nil if they do not.
    private static func nextAllowed(_ second: Int, _ plan: RecurrencePlan) -> Int? {
        if plan.hours != 0, plan.hours >> UInt64(second / 3_600) & 1 == 0 { return (second / 3_600 + 1) * 3_600 }
        if plan.minutes != 0, plan.minutes >> UInt64(second / 60 % 60) & 1 == 0 { return (second / 60 + 1) * 60 }
        if plan.seconds != 0, plan.seconds >> UInt64(second % 60) & 1 == 0 { return second + 1 }
        return nil
    }

    /// To the first period of the rule at or after `time`.
    private mutating func moveOn(to time: Int) {
        let goal = (time + unit - 1).flooringDivided(by: unit)
        position += max(1, (goal - position + step - 1).flooringDivided(by: step)) * step
    }

    /// Past the rest of a month that BYMONTH excludes, one step short of the next.
    private mutating func skipMonths(_ plan: RecurrencePlan) {
        guard plan.scale == nil else { return }
        let (year, month, day) = CivilDate(daysSinceEpoch: position).components
        guard !plan.takes(month: month) else { return }
        let rest = CivilDate.days(inMonth: month, of: year) - day
        position += rest / step * step
    }
}
