/// The footer of TZif data (RFC 8536 3.3.1), such as `CET-1CEST,M3.5.0,M10.5.0/3`: valid for ever after.
struct PosixTimeZoneRule: Sendable {
    let standardOffset: Int
    let daylight: Daylight?

    struct Daylight: Sendable {
        let offset: Int
        let start: Change
        let end: Change
    }

    /// When in a year the clocks change.
    struct Change: Sendable {
        let day: Day
        /// Wall time before the change, in seconds from midnight; may be negative or more than a day.
        let time: Int

        enum Day: Sendable {
            /// 1...365, 29 February never counted.
            case julian(Int)
            /// 0...365.
            case ordinal(Int)
            /// Week 5 is the last one; weekday 0 is Sunday.
            case weekday(month: Int, week: Int, weekday: Int)
        }

        /// Wall time before the change.
        func local(in year: Int) -> Int {
            let newYear = CivilDate(year: year, month: 1, day: 1).daysSinceEpoch
            let days: Int
            switch day {
            case .julian(let number):
                days = newYear + number - 1 + (CivilDate.isLeap(year) && number >= 60 ? 1 : 0)
            case .ordinal(let number):
                days = newYear + number
            case .weekday(let month, let week, let weekday):
                let first = CivilDate(year: year, month: month, day: 1).daysSinceEpoch
                // 1970-01-01 was a Thursday: day 4 when Sunday is 0.
                let firstWeekday = (first + 4) - (first + 4).flooringDivided(by: 7) * 7
                var dayOfMonth = (weekday - firstWeekday + 7) % 7 + (week - 1) * 7
                while dayOfMonth >= CivilDate.days(inMonth: month, of: year) { dayOfMonth -= 7 }
                days = first + dayOfMonth
            }
            return days * 86_400 + time
        }
    }

    func offset(at time: Int) -> Int {
        guard let daylight else { return standardOffset }
        let year = LocalDateTime(seconds: time + standardOffset).date.year
        var offset = daylight.start.local(in: year) < daylight.end.local(in: year) ? standardOffset : daylight.offset
        for (change, before, after) in changes(daylight, in: year) where time >= change - before { offset = after }
        return offset
    }

    func offset(atLocal time: Int) -> Int {
        guard let daylight else { return standardOffset }
        let year = LocalDateTime(seconds: time).date.year
        var offset = daylight.start.local(in: year) < daylight.end.local(in: year) ? standardOffset : daylight.offset
        for (change, before, after) in changes(daylight, in: year) where time >= change - before + max(before, after) {
            offset = after
        }
        return offset
    }

    /// Both changes of a year in the order of time: wall time before, offset before, offset after.
    private func changes(_ daylight: Daylight, in year: Int) -> [(local: Int, before: Int, after: Int)] {
        let start = (daylight.start.local(in: year), standardOffset, daylight.offset)
        let end = (daylight.end.local(in: year), daylight.offset, standardOffset)
        return start.0 < end.0 ? [start, end] : [end, start]
    }
}
