package import ConnectorKit

/// A point in time as a person writes it (plakar command line, section 9): an instant of RFC 3339, a date with or without
/// time of day by the local clock, an ISO week, `today`, `yesterday`, or a duration that means "that long ago".
///
/// The text is kept: a policy that says "30 days" means 30 days before each run.
package struct TimeExpression: Hashable, Sendable {
    package let text: String
    private let form: Form

    enum Form: Hashable, Sendable {
        case instant(Timestamp)
        case local(CivilTime)
        /// The beginning of a day, counted back from today.
        case daysBack(Int)
        case ago(DurationPhrase)
    }

    /// - Returns: nil when the text is none of the forms.
    package init?(_ text: String) {
        let words = String(text.prefix(200)).lowercased().split { $0 == " " || $0 == "\t" }.joined(separator: " ")
        guard text.count <= 200, let form = Self.form(words) else { return nil }
        self.text = text
        self.form = form
    }

    private static func form(_ text: String) -> Form? {
        switch text {
        case "now": return .ago(DurationPhrase())
        case "today": return .daysBack(0)
        case "yesterday": return .daysBack(1)
        default:
            if let date = DateText.parse(text) { return date }
            return DurationPhrase(text).map { .ago($0) }
        }
    }

    package func instant(at moment: Moment) -> Timestamp {
        let calendar = moment.calendar
        switch form {
        case .instant(let instant): return instant
        case .local(let time): return calendar.instant(of: time)
        case .daysBack(let days):
            let today = calendar.time(at: moment.now).date.daysSince1970
            return calendar.instant(of: CivilTime(date: CivilDate(daysSince1970: today - days)))
        case .ago(let phrase): return phrase.before(moment)
        }
    }

    /// How the text was understood: `2026-07-02 00:00:00 +02:00`.
    package func understood(at moment: Moment) -> String { moment.calendar.text(of: instant(at: moment)) }
}

/// Dates and times in digits.
private enum DateText {
    static func parse(_ text: String) -> TimeExpression.Form? {
        var rest = Substring(text)
        guard let year = rest.number(digits: 4), (1...9999).contains(year) else { return nil }
        if rest.isEmpty { return local(year, 1, 1) }
        if rest.hasPrefix("-w") { return week(year, rest.dropFirst(2)) }
        guard let separator = rest.popFirst(), separator == "-" || separator == "/", let month = rest.number(digits: 2)
        else { return nil }
        if rest.isEmpty { return local(year, month, 1) }
        guard rest.popFirst() == separator, let day = rest.number(digits: 2),
            let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        if rest.isEmpty { return .local(CivilTime(date: date)) }
        guard let mark = rest.popFirst(), mark == "t" || mark == " " else { return nil }
        return clock(date, rest)
    }

    private static func local(_ year: Int, _ month: Int, _ day: Int) -> TimeExpression.Form? {
        CivilDate(year: year, month: month, day: day).map { .local(CivilTime(date: $0)) }
    }

    /// `27` or `27-4` after `2026-W`.
    private static func week(_ year: Int, _ text: Substring) -> TimeExpression.Form? {
        var rest = text
        guard let week = rest.number(digits: 2), let monday = CivilDate.monday(ofWeek: week, in: year) else {
            return nil
        }
        if rest.isEmpty { return .local(CivilTime(date: monday)) }
        guard rest.popFirst() == "-", let day = rest.number(digits: 1), (1...7).contains(day), rest.isEmpty else {
            return nil
        }
        return .local(CivilTime(date: CivilDate(daysSince1970: monday.daysSince1970 + day - 1)))
    }

    /// `15:04[:05[.123]][Z|+02:00]`.
    private static func clock(_ date: CivilDate, _ text: Substring) -> TimeExpression.Form? {
        var rest = text
        guard let hour = rest.number(digits: 2), (0...23).contains(hour), rest.popFirst() == ":",
            let minute = rest.number(digits: 2), (0...59).contains(minute)
        else { return nil }
        var time = CivilTime(date: date, second: hour * 3600 + minute * 60)
        if rest.first == ":" {
            rest.removeFirst()
            // A leap second counts as the next one.
            guard let second = rest.number(digits: 2), (0...60).contains(second) else { return nil }
            time.second = min(time.second + second, 86_399)
            if rest.first == "." {
                let digits = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
                guard !digits.isEmpty, let value = UInt32(digits.prefix(9)) else { return nil }
                rest = rest.dropFirst(1 + digits.count)
                time.nanosecond = (digits.count..<9).reduce(value) { value, _ in value * 10 }
            }
        }
        if rest.first == " " { rest.removeFirst() }
        if rest.isEmpty { return .local(time) }
        guard let offset = offset(rest) else { return nil }
        return .instant(LocalCalendar { _ in offset }.instant(of: time))
    }

    private static func offset(_ text: Substring) -> Int? {
        if text == "z" || text == "utc" { return 0 }
        var rest = text
        guard let sign = rest.popFirst(), sign == "+" || sign == "-", let hours = rest.number(digits: 2),
            (0...23).contains(hours)
        else { return nil }
        if rest.first == ":" { rest.removeFirst() }
        guard let minutes = rest.number(digits: 2), (0...59).contains(minutes), rest.isEmpty else { return nil }
        return (hours * 3600 + minutes * 60) * (sign == "-" ? -1 : 1)
    }
}

extension Substring {
    /// Takes exactly this many digits off.
    fileprivate mutating func number(digits count: Int) -> Int? {
        let digits = prefix(count)
        guard digits.count == count, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        self = dropFirst(count)
        return Int(digits)
    }
}
