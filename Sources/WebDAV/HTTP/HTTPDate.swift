/// Dates of HTTP and WebDAV, as seconds since 1970, without leap seconds.
package enum HTTPDate {
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
    package static func format(_ seconds: Int64) -> String {
        let (days, time) = split(seconds)
        let date = civil(days)
        let weekday = weekdays[Int(((days % 7) + 7) % 7)]
        // Every answer has one or two of these: they are written digit by digit.
        return String(unsafeUninitializedCapacity: 48) { buffer in
            var text = DigitWriter(buffer)
            text.write(weekday)
            text.write(", ")
            text.write(date.day, digits: 2)
            text.write(" ")
            text.write(months[Int(date.month) - 1])
            text.write(" ")
            text.write(date.year, digits: 4)
            text.write(" ")
            text.write(time / 3_600, digits: 2)
            text.write(":")
            text.write(time / 60 % 60, digits: 2)
            text.write(":")
            text.write(time % 60, digits: 2)
            text.write(" GMT")
            return text.count
        }
    }

    /// Writes short text into a buffer; what does not fit is left out.
    private struct DigitWriter {
        private let buffer: UnsafeMutableBufferPointer<UInt8>
        private(set) var count = 0

        init(_ buffer: UnsafeMutableBufferPointer<UInt8>) { self.buffer = buffer }

        mutating func write(_ text: String) {
            for byte in text.utf8 { write(byte) }
        }

        /// With zeros in front; a number that has more digits is written with all of them.
        mutating func write(_ value: Int64, digits: Int) {
            var divisor: Int64 = 1
            for _ in 1..<digits { divisor *= 10 }
            guard value >= 0, value < 10 * divisor else { return write("\(value)") }
            while divisor > 0 {
                write(UInt8(ascii: "0") + UInt8(value / divisor % 10))
                divisor /= 10
            }
        }

        private mutating func write(_ byte: UInt8) {
            guard count < buffer.count else { return }
            buffer[count] = byte
            count += 1
        }
    }

    /// `1994-11-06T08:49:37Z` (RFC 3339), for `DAV:creationdate`.
    package static func formatISO8601(_ seconds: Int64) -> String {
        let (days, time) = split(seconds)
        let date = civil(days)
        return "\(four(date.year))-\(two(date.month))-\(two(date.day))"
            + "T\(two(time / 3_600)):\(two(time / 60 % 60)):\(two(time % 60))Z"
    }

    /// Reads the preferred form of RFC 9110; the two obsolete forms give nil, as any other text does.
    package static func parse(_ text: String) -> Int64? { parse(Array(text.utf8)[...]) }

    /// The same for the bytes of a text. Listings have one for each member.
    package static func parse(_ text: ArraySlice<UInt8>) -> Int64? {
        let start = text.startIndex
        func isThere(_ expected: StaticString, at offset: Int) -> Bool {
            expected.withUTF8Buffer { text[(start + offset)..<(start + offset + $0.count)].elementsEqual($0) }
        }
        func field(_ offset: Int, _ digits: Int) -> Int64? {
            number(text[(start + offset)..<(start + offset + digits)])
        }
        guard text.count == 29, isThere(", ", at: 3), isThere(" ", at: 7), isThere(" ", at: 11), isThere(" ", at: 16),
            isThere(":", at: 19), isThere(":", at: 22), isThere(" GMT", at: 25),
            let month = months.firstIndex(where: { text[(start + 8)..<(start + 11)].elementsEqual($0.utf8) }),
            let day = field(5, 2), let year = field(12, 4), let hour = field(17, 2), let minute = field(20, 2),
            let second = field(23, 2), (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        return dayNumber(year: year, month: Int64(month) + 1, day: day) * 86_400 + hour * 3_600 + minute * 60 + second
    }

    /// Reads `20060104T000000Z` (RFC 5545, 3.3.5, form 2), the only form that time ranges of DAV may have.
    package static func parseUTC(_ text: String) -> Int64? { parseUTC(Array(text.utf8)[...]) }

    /// The same for the bytes of a text.
    package static func parseUTC(_ text: ArraySlice<UInt8>) -> Int64? {
        let start = text.startIndex
        func field(_ offset: Int, _ digits: Int) -> Int64? {
            number(text[(start + offset)..<(start + offset + digits)])
        }
        guard text.count == 16, text[start + 8] == UInt8(ascii: "T"), text[start + 15] == UInt8(ascii: "Z"),
            let year = field(0, 4), let month = field(4, 2), let day = field(6, 2), let hour = field(9, 2),
            let minute = field(11, 2), let second = field(13, 2), (1...12).contains(month), (1...31).contains(day),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        let days = dayNumber(year: year, month: month, day: day)
        guard civil(days).month == month else { return nil }
        return days * 86_400 + hour * 3_600 + minute * 60 + second
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for byte in digits {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 0x30)
        }
        return value
    }

    private static func split(_ seconds: Int64) -> (days: Int64, time: Int64) {
        let time = ((seconds % 86_400) + 86_400) % 86_400
        return ((seconds - time) / 86_400, time)
    }

    private static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }

    private static func four(_ value: Int64) -> String {
        let text = "\(value)"
        return String(repeating: "0", count: max(0, 4 - text.count)) + text
    }

    /// Days since 1970-01-01 in the proleptic Gregorian calendar, counted in eras of 400 years that begin in March.
    private static func dayNumber(year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let days = days + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}
