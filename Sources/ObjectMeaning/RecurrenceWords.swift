import ICalendar

/// A recurrence rule as a person says it: "every 2 weeks on Monday and Friday until 3 Apr 2026".
struct RecurrenceWords {
    private let times: TimeWords

    init(_ times: TimeWords) { self.times = times }

    func text(_ rule: RecurrenceRule) -> String {
        var parts = [frequency(rule)]
        if !rule.byMonth.isEmpty { parts.append("in \(listed(rule.byMonth.map { TimeWords.months[$0 - 1] }))") }
        if !rule.byWeekNumber.isEmpty { parts.append("in week \(listed(rule.byWeekNumber.map(String.init)))") }
        if let days = days(rule) { parts.append("on \(days)") }
        if let clock = clock(rule) { parts.append("at \(clock)") }
        switch rule.end {
        case .never: break
        case .count(let count): parts.append(count == 1 ? "once" : "\(count) times")
        case .until(let time): parts.append("until \(times.day(times.local(time).date))")
        }
        return parts.joined(separator: " ")
    }

    private func frequency(_ rule: RecurrenceRule) -> String {
        let isWorkweek =
            rule.frequency <= .weekly && rule.interval == 1
            && Set(rule.byDay.map(\.weekday.rawValue)) == [0, 1, 2, 3, 4] && rule.byDay.allSatisfy { $0.ordinal == 0 }
        if isWorkweek { return "every weekday" }
        let unit =
            switch rule.frequency {
            case .secondly: "second"
            case .minutely: "minute"
            case .hourly: "hour"
            case .daily: "day"
            case .weekly: "week"
            case .monthly: "month"
            case .yearly: "year"
            }
        return rule.interval == 1 ? "every \(unit)" : "every \(rule.interval) \(unit)s"
    }

    private func days(_ rule: RecurrenceRule) -> String? {
        var parts: [String] = []
        let names = rule.byDay.map { day in
            let name = TimeWords.weekdayNames[day.weekday.rawValue]
            return day.ordinal == 0 ? name : "the \(ordinal(day.ordinal)) \(name)"
        }
        if !names.isEmpty, frequency(rule) != "every weekday" {
            let chosen = rule.bySetPosition.map { "the \(ordinal($0))" }
            parts.append(chosen.isEmpty ? listed(names) : "\(listed(chosen)) of \(listed(names))")
        }
        if !rule.byMonthDay.isEmpty { parts.append("the \(listed(rule.byMonthDay.map(ordinal)))") }
        if !rule.byYearDay.isEmpty { parts.append("the \(listed(rule.byYearDay.map(ordinal))) day of the year") }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    private func clock(_ rule: RecurrenceRule) -> String? {
        guard !rule.byHour.isEmpty else { return nil }
        let minutes = rule.byMinute.isEmpty ? [0] : rule.byMinute
        let all = rule.byHour.flatMap { hour in
            minutes.map { times.clock(LocalDateTime(seconds: hour * 3_600 + $0 * 60)) }
        }
        return listed(all)
    }
}
