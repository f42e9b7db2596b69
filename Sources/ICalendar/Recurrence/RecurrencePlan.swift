/// A rule made ready for iteration: what it leaves out is filled in from the start (RFC 5545 3.3.10), lists are masks.
struct RecurrencePlan: Sendable {
    let frequency: RecurrenceRule.Frequency
    let interval: Int
    let start: LocalDateTime
    let weekStart: Weekday
    let skip: RecurrenceRule.Skip
    /// The calendar by which years, months and their days are counted; nil for the Gregorian.
    let scale: CalendarScale?
    /// Bit n is month n; 0 when every month will do.
    let months: UInt16
    /// The same for leap months, which only other calendars have.
    let leapMonths: UInt16
    /// As BYMONTHDAY, the day of the start where nothing else says it.
    let monthDays: [Int]
    let yearDays: [Int]
    let weekNumbers: [Int]
    /// Bit n is `Weekday` n; 0 when every weekday will do.
    let weekdays: UInt8
    /// BYDAY with a number; only in monthly and yearly rules.
    let ordinalWeekdays: [RecurrenceRule.WeekdayNumber]
    let setPositions: [Int]
    /// Daily and rarer: seconds of the day. More often: seconds of the hour or minute, BYSETPOS applied.
    let offsets: [Int]
    /// Limits of rules more frequent than daily: bit n is hour, minute or second n; 0 when any will do.
    let hours: UInt64
    let minutes: UInt64
    let seconds: UInt64

    init(_ rule: RecurrenceRule, start: LocalDateTime) {
        frequency = rule.frequency
        interval = rule.interval
        self.start = start
        weekStart = rule.weekStart
        skip = rule.skip
        yearDays = rule.byYearDay
        weekNumbers = rule.byWeekNumber

        let saysDay = !(rule.byDay.isEmpty && rule.byMonthDay.isEmpty && rule.byYearDay.isEmpty)
        scale = rule.scale.flatMap { CalendarScales.named($0) }
        var (_, month, day) = start.date.components
        var isLeapMonth = false
        if let scale {
            let year = scale.year(of: start.date.daysSinceEpoch)
            if let index = year.index(of: start.date.daysSinceEpoch) {
                (month, isLeapMonth) = (year.months[index].number, year.months[index].isLeap)
                day = start.date.daysSinceEpoch - year.months[index].firstDay + 1
            }
        }
        var months = rule.byMonth
        var leapMonths = rule.byLeapMonth
        var monthDays = rule.byMonthDay
        var weekdays = rule.byDay
        switch rule.frequency {
        case .yearly where !saysDay && rule.byWeekNumber.isEmpty:
            monthDays = [day]
            if months.isEmpty && leapMonths.isEmpty {
                if isLeapMonth { leapMonths = [month] } else { months = [month] }
            }
        case .yearly where !saysDay, .weekly where rule.byDay.isEmpty:
            weekdays = [RecurrenceRule.WeekdayNumber(start.date.weekday)]
        case .monthly where !saysDay && rule.byWeekNumber.isEmpty:
            monthDays = [day]
        default:
            break
        }
        self.months = months.reduce(0) { $0 | 1 << UInt16($1) }
        self.leapMonths = leapMonths.reduce(0) { $0 | 1 << UInt16($1) }
        self.monthDays = monthDays
        // Numbers mean something only in months and years (RFC 5545 3.3.10); elsewhere they are passed over.
        let hasOrdinals = rule.frequency >= .monthly && rule.byWeekNumber.isEmpty
        ordinalWeekdays = hasOrdinals ? weekdays.filter { $0.ordinal != 0 } : []
        self.weekdays = weekdays.filter { !hasOrdinals || $0.ordinal == 0 }
            .reduce(0) { $0 | 1 << UInt8($1.weekday.rawValue) }

        let isDaily = rule.frequency >= .daily
        offsets = Self.offsets(rule, start)
        setPositions = isDaily ? rule.bySetPosition : []
        hours = isDaily ? 0 : rule.byHour.reduce(0) { $0 | 1 << UInt64($1) }
        minutes = rule.frequency >= .hourly ? 0 : rule.byMinute.reduce(0) { $0 | 1 << UInt64($1) }
        seconds = rule.frequency >= .minutely ? 0 : rule.bySecond.reduce(0) { $0 | 1 << UInt64($1) }
    }

    /// The times within one period (a day, for daily rules and rarer ones).
    private static func offsets(_ rule: RecurrenceRule, _ start: LocalDateTime) -> [Int] {
        let second = start.secondOfDay
        let hours =
            rule.frequency >= .daily ? (rule.byHour.isEmpty ? [second / 3_600] : rule.byHour) : [0]
        let minutes =
            rule.frequency >= .hourly ? (rule.byMinute.isEmpty ? [second / 60 % 60] : rule.byMinute) : [0]
        let seconds = rule.frequency >= .minutely ? (rule.bySecond.isEmpty ? [second % 60] : rule.bySecond) : [0]
        var offsets: [Int] = []
        offsets.reserveCapacity(hours.count * minutes.count * seconds.count)
        for hour in hours {
            for minute in minutes {
                for second in seconds { offsets.append(hour * 3_600 + minute * 60 + second) }
            }
        }
        guard rule.frequency < .daily, !rule.bySetPosition.isEmpty else { return offsets }
        return select(rule.bySetPosition, from: offsets.count).map { offsets[$0] }
    }

    /// BYSETPOS: indices into a set of `count`, in order.
    static func select(_ positions: [Int], from count: Int) -> [Int] {
        positions.compactMap { position in
            let index = position > 0 ? position - 1 : count + position
            return 0..<count ~= index ? index : nil
        }.sortedWithoutRepeats
    }

    /// Whether every day passes the limits.
    var takesEveryDay: Bool {
        months == 0 && leapMonths == 0 && monthDays.isEmpty && yearDays.isEmpty && weekNumbers.isEmpty && weekdays == 0
            && ordinalWeekdays.isEmpty
    }

    @inline(__always)
    func takes(month: Int) -> Bool { months == 0 || months >> UInt16(month) & 1 == 1 }

    @inline(__always)
    func takes(weekday: Weekday) -> Bool { weekdays == 0 || weekdays >> UInt8(weekday.rawValue) & 1 == 1 }
}
