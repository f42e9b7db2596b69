import ContentLines

extension RecurrenceRule {
    /// Reads a RECUR value. Parts may come in any order; unknown ones (X-...) are passed over.
    ///
    /// - Throws: `.invalidValue`, or `.unsupported` for a RSCALE other than GREGORIAN.
    package init(parsing value: ArraySlice<UInt8>) throws(ICalendarError) {
        var parts = RecurrenceParts(value)
        guard let name = try parts.take("FREQ"), let frequency = Frequency(name: name) else {
            throw ICalendarError(.invalidValue, "The recurrence rule \(parts.text) has no known FREQ.")
        }
        self.init(frequency)
        if let text = try parts.take("RSCALE"), !ASCII.equalsIgnoringCase(text, "GREGORIAN") {
            let name = ASCII.uppercasedString(text)
            guard CalendarScales.named(name) != nil else {
                throw ICalendarError(.unsupported, "Recurrence in the calendar \(name.prefix(40)) is not evaluated.")
            }
            scale = name
        }
        if let text = try parts.take("INTERVAL") { interval = try parts.number(text, in: 1...999_999_999) }
        end = try Self.readEnd(&parts)
        if let text = try parts.take("WKST") { weekStart = try parts.weekday(text).weekday }
        // Second 60 exists only on leap seconds, which are not counted here (RFC 5545 3.3.10).
        bySecond = try parts.numbers("BYSECOND", in: 0...60).map { min($0, 59) }.sortedWithoutRepeats
        byMinute = try parts.numbers("BYMINUTE", in: 0...59).sortedWithoutRepeats
        byHour = try parts.numbers("BYHOUR", in: 0...23).sortedWithoutRepeats
        byDay = try parts.weekdays("BYDAY")
        byMonthDay = try parts.numbers("BYMONTHDAY", in: -31...31, nonZero: true)
        byYearDay = try parts.numbers("BYYEARDAY", in: -366...366, nonZero: true)
        byWeekNumber = try parts.numbers("BYWEEKNO", in: -53...53, nonZero: true)
        if scale == nil {
            byMonth = try parts.numbers("BYMONTH", in: 1...12).sortedWithoutRepeats
        } else {
            (byMonth, byLeapMonth) = try parts.scaledMonths()
            guard byWeekNumber.isEmpty else {
                throw ICalendarError(.unsupported, "Weeks are not numbered in other calendars than the Gregorian.")
            }
        }
        bySetPosition = try parts.numbers("BYSETPOS", in: -366...366, nonZero: true)
        if let text = try parts.take("SKIP") { skip = try Self.readSkip(text, parts) }
    }

    package init(_ text: String) throws(ICalendarError) {
        try self.init(parsing: Array(text.utf8)[...])
    }

    private static func readEnd(_ parts: inout RecurrenceParts) throws(ICalendarError) -> End {
        if let text = try parts.take("COUNT") { return .count(try parts.number(text, in: 1...999_999_999)) }
        guard let text = try parts.take("UNTIL") else { return .never }
        guard let time = CalendarTime(parsing: text) else {
            throw ICalendarError(.invalidValue, "The recurrence rule \(parts.text) has no date or time after UNTIL.")
        }
        return .until(time)
    }

    private static func readSkip(_ text: ArraySlice<UInt8>, _ parts: RecurrenceParts) throws(ICalendarError) -> Skip {
        if ASCII.equalsIgnoringCase(text, "OMIT") { return .omit }
        if ASCII.equalsIgnoringCase(text, "BACKWARD") { return .backward }
        if ASCII.equalsIgnoringCase(text, "FORWARD") { return .forward }
        throw ICalendarError(.invalidValue, "The recurrence rule \(parts.text) has an unknown SKIP.")
    }
}

extension RecurrenceRule.Frequency {
    init?(name: ArraySlice<UInt8>) {
        switch ASCII.uppercasedString(name) {
        case "SECONDLY": self = .secondly
        case "MINUTELY": self = .minutely
        case "HOURLY": self = .hourly
        case "DAILY": self = .daily
        case "WEEKLY": self = .weekly
        case "MONTHLY": self = .monthly
        case "YEARLY": self = .yearly
        default: return nil
        }
    }
}

/// `NAME=value;NAME=value` of one rule.
private struct RecurrenceParts {
    private let value: ArraySlice<UInt8>
    private let parts: [(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)]

    init(_ value: ArraySlice<UInt8>) {
        self.value = value.trimmingBlanks
        parts = self.value.split(separator: UInt8(ascii: ";")).compactMap { part in
            part.firstIndex(of: UInt8(ascii: "=")).map { equals in
                (part[..<equals].trimmingBlanks, part[(equals + 1)...].trimmingBlanks)
            }
        }
    }

    var text: String { String(decoding: value.prefix(200), as: UTF8.self) }

    /// The value of the part; nil when it is not there or empty.
    func take(_ name: StaticString) throws(ICalendarError) -> ArraySlice<UInt8>? {
        var found: ArraySlice<UInt8>?
        for index in parts.indices where parts[index].name.count == name.utf8CodeUnitCount {
            guard ASCII.equalsIgnoringCase(parts[index].name, name) else { continue }
            guard found == nil else {
                throw ICalendarError(.invalidValue, "The recurrence rule \(text) has \(name) twice.")
            }
            found = parts[index].value
        }
        return found.flatMap { $0.isEmpty ? nil : $0 }
    }

    func number(_ bytes: ArraySlice<UInt8>, in range: ClosedRange<Int>) throws(ICalendarError) -> Int {
        var reader = ValueReader(bytes.trimmingBlanks)
        guard let number = reader.signedNumber(), reader.isAtEnd, range.contains(number) else {
            throw ICalendarError(
                .invalidValue,
                "The recurrence rule \(text) has \(String(decoding: bytes, as: UTF8.self)) "
                    + "where a number from \(range.lowerBound) to \(range.upperBound) belongs.")
        }
        return number
    }

    func numbers(
        _ name: StaticString,
        in range: ClosedRange<Int>,
        nonZero: Bool = false
    ) throws(ICalendarError) -> [Int] {
        guard let list = try take(name) else { return [] }
        var numbers: [Int] = []
        for item in list.split(separator: UInt8(ascii: ",")) {
            let number = try self.number(item, in: range)
            guard number != 0 || !nonZero else {
                throw ICalendarError(.invalidValue, "The recurrence rule \(text) has 0 in \(name).")
            }
            numbers.append(number)
        }
        return numbers
    }

    /// BYMONTH by another calendar: numbers, and those of leap months with an L.
    func scaledMonths() throws(ICalendarError) -> ([Int], [Int]) {
        var (plain, leap): ([Int], [Int]) = ([], [])
        for item in try take("BYMONTH")?.split(separator: UInt8(ascii: ",")) ?? [] {
            let item = item.trimmingBlanks
            if item.last == UInt8(ascii: "L") || item.last == UInt8(ascii: "l") {
                leap.append(try number(item.dropLast(), in: 1...13))
            } else {
                plain.append(try number(item, in: 1...13))
            }
        }
        return (plain.sortedWithoutRepeats, leap.sortedWithoutRepeats)
    }

    func weekdays(_ name: StaticString) throws(ICalendarError) -> [RecurrenceRule.WeekdayNumber] {
        guard let list = try take(name) else { return [] }
        var days: [RecurrenceRule.WeekdayNumber] = []
        for item in list.split(separator: UInt8(ascii: ",")) { days.append(try weekday(item.trimmingBlanks)) }
        return days
    }

    /// `MO`, `1MO`, `-2SU`.
    func weekday(_ bytes: ArraySlice<UInt8>) throws(ICalendarError) -> RecurrenceRule.WeekdayNumber {
        let name = ASCII.uppercasedString(bytes.suffix(2))
        var ordinal = 0
        if bytes.count > 2 { ordinal = try number(bytes.dropLast(2), in: -366...366) }
        guard let weekday = Weekday.allCases.first(where: { $0.abbreviation == name }) else {
            throw ICalendarError(
                .invalidValue,
                "The recurrence rule \(text) has \(String(decoding: bytes, as: UTF8.self)) where a weekday belongs.")
        }
        return RecurrenceRule.WeekdayNumber(weekday, ordinal: ordinal)
    }
}

extension Sequence<Int> {
    var sortedWithoutRepeats: [Int] { Set(self).sorted() }
}
