internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import ICalendar

/// A day, month, week or year, or several days: `2026-03-10`, `today`, `2026-W11`, `2026-03`, `2026-03-10..2026-03-14`.
struct DayRange: ExpressibleByArgument, Hashable, Sendable {
    let text: String
    private let first: TimeExpression
    private let last: TimeExpression
    private let lastText: String

    init?(argument: String) {
        let parts = argument.split(separator: "..", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), let from = parts.first, let to = parts.last,
            let first = TimeExpression(from), let last = TimeExpression(to)
        else { return nil }
        text = argument
        self.first = first
        self.last = last
        lastText = to.lowercased()
    }

    /// From the beginning of the first day to the end of the last.
    func range(at moment: Moment) -> TimeRange {
        let start = beginning(first, moment)
        let end = beginning(last, moment)
        var days = 1
        let date = moment.calendar.time(at: last.instant(at: moment)).date
        switch lastText.utf8.count {
        case 4 where lastText.allSatisfy(\.isNumber): days = ICalendar.CivilDate.days(inYear: date.year)
        case 7 where lastText.dropFirst(4).first == "-":
            days = ICalendar.CivilDate.days(inMonth: date.month, of: date.year)
        case 8 where lastText.contains("-w"): days = 7
        default: break
        }
        let after = BackupEngine.CivilDate(daysSince1970: end + days)
        return TimeRange(
            start: Instant(seconds: instant(BackupEngine.CivilDate(daysSince1970: start), moment)),
            end: Instant(seconds: instant(after, moment)))
    }

    /// Days since 1970, by the reader's clock.
    private func beginning(_ expression: TimeExpression, _ moment: Moment) -> Int {
        moment.calendar.time(at: expression.instant(at: moment)).date.daysSince1970
    }

    private func instant(_ date: BackupEngine.CivilDate, _ moment: Moment) -> Int {
        Int(clamping: moment.calendar.instant(of: CivilTime(date: date)).seconds)
    }
}
