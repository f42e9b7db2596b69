/// A RECUR value (RFC 5545 3.3.10, RFC 7529), of RRULE or EXRULE.
package struct RecurrenceRule: Hashable, Sendable {
    package var frequency: Frequency
    /// At least 1.
    package var interval = 1
    package var end: End = .never
    /// WKST.
    package var weekStart: Weekday = .monday
    /// 0...59.
    package var bySecond: [Int] = []
    package var byMinute: [Int] = []
    package var byHour: [Int] = []
    package var byDay: [WeekdayNumber] = []
    /// 1...31 and -31...-1.
    package var byMonthDay: [Int] = []
    /// 1...366 and -366...-1.
    package var byYearDay: [Int] = []
    /// 1...53 and -53...-1.
    package var byWeekNumber: [Int] = []
    /// 1...12; by other calendars up to 13.
    package var byMonth: [Int] = []
    /// RFC 7529 4.2: months written with an L, such as 5L.
    package var byLeapMonth: [Int] = []
    /// RFC 7529: the calendar to recur by, in capital letters; nil is the Gregorian.
    package var scale: String?
    /// 1...366 and -366...-1.
    package var bySetPosition: [Int] = []
    /// RFC 7529 4.1: what becomes of days that a month or a year does not have.
    package var skip: Skip = .omit

    package init(_ frequency: Frequency, interval: Int = 1, end: End = .never) {
        self.frequency = frequency
        self.interval = max(1, interval)
        self.end = end
    }

    package enum Frequency: Int, Comparable, Hashable, Sendable, CaseIterable {
        case secondly
        case minutely
        case hourly
        case daily
        case weekly
        case monthly
        case yearly

        package static func < (a: Frequency, b: Frequency) -> Bool { a.rawValue < b.rawValue }
    }

    package enum End: Hashable, Sendable {
        case never
        /// COUNT: at least 1.
        case count(Int)
        /// UNTIL, inclusive.
        case until(CalendarTime)
    }

    package enum Skip: Hashable, Sendable {
        case omit
        /// To the last day before.
        case backward
        /// To the first day after.
        case forward
    }

    package struct WeekdayNumber: Hashable, Sendable {
        package let weekday: Weekday
        /// The nth (from the end when negative) of the month or year; 0 for every one.
        package let ordinal: Int

        package init(_ weekday: Weekday, ordinal: Int = 0) {
            self.weekday = weekday
            self.ordinal = ordinal
        }
    }
}
