import Foundation
import ICalendar

/// A calendar that Foundation knows, for rules with RSCALE (RFC 7529).
struct FoundationCalendarSystem: CalendarSystem {
    let name: String
    private let calendar: Calendar
    private let isHebrew: Bool

    /// By the names of CLDR, which RFC 7529 refers to. The years of the Japanese calendar begin anew with each era, its
    /// months are the Gregorian ones.
    static let all: [any CalendarSystem] = [
        ("BUDDHIST", .buddhist), ("CHINESE", .chinese), ("COPTIC", .coptic), ("ETHIOAA", .ethiopicAmeteAlem),
        ("ETHIOPIC", .ethiopicAmeteMihret), ("HEBREW", .hebrew), ("INDIAN", .indian), ("ISLAMIC", .islamic),
        ("ISLAMIC-CIVIL", .islamicCivil), ("ISLAMIC-TBLA", .islamicTabular), ("ISLAMIC-UMALQURA", .islamicUmmAlQura),
        ("JAPANESE", .gregorian), ("PERSIAN", .persian), ("ROC", .republicOfChina),
    ].map { FoundationCalendarSystem($0, $1) }

    private init(_ name: String, _ identifier: Calendar.Identifier) {
        self.name = name
        isHebrew = identifier == .hebrew
        var calendar = Calendar(identifier: identifier)
        if let zone = TimeZone(secondsFromGMT: 0) { calendar.timeZone = zone }
        self.calendar = calendar
    }

    /// No more than a person's calendar needs; beyond, Foundation's arithmetic is not relied upon.
    private static let days = -800_000...3_000_000

    func year(of day: Int) -> Int {
        let day = min(max(day, Self.days.lowerBound), Self.days.upperBound)
        return year(of: date(day))
    }

    private func date(_ day: Int) -> Date { Date(timeIntervalSince1970: Double(day) * 86_400) }

    private func day(_ date: Date) -> Int { Int((date.timeIntervalSince1970 / 86_400).rounded()) }

    /// Cycles of sixty years count as eras in the Chinese calendar.
    private func year(of date: Date) -> Int {
        let parts = calendar.dateComponents([.era, .year], from: date)
        let year = parts.year ?? 0
        return calendar.identifier == .chinese ? (parts.era ?? 0) * 60 + year : year
    }

    func months(ofYear wanted: Int) -> [ScaledMonth] {
        guard var date = someDay(ofYear: wanted).flatMap({ calendar.dateInterval(of: .year, for: $0)?.start }) else {
            return []
        }
        var months: [ScaledMonth] = []
        while months.count < 14, year(of: date) == wanted, let month = calendar.dateInterval(of: .month, for: date) {
            let (first, end) = (day(month.start), day(month.end))
            guard end > first else { return [] }
            months.append(self.month(of: month.start, first, end - first))
            date = month.end
        }
        return months
    }

    private func month(of date: Date, _ first: Int, _ length: Int) -> ScaledMonth {
        let parts = calendar.dateComponents([.month], from: date)
        var number = parts.month ?? 1
        var isLeap = parts.isLeapMonth ?? false
        if isHebrew {
            // Foundation counts Adar I, the leap month, as the sixth of thirteen; RFC 7529 calls it 5L.
            isLeap = number == 6
            if number >= 6 { number -= 1 }
        }
        return ScaledMonth(number: number, isLeap: isLeap, firstDay: first, length: length)
    }

    private func someDay(ofYear wanted: Int) -> Date? {
        let epoch = year(of: date(0))
        var day = (wanted - epoch) * 365
        for _ in 0..<64 {
            guard Self.days.contains(day) else { return nil }
            let found = year(of: date(day))
            if found == wanted { return date(day) }
            // Lunar years are shorter: this comes nearer with each step, at the end by half a year.
            let distance = wanted - found
            day += abs(distance) == 1 ? distance * 180 : distance * 354
        }
        return nil
    }
}
