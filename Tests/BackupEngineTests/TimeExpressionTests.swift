import BackupEngine
import ConnectorKit
import Foundation
import Testing

@Suite("Times as people write them")
struct TimeExpressionTests {
    /// 2026-07-02 15:04:05 in Berlin, a Thursday.
    private static let now = Timestamp(seconds: 1_782_997_445)
    private static let berlin = LocalCalendar { seconds in
        TimeZone(identifier: "Europe/Berlin")?.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))) ?? 0
    }
    private static let moment = Moment(now: now, calendar: berlin)

    @Test(
        "Each form, and how it is understood",
        arguments: [
            ("now", "2026-07-02 15:04:05 +02:00"), ("today", "2026-07-02 00:00:00 +02:00"),
            ("Yesterday", "2026-07-01 00:00:00 +02:00"), ("2026-07-02", "2026-07-02 00:00:00 +02:00"),
            ("2026/01/31", "2026-01-31 00:00:00 +01:00"), ("2026-01-31 08:30", "2026-01-31 08:30:00 +01:00"),
            ("2026-01-31 08:30:59", "2026-01-31 08:30:59 +01:00"), ("2026-01-31T08:30", "2026-01-31 08:30:00 +01:00"),
            ("2026-07-02T15:04:05Z", "2026-07-02 17:04:05 +02:00"),
            ("2026-07-02T15:04:05.123456789+05:30", "2026-07-02 11:34:05 +02:00"),
            ("2026-W27", "2026-06-29 00:00:00 +02:00"), ("2026-w27-4", "2026-07-02 00:00:00 +02:00"),
            ("2020-W53-7", "2021-01-03 00:00:00 +01:00"), ("2026-07", "2026-07-01 00:00:00 +02:00"),
            ("2026", "2026-01-01 00:00:00 +01:00"), ("2w", "2026-06-18 15:04:05 +02:00"),
            ("1h30m", "2026-07-02 13:34:05 +02:00"), ("half an hour", "2026-07-02 14:34:05 +02:00"),
            ("half an hour ago", "2026-07-02 14:34:05 +02:00"), ("1 week and 2 days", "2026-06-23 15:04:05 +02:00"),
            ("an hour, 1 min", "2026-07-02 14:03:05 +02:00"), ("90s", "2026-07-02 15:02:35 +02:00"),
            ("1.5h", "2026-07-02 13:34:05 +02:00"), ("1m", "2026-06-02 15:04:05 +02:00"),
            ("5mi", "2026-07-02 14:59:05 +02:00"), ("6 months", "2026-01-02 15:04:05 +01:00"),
            ("1y", "2025-07-02 15:04:05 +02:00"), ("half a year", "2026-01-02 15:04:05 +01:00"),
            ("3mo2d", "2026-03-31 15:04:05 +02:00"),
        ])
    func understood(text: String, expected: String) throws {
        let expression = try #require(TimeExpression(text))
        #expect(expression.understood(at: Self.moment) == expected)
        #expect(expression.text == text)
    }

    @Test(
        "What is none of them",
        arguments: [
            "", " ", "tomorrow", "2026-02-29", "2026-13-01", "2026-07-02x", "2026-07-02T25:00", "2026-W54", "2025-W53",
            "5", "h", "5 parsecs", "2w3", "-2w", "1h--", "99999999999999999999w", "1e99d", "half", "and", "2026-07/02",
            "0000-01-01", String(repeating: "1h", count: 200),
        ])
    func refused(text: String) { #expect(TimeExpression(text) == nil) }

    @Test("The hour that summer time leaves out, and the one that winter time repeats")
    func transitions() throws {
        let missing = try #require(TimeExpression("2026-03-29 02:30"))
        #expect(missing.understood(at: Self.moment) == "2026-03-29 03:30:00 +02:00")
        let twice = try #require(TimeExpression("2026-10-25 02:30"))
        #expect(twice.understood(at: Self.moment) == "2026-10-25 02:30:00 +02:00")
    }

    /// A store may say any time of its snapshots; which day that was must not end the program.
    @Test("The first and the last second there are", arguments: [Int64.min, .max])
    func extremes(seconds: Int64) {
        for calendar in [Self.berlin, .utc, .system] {
            let time = calendar.time(at: Timestamp(seconds: seconds, nanoseconds: 999_999_999))
            #expect((0..<86_400).contains(time.second))
        }
    }

    @Test("Months end where they end")
    func months() throws {
        let march = try #require(TimeExpression("2026-03-31 12:00")).instant(at: Self.moment)
        let moment = Moment(now: march, calendar: Self.berlin)
        #expect(try #require(TimeExpression("1 month")).understood(at: moment) == "2026-02-28 12:00:00 +01:00")
    }

    @Test("Dates agree with Foundation over four centuries")
    func dates() throws {
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = .gmt
        for days in stride(from: -73_000, through: 73_000, by: 37) {
            let date = CivilDate(daysSince1970: days)
            #expect(date.daysSince1970 == days)
            let other = calendar.dateComponents(
                [.year, .month, .day, .weekday, .weekOfYear, .yearForWeekOfYear],
                from: Date(timeIntervalSince1970: Double(days) * 86_400))
            #expect([date.year, date.month, date.day] == [other.year, other.month, other.day])
            #expect(date.isoWeek.week == other.weekOfYear)
            #expect(date.isoWeek.year == other.yearForWeekOfYear)
            #expect(date.weekday == ((other.weekday ?? 0) + 5) % 7 + 1)
        }
    }
}
