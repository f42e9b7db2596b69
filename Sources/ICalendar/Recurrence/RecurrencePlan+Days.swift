/// The days of one year, month or week, in order.
extension RecurrencePlan {
    func days(ofYear year: Int) -> [Int] {
        let newYear = CivilDate(year: year, month: 1, day: 1).daysSinceEpoch
        let length = CivilDate.days(inYear: year)
        if !yearDays.isEmpty {
            let days = yearDays.compactMap { dayOfYear($0, newYear, length) }.sortedWithoutRepeats
            return days.filter { takesMonth(ofDay: $0) && takesMonthDay($0) && takesWeekNumber($0) && takesWeekday($0) }
        }
        if !monthDays.isEmpty {
            var days: [Int] = []
            for month in 1...12 where takes(month: month) { appendMonthDays(year, month, to: &days) }
            days = ordered(days)
            guard !weekNumbers.isEmpty || weekdays != 0 || !ordinalWeekdays.isEmpty else { return days }
            return days.filter { takesWeekNumber($0) && takesWeekday($0) }
        }
        if !weekNumbers.isEmpty {
            return daysOfWeekNumbers(from: newYear, through: newYear + length - 1).filter { takesMonth(ofDay: $0) }
        }
        var days: [Int] = []
        if months == 0 {
            appendWeekdays(from: newYear, count: length, to: &days)
        } else {
            for month in 1...12 where takes(month: month) { appendWeekdays(year, month, to: &days) }
        }
        return days
    }

    func days(ofMonth month: Int, _ year: Int) -> [Int] {
        guard takes(month: month) else { return [] }
        var days: [Int] = []
        if monthDays.isEmpty {
            if weekdays == 0 && ordinalWeekdays.isEmpty {
                let first = CivilDate(year: year, month: month, day: 1).daysSinceEpoch
                days = Array(first..<(first + CivilDate.days(inMonth: month, of: year)))
            } else {
                appendWeekdays(year, month, to: &days)
            }
        } else {
            appendMonthDays(year, month, to: &days)
            days = ordered(days)
            if weekdays != 0 || !ordinalWeekdays.isEmpty { days = days.filter { takesWeekday($0) } }
        }
        guard !yearDays.isEmpty || !weekNumbers.isEmpty else { return days }
        return days.filter { takesYearDay($0) && takesWeekNumber($0) }
    }

    /// - Parameter first: the day the week begins with.
    func days(ofWeek first: Int) -> [Int] {
        (first..<(first + 7)).filter { takes($0) }
    }

    /// Whether a day passes all limits, in rules whose periods are weeks or shorter.
    func takes(_ day: Int) -> Bool {
        let weekday = Weekday(daysSinceEpoch: day)
        guard takes(weekday: weekday) else { return false }
        return takesMonth(ofDay: day) && takesMonthDay(day) && takesYearDay(day) && takesWeekNumber(day)
    }

    // MARK: Expanding

    private func appendMonthDays(_ year: Int, _ month: Int, to days: inout [Int]) {
        let first = CivilDate(year: year, month: month, day: 1).daysSinceEpoch
        appendMonthDays(from: first, count: CivilDate.days(inMonth: month, of: year), to: &days)
    }

    /// BYMONTHDAY within a month.
    func appendMonthDays(from first: Int, count length: Int, to days: inout [Int]) {
        for monthDay in monthDays {
            if monthDay < 0 {
                if length + monthDay >= 0 { days.append(first + length + monthDay) }
            } else if monthDay <= length {
                days.append(first + monthDay - 1)
            } else if let day = skipped(lastDay: first + length - 1) {
                days.append(day)
            }
        }
    }

    func dayOfYear(_ number: Int, _ newYear: Int, _ length: Int) -> Int? {
        if number < 0 { return length + number >= 0 ? newYear + length + number : nil }
        return number <= length ? newYear + number - 1 : skipped(lastDay: newYear + length - 1)
    }

    /// RFC 7529 4.1: where a day goes that would come after the last one.
    private func skipped(lastDay: Int) -> Int? {
        switch skip {
        case .omit: nil
        case .backward: lastDay
        case .forward: lastDay + 1
        }
    }

    private func appendWeekdays(_ year: Int, _ month: Int, to days: inout [Int]) {
        let first = CivilDate(year: year, month: month, day: 1).daysSinceEpoch
        appendWeekdays(from: first, count: CivilDate.days(inMonth: month, of: year), to: &days)
    }

    /// BYDAY within a month or a year.
    func appendWeekdays(from first: Int, count: Int, to days: inout [Int]) {
        let begin = days.count
        if weekdays != 0 {
            for day in first..<(first + count) where takes(weekday: Weekday(daysSinceEpoch: day)) { days.append(day) }
        }
        guard !ordinalWeekdays.isEmpty else { return }
        for entry in ordinalWeekdays {
            let day = Self.nth(entry, from: first, count: count)
            if let day { days.append(day) }
        }
        if days.count - begin > 1 {
            let sorted = days[begin...].sortedWithoutRepeats
            days.removeSubrange(begin...)
            days.append(contentsOf: sorted)
        }
    }

    static func nth(_ entry: RecurrenceRule.WeekdayNumber, from first: Int, count: Int) -> Int? {
        if entry.ordinal > 0 {
            let ahead = (entry.weekday.rawValue - Weekday(daysSinceEpoch: first).rawValue + 7) % 7
            let day = ahead + (entry.ordinal - 1) * 7
            return day < count ? first + day : nil
        }
        let behind = (Weekday(daysSinceEpoch: first + count - 1).rawValue - entry.weekday.rawValue + 7) % 7
        let day = count - 1 - behind + (entry.ordinal + 1) * 7
        return day >= 0 ? first + day : nil
    }

    private func daysOfWeekNumbers(from first: Int, through last: Int) -> [Int] {
        var days: [Int] = []
        var week = beginOfWeek(first)
        while week <= last {
            if takesWeekNumber(week) {
                for day in max(week, first)...min(week + 6, last)
                where takes(weekday: Weekday(daysSinceEpoch: day)) { days.append(day) }
            }
            week += 7
        }
        return days
    }

    private func ordered(_ days: [Int]) -> [Int] {
        for index in days.indices.dropFirst() where days[index] <= days[index - 1] { return days.sortedWithoutRepeats }
        return days
    }

    // MARK: Limiting

    private func takesMonth(ofDay day: Int) -> Bool {
        if let scale { return takesScaledMonth(of: day, scale) }
        return months == 0 || takes(month: CivilDate(daysSinceEpoch: day).components.month)
    }

    private func takesMonthDay(_ day: Int) -> Bool {
        guard !monthDays.isEmpty else { return true }
        if let scale { return takesScaledMonthDay(day, scale) }
        let (year, month, monthDay) = CivilDate(daysSinceEpoch: day).components
        return monthDays.contains(monthDay)
            || monthDays.contains(monthDay - CivilDate.days(inMonth: month, of: year) - 1)
    }

    private func takesYearDay(_ day: Int) -> Bool {
        guard !yearDays.isEmpty else { return true }
        if let scale { return takesScaledYearDay(day, scale) }
        let year = CivilDate(daysSinceEpoch: day).year
        let number = day - CivilDate(year: year, month: 1, day: 1).daysSinceEpoch + 1
        return yearDays.contains(number) || yearDays.contains(number - CivilDate.days(inYear: year) - 1)
    }

    /// BYDAY beside BYMONTHDAY, BYYEARDAY or BYWEEKNO: a limit, its numbers counted in the month or the year.
    private func takesWeekday(_ day: Int) -> Bool {
        guard weekdays != 0 || !ordinalWeekdays.isEmpty else { return true }
        if weekdays != 0, takes(weekday: Weekday(daysSinceEpoch: day)) { return true }
        guard !ordinalWeekdays.isEmpty else { return false }
        let (year, month, _) = CivilDate(daysSinceEpoch: day).components
        let countsInMonth = frequency == .monthly || months != 0
        let first = CivilDate(year: year, month: countsInMonth ? month : 1, day: 1).daysSinceEpoch
        let count = countsInMonth ? CivilDate.days(inMonth: month, of: year) : CivilDate.days(inYear: year)
        return ordinalWeekdays.contains { Self.nth($0, from: first, count: count) == day }
    }

    private func takesWeekNumber(_ day: Int) -> Bool {
        guard !weekNumbers.isEmpty else { return true }
        let week = beginOfWeek(day)
        // A week belongs to the year that has at least four of its days.
        let year = CivilDate(daysSinceEpoch: week + 3).year
        let first = firstWeek(of: year)
        let number = (week - first) / 7 + 1
        let count = (firstWeek(of: year + 1) - first) / 7
        return weekNumbers.contains(number) || weekNumbers.contains(number - count - 1)
    }

    private func firstWeek(of year: Int) -> Int {
        beginOfWeek(CivilDate(year: year, month: 1, day: 4).daysSinceEpoch)
    }

    /// The day the week of `day` begins with, by WKST.
    func beginOfWeek(_ day: Int) -> Int {
        day - (Weekday(daysSinceEpoch: day).rawValue - weekStart.rawValue + 7) % 7
    }
}
