package import ICalendar

/// Dates, times and durations as a person reads them, by the clock of the reader.
package struct TimeWords: Sendable {
    package let zones: ZoneContext

    package init(_ zones: ZoneContext) { self.zones = zones }

    /// What a clock on the reader's wall shows, for times in UTC; what is written, for all others.
    func local(_ time: CalendarTime) -> LocalDateTime {
        guard time.form == .utc else { return time.local }
        return zones.defaultZone.local(at: Instant(seconds: time.local.seconds))
    }

    /// `Tue 10 Mar 2026 10:00`, `Tue 10 Mar 2026` for a whole day.
    package func text(_ time: CalendarTime) -> String {
        let local = local(time)
        return time.isDate ? day(local.date) : "\(day(local.date)) \(clock(local))"
    }

    /// `Tue 10 Mar 2026`
    func day(_ date: CivilDate) -> String { "\(Self.weekdays[date.weekday.rawValue]) \(dayWithoutWeekday(date))" }

    func dayWithoutWeekday(_ date: CivilDate) -> String {
        let (year, month, day) = date.components
        return "\(day) \(Self.months[month - 1].prefix(3)) \(year)"
    }

    /// `10:00`, with seconds only where there are some.
    func clock(_ local: LocalDateTime) -> String {
        let second = local.secondOfDay
        let short = Self.padded(second / 3_600) + ":" + Self.padded(second / 60 % 60)
        return second % 60 == 0 ? short : short + ":" + Self.padded(second % 60)
    }

    /// `from Tue 10:00 to Wed 14:00 (11 Mar 2026)` within a week, `from 10:00 to 14:00 on Tue 10 Mar 2026` within a day,
    /// both dates in full otherwise.
    package func move(from old: CalendarTime, to new: CalendarTime) -> String {
        let (a, b) = (local(old), local(new))
        guard old.isDate == new.isDate else {
            return old.isDate
                ? "from all day \(text(old)) to \(text(new))" : "from \(text(old)) to all day \(text(new))"
        }
        if a.date == b.date, !old.isDate { return "from \(clock(a)) to \(clock(b)) on \(day(b.date))" }
        guard Self.week(a.date) == Self.week(b.date) else { return "from \(text(old)) to \(text(new))" }
        let (first, second) = (Self.weekdays[a.date.weekday.rawValue], Self.weekdays[b.date.weekday.rawValue])
        let when = "(\(dayWithoutWeekday(b.date)))"
        return old.isDate
            ? "from \(first) to \(second) \(when)" : "from \(first) \(clock(a)) to \(second) \(clock(b)) \(when)"
    }

    /// Weeks since some Monday.
    private static func week(_ date: CivilDate) -> Int { (date.daysSinceEpoch + 3 + 7_000_000) / 7 }

    /// `1 hour 30 minutes`, `2 days`
    static func duration(_ seconds: Int) -> String {
        var rest = abs(seconds)
        var parts: [String] = []
        for (unit, length) in [("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)] {
            // Ten days are ten days, two weeks are two weeks.
            if unit == "week", rest % length != 0 { continue }
            if rest >= length {
                parts.append(counted(rest / length, unit))
                rest %= length
            }
        }
        return parts.isEmpty ? "no time" : parts.joined(separator: " ")
    }

    static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    static let weekdayNames = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

    private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

/// "1 day", "3 days"
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

/// "1st", "2nd", "last", "second last"
func ordinal(_ number: Int) -> String {
    switch number {
    case -1: return "last"
    case -2: return "second last"
    case ..<0: return "\(ordinal(-number)) last"
    default:
        let suffix: String
        switch (number % 10, number % 100) {
        case (_, 11...13): suffix = "th"
        case (1, _): suffix = "st"
        case (2, _): suffix = "nd"
        case (3, _): suffix = "rd"
        default: suffix = "th"
        }
        return "\(number)\(suffix)"
    }
}

/// "a", "a and b", "a, b and c"
func listed(_ items: [String]) -> String {
    guard let last = items.last, items.count > 1 else { return items.first ?? "" }
    return items.dropLast().joined(separator: ", ") + " and " + last
}

/// Text from an object, short and in one line, in quotes.
func quoted(_ text: String) -> String { "\"\(shortened(text))\"" }

/// Text from an object, short and in one line.
package func shortened(_ text: String, to limit: Int = 60) -> String {
    let line = text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }
    guard line.count > limit else { return String(String.UnicodeScalarView(line)) }
    return String(String.UnicodeScalarView(line.prefix(limit - 1))) + "…"
}
