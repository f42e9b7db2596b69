/// What a clock on the wall and a calendar beside it show; which instant that is depends on a time zone.
package struct LocalDateTime: Hashable, Comparable, Sendable {
    /// Seconds since 1970-01-01T00:00:00 of the same wall; every day has 86,400.
    package var seconds: Int

    package init(seconds: Int) { self.seconds = seconds }

    package init(_ date: CivilDate, secondOfDay: Int = 0) {
        seconds = date.daysSinceEpoch * 86_400 + secondOfDay
    }

    package init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        self.init(
            CivilDate(year: year, month: month, day: day), secondOfDay: hour * 3_600 + minute * 60 + second)
    }

    package var date: CivilDate { CivilDate(daysSinceEpoch: seconds.flooringDivided(by: 86_400)) }

    /// 0..<86,400.
    package var secondOfDay: Int { seconds - date.daysSinceEpoch * 86_400 }

    package static func < (a: LocalDateTime, b: LocalDateTime) -> Bool { a.seconds < b.seconds }

    /// The last second of the year 9999: nothing in iCalendar can be written that is later.
    package static let latest = LocalDateTime(year: 9999, month: 12, day: 31, hour: 23, minute: 59, second: 59)
    /// The first second of the year 0.
    package static let earliest = LocalDateTime(year: 0, month: 1, day: 1)
}

/// A point on the time line: seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
package struct Instant: Hashable, Comparable, Sendable {
    package var seconds: Int

    package init(seconds: Int) { self.seconds = seconds }

    package static func < (a: Instant, b: Instant) -> Bool { a.seconds < b.seconds }

    /// What a clock set to UTC shows.
    package var utc: LocalDateTime { LocalDateTime(seconds: seconds) }
}

extension Int {
    /// Division that rounds towards minus infinity; `divisor` is positive.
    @inline(__always)
    func flooringDivided(by divisor: Int) -> Int {
        let quotient = self / divisor
        return self < quotient * divisor ? quotient - 1 : quotient
    }
}
