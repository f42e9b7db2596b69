package import ConnectorKit

/// The stretches of local time that snapshots are counted by (plakar command line, section 10).
package enum RetentionPeriod: String, CaseIterable, Hashable, Sendable {
    case minute, hour, day, week, month, year
    case monday, tuesday, wednesday, thursday, friday, saturday, sunday

    /// 1 for Monday to 7 for Sunday; nil when every day counts.
    private var weekday: Int? {
        switch self {
        case .monday: 1
        case .tuesday: 2
        case .wednesday: 3
        case .thursday: 4
        case .friday: 5
        case .saturday: 6
        case .sunday: 7
        case .minute, .hour, .day, .week, .month, .year: nil
        }
    }

    /// The period that an instant lies in, by a name that sorts by time: `2026-07-02-15:04`, `2026-07-02-15`,
    /// `2026-07-02`, `2026-W27`, `2026-07`, `2026`, `2026-W27-monday`.
    ///
    /// - Returns: nil when the period is a weekday and the instant lies on another.
    package func bucket(of instant: Timestamp, in calendar: LocalCalendar) -> String? {
        let time = calendar.time(at: instant)
        let date = time.date
        switch self {
        case .minute: return "\(date)-\(time.clock)"
        case .hour: return "\(date)-\(padded(time.second / 3600))"
        case .day: return "\(date)"
        case .week: return date.isoWeekText
        case .month: return "\(padded(date.year, 4))-\(padded(date.month))"
        case .year: return padded(date.year, 4)
        case .monday, .tuesday, .wednesday, .thursday, .friday, .saturday, .sunday:
            return date.weekday == weekday ? "\(date.isoWeekText)-\(rawValue)" : nil
        }
    }
}

extension CivilDate {
    fileprivate var isoWeekText: String {
        let (year, week) = isoWeek
        return "\(padded(year, 4))-W\(padded(week))"
    }
}
