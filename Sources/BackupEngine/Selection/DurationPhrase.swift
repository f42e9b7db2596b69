internal import ConnectorKit

/// A length of time as a person writes it: `2w`, `1h30m`, `3 months`, `half an hour`, `1 week and 2 days ago`.
///
/// Months and years go back in the calendar; everything below is a number of seconds.
package struct DurationPhrase: Hashable, Sendable {
    package private(set) var months = 0
    package private(set) var seconds: Int64 = 0

    /// No time at all.
    init() {}

    /// - Returns: nil when the text is no duration, or a part of it is longer than 9999 years.
    package init?(_ text: String) {
        var words = Self.words(of: text.lowercased())
        if words.last == "ago" { words.removeLast() }
        guard !words.isEmpty else { return nil }
        var isAfterHours = false
        var index = 0
        while index < words.count {
            if words[index] == "and" || words[index] == ",", index > 0, index + 1 < words.count {
                index += 1
                continue
            }
            guard let (amount, length) = Self.amount(words[index...]), index + length < words.count,
                let unit = Unit(words[index + length], isAfterHours: isAfterHours), add(amount, unit)
            else { return nil }
            isAfterHours = unit == .hour
            index += length + 1
        }
    }

    /// Numbers and letters apart from each other.
    private static func words(of text: String) -> [String] {
        var words: [String] = []
        var last: Kind = .other
        for character in text {
            let kind: Kind =
                character.isASCII && (character.isNumber || character == ".")
                ? .number : character.isLetter ? .letter : character == "," ? .comma : .other
            if kind == last, kind != .other, kind != .comma {
                words[words.count - 1].append(character)
            } else if kind != .other || !character.isWhitespace {
                words.append(String(character))
            }
            last = kind
        }
        return words
    }

    private enum Kind { case number, letter, comma, other }

    private static let numbers = [
        "a": 1.0, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
        "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
    ]

    /// How much, and how many words said it.
    private static func amount(_ words: ArraySlice<String>) -> (Double, Int)? {
        guard let first = words.first else { return nil }
        if first == "half", let article = words.dropFirst().first, article == "a" || article == "an" { return (0.5, 2) }
        if let number = numbers[first] { return (number, 1) }
        guard first.first?.isNumber == true, let number = Double(first), number.isFinite else { return nil }
        return (number, 1)
    }

    private enum Unit {
        case second, minute, hour, day, week, month, year

        init?(_ word: String, isAfterHours: Bool) {
            switch word {
            case "s", "sec", "secs", "second", "seconds": self = .second
            case "mi", "min", "mins", "minute", "minutes": self = .minute
            case "h", "hr", "hrs", "hour", "hours": self = .hour
            case "d", "day", "days": self = .day
            case "w", "week", "weeks": self = .week
            case "m": self = isAfterHours ? .minute : .month
            case "mo", "month", "months": self = .month
            case "y", "year", "years": self = .year
            default: return nil
            }
        }

        /// nil for what has no fixed length.
        var seconds: Double? {
            switch self {
            case .second: 1
            case .minute: 60
            case .hour: 3600
            case .day: 86_400
            case .week: 604_800
            case .month, .year: nil
            }
        }
    }

    private mutating func add(_ amount: Double, _ unit: Unit) -> Bool {
        if let length = unit.seconds {
            let more = (amount * length).rounded()
            guard more < 3.2e11 else { return false }
            seconds += Int64(more)
            return seconds < 320_000_000_000
        }
        // Half a month is half of 30 days, half a year six months.
        let exact = unit == .year ? amount * 12 : amount
        guard exact < 120_000 else { return false }
        let whole = exact.rounded(.down)
        months += Int(whole)
        seconds += Int64(((exact - whole) * 30 * 86_400).rounded())
        return months < 120_000
    }

    /// The instant this long ago.
    func before(_ moment: Moment) -> Timestamp {
        var instant = moment.now
        if months > 0 {
            var time = moment.calendar.time(at: instant)
            time.date = time.date.subtracting(months: months)
            instant = moment.calendar.instant(of: time)
        }
        instant.seconds = instant.seconds.subtractingReportingOverflow(seconds).partialValue
        return instant
    }
}
