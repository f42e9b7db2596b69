import ICalendar
import SeededNumbers

/// Rules as programs and fanciful people write them.
enum RandomRule {
    static func start(_ generator: inout SeededGenerator) -> String {
        let days = Int.random(in: -3_650...25_000, using: &generator)
        let time = LocalDateTime(
            CivilDate(daysSinceEpoch: days), secondOfDay: Int.random(in: 0..<86_400, using: &generator))
        return CalendarTime(time, .floating).basicFormat
    }

    static func rule(start: String, _ generator: inout SeededGenerator) -> String {
        let frequency =
            ["SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"]
            .randomElement(using: &generator) ?? "DAILY"
        let weekdays = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
        let isFast = frequency == "SECONDLY" || frequency == "MINUTELY"
        var parts = ["FREQ=\(frequency)"]
        if generator.chance(50) {
            parts.append("INTERVAL=\(Int.random(in: 1...(isFast ? 90 : 12), using: &generator))")
        }
        var weekStart = "MO"
        if generator.chance(25) {
            weekStart = weekdays.randomElement(using: &generator) ?? "MO"
            parts.append("WKST=\(weekStart)")
        }
        func add(_ name: String, _ values: [Int]) {
            parts.append("\(name)=" + values.map(String.init).joined(separator: ","))
        }
        func signed(_ range: ClosedRange<Int>, _ generator: inout SeededGenerator) -> Int {
            let number = Int.random(in: range, using: &generator)
            return generator.chance(30) ? -number : number
        }
        if generator.chance(25) { add("BYMONTH", generator.some(1...3) { Int.random(in: 1...12, using: &$0) }) }
        if frequency != "WEEKLY", generator.chance(25) {
            add("BYMONTHDAY", generator.some(1...4) { signed(1...31, &$0) })
        }
        let mayHaveYearDay = ["SECONDLY", "MINUTELY", "HOURLY", "YEARLY"].contains(frequency)
        if mayHaveYearDay, generator.chance(15) {
            add("BYYEARDAY", generator.some(1...4) { signed(1...366, &$0) })
        }
        var hasWeekNumber = false
        if frequency == "YEARLY", generator.chance(25) {
            hasWeekNumber = true
            add("BYWEEKNO", generator.some(1...3) { signed(1...51, &$0) })
        }
        var hasDay = false
        if hasWeekNumber || generator.chance(40) {
            hasDay = true
            let mayNumber = !hasWeekNumber && (frequency == "MONTHLY" || frequency == "YEARLY")
            let isNumbered = mayNumber && generator.chance(50)
            let days = generator.some(1...3) { generator -> String in
                let day = weekdays.randomElement(using: &generator) ?? "MO"
                return isNumbered ? "\(signed(1...5, &generator))\(day)" : day
            }
            parts.append("BYDAY=" + days.joined(separator: ","))
        }
        if generator.chance(isFast ? 8 : 20) {
            add("BYHOUR", generator.some(1...4) { Int.random(in: 0...23, using: &$0) })
        }
        if generator.chance(isFast ? 8 : 20) {
            add("BYMINUTE", generator.some(1...4) { Int.random(in: 0...59, using: &$0) })
        }
        if generator.chance(15) { add("BYSECOND", generator.some(1...4) { Int.random(in: 0...59, using: &$0) }) }
        let hasSet = parts.contains { $0.hasPrefix("BY") }
        let isAligned = frequency != "WEEKLY" || (hasDay && weekday(of: start) == weekStart)
        if hasSet, isAligned, generator.chance(25) { add("BYSETPOS", generator.some(1...3) { signed(1...5, &$0) }) }
        if generator.chance(15) { parts.append("COUNT=\(Int.random(in: 1...20, using: &generator))") }
        return parts.shuffled(using: &generator).joined(separator: ";")
    }

    private static func weekday(of start: String) -> String {
        CalendarTime(parsing: Array(start.utf8)[...])?.local.date.weekday.abbreviation ?? ""
    }
}
