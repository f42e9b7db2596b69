/// A day of the Gregorian calendar, extended to all years, without a time zone.
package struct CivilDate: Hashable, Comparable, Sendable {
    package let year: Int
    /// 1 to 12.
    package let month: Int
    /// 1 to 31.
    package let day: Int

    /// - Returns: nil when there is no such day, or the year is beyond 1 to 9999.
    package init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month),
            (1...CivilDate.length(ofMonth: month, in: year)).contains(day)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// - Parameter days: since 1970-01-01; clamped to the years -999999 to 999999.
    package init(daysSince1970 days: Int) {
        // Years are counted from March, so that the leap day comes last.
        let shifted = min(max(days, -365_000_000), 365_000_000) + 719_468
        let era = shifted.flooredQuotient(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    }

    package var daysSince1970: Int {
        let shiftedYear = year - (month <= 2 ? 1 : 0)
        let era = shiftedYear.flooredQuotient(by: 400)
        let yearOfEra = shiftedYear - era * 400
        let monthFromMarch = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// 1 for Monday to 7 for Sunday.
    package var weekday: Int { (daysSince1970 + 3).flooredRemainder(by: 7) + 1 }

    /// The week by ISO 8601: it belongs to the year that has its Thursday.
    package var isoWeek: (year: Int, week: Int) {
        let thursday = CivilDate(daysSince1970: daysSince1970 - weekday + 4)
        let first = CivilDate(daysSince1970: thursday.daysSince1970).firstDayOfYear
        return (thursday.year, (thursday.daysSince1970 - first) / 7 + 1)
    }

    /// The Monday of a week of ISO 8601.
    ///
    /// - Returns: nil when the year has no such week.
    package static func monday(ofWeek week: Int, in year: Int) -> CivilDate? {
        guard (1...53).contains(week), let fourth = CivilDate(year: year, month: 1, day: 4) else { return nil }
        let monday = CivilDate(daysSince1970: fourth.daysSince1970 - fourth.weekday + 1 + 7 * (week - 1))
        return monday.isoWeek == (year, week) ? monday : nil
    }

    /// The same day some months earlier; the last day of the month where it is shorter.
    package func subtracting(months: Int) -> CivilDate {
        let index = year * 12 + month - 1 - min(max(months, 0), 120_000)
        let (year, month) = (index.flooredQuotient(by: 12), index.flooredRemainder(by: 12) + 1)
        let length = CivilDate.length(ofMonth: month, in: year)
        return CivilDate(unchecked: year, month, min(day, length))
    }

    private var firstDayOfYear: Int { CivilDate(unchecked: year, 1, 1).daysSince1970 }

    private init(unchecked year: Int, _ month: Int, _ day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    private static func length(ofMonth month: Int, in year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    package static func < (a: CivilDate, b: CivilDate) -> Bool {
        (a.year, a.month, a.day) < (b.year, b.month, b.day)
    }
}

extension Int {
    func flooredQuotient(by divisor: Int) -> Int {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }

    func flooredRemainder(by divisor: Int) -> Int { self - flooredQuotient(by: divisor) * divisor }
}
