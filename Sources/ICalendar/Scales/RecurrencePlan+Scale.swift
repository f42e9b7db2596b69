/// The days of years and months by another calendar (RFC 7529).
extension RecurrencePlan {
    func scaledDays(of year: ScaledYear, _ scale: CalendarScale) -> [Int] {
        let selected = selectedMonths(of: year)
        if !yearDays.isEmpty {
            let days = yearDays.compactMap { dayOfYear($0, year.days.lowerBound, year.days.count) }
            return days.sortedWithoutRepeats.filter {
                takesScaledMonth(of: $0, scale) && takesScaledMonthDay($0, scale) && takesScaledWeekday($0, scale)
            }
        }
        var days: [Int] = []
        if !monthDays.isEmpty {
            for month in selected { appendMonthDays(from: month.firstDay, count: month.length, to: &days) }
            days = days.sortedWithoutRepeats
            guard weekdays != 0 || !ordinalWeekdays.isEmpty else { return days }
            return days.filter { takesScaledWeekday($0, scale) }
        }
        if hasMonths {
            for month in selected { appendWeekdays(from: month.firstDay, count: month.length, to: &days) }
        } else {
            appendWeekdays(from: year.days.lowerBound, count: year.days.count, to: &days)
        }
        return days
    }

    func scaledDays(of month: ScaledMonth, _ scale: CalendarScale) -> [Int] {
        guard takes(month) else { return [] }
        var days: [Int] = []
        if monthDays.isEmpty {
            if weekdays == 0 && ordinalWeekdays.isEmpty {
                days = Array(month.firstDay..<(month.firstDay + month.length))
            } else {
                appendWeekdays(from: month.firstDay, count: month.length, to: &days)
            }
        } else {
            appendMonthDays(from: month.firstDay, count: month.length, to: &days)
            days = days.sortedWithoutRepeats
            if weekdays != 0 || !ordinalWeekdays.isEmpty { days = days.filter { takesScaledWeekday($0, scale) } }
        }
        return yearDays.isEmpty ? days : days.filter { takesScaledYearDay($0, scale) }
    }

    var hasMonths: Bool { months != 0 || leapMonths != 0 }

    private func takes(_ month: ScaledMonth) -> Bool {
        !hasMonths || (month.isLeap ? leapMonths : months) >> UInt16(month.number) & 1 == 1
    }

    /// With what SKIP makes of leap months that the year does not have (RFC 7529, 4.1): the month before or after.
    private func selectedMonths(of year: ScaledYear) -> [ScaledMonth] {
        guard hasMonths, skip != .omit, leapMonths != 0 else { return year.months.filter { takes($0) } }
        var instead: UInt16 = 0
        for number in 1...13 where leapMonths >> UInt16(number) & 1 == 1 {
            if year.months.contains(where: { $0.isLeap && $0.number == number }) { continue }
            instead |= 1 << UInt16(skip == .backward ? number : number + 1)
        }
        return year.months.filter { takes($0) || !$0.isLeap && instead >> UInt16($0.number) & 1 == 1 }
    }

    // MARK: Limiting

    private func month(of day: Int, _ scale: CalendarScale) -> ScaledMonth? {
        let year = scale.year(of: day)
        return year.index(of: day).map { year.months[$0] }
    }

    func takesScaledMonth(of day: Int, _ scale: CalendarScale) -> Bool {
        !hasMonths || month(of: day, scale).map { takes($0) } ?? false
    }

    func takesScaledMonthDay(_ day: Int, _ scale: CalendarScale) -> Bool {
        guard !monthDays.isEmpty else { return true }
        guard let month = self.month(of: day, scale) else { return false }
        let number = day - month.firstDay + 1
        return monthDays.contains(number) || monthDays.contains(number - month.length - 1)
    }

    func takesScaledYearDay(_ day: Int, _ scale: CalendarScale) -> Bool {
        guard !yearDays.isEmpty else { return true }
        let days = scale.year(of: day).days
        let number = day - days.lowerBound + 1
        return yearDays.contains(number) || yearDays.contains(number - days.count - 1)
    }

    private func takesScaledWeekday(_ day: Int, _ scale: CalendarScale) -> Bool {
        guard weekdays != 0 || !ordinalWeekdays.isEmpty else { return true }
        if weekdays != 0, takes(weekday: Weekday(daysSinceEpoch: day)) { return true }
        guard !ordinalWeekdays.isEmpty, let month = self.month(of: day, scale) else { return false }
        let days =
            frequency == .monthly || hasMonths
            ? month.firstDay..<(month.firstDay + month.length) : scale.year(of: day).days
        return ordinalWeekdays.contains { Self.nth($0, from: days.lowerBound, count: days.count) == day }
    }
}
