package import ConnectorKit

/// How numbers and times are written for people.
package enum Format {
    /// Bytes in IEC units: `512 B`, `3.4 MiB`.
    package static func size(_ bytes: some BinaryInteger) -> String {
        guard bytes >= 1024 else { return "\(bytes) B" }
        var value = Double(bytes)
        var unit = 0
        while value >= 1024, unit < 6 {
            value /= 1024
            unit += 1
        }
        // 1023.97 KiB reads better as 1.0 MiB.
        if value >= 1023.95, unit < 6 {
            value /= 1024
            unit += 1
        }
        return "\(decimal(value, digits: value < 100 ? 1 : 0)) \(["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"][unit])"
    }

    /// A duration: `12ms`, `1.2s`, `3m05s`, `2h10m`.
    package static func duration(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        if seconds < 0 { return "0s" }
        let milliseconds = attoseconds / 1_000_000_000_000_000
        switch seconds {
        case 0: return "\(milliseconds)ms"
        case 1..<60: return "\(seconds).\(milliseconds / 100)s"
        case 60..<3600: return "\(seconds / 60)m\(padded(seconds % 60))s"
        default: return "\(seconds / 3600)h\(padded(seconds / 60 % 60))m"
        }
    }

    static func count(_ number: Int, _ singular: String, _ plural: String? = nil) -> String {
        number == 1 ? "1 \(singular)" : "\(number) \(plural ?? singular + "s")"
    }

    /// RFC 3339 in UTC: `2026-07-02T15:04:05Z`, with nine digits of a second where asked.
    package static func time(_ time: Timestamp, fraction: Bool = false) -> String {
        let days = floorDivide(time.seconds, 86_400)
        // Not a difference: that of the earliest second there is would overflow.
        let second = (time.seconds % 86_400 + 86_400) % 86_400
        let (year, month, day) = civil(days)
        let date = "\(year < 1000 ? "0" + padded(year, 3) : "\(year)")-\(padded(month))-\(padded(day))"
        let clock = "\(padded(second / 3600)):\(padded(second / 60 % 60)):\(padded(second % 60))"
        return "\(date)T\(clock)\(fraction ? ".\(padded(Int64(time.nanoseconds), 9))" : "")Z"
    }

    /// A compact local-free time for names of folders: `20260702T150405Z`.
    static func compactTime(_ value: Timestamp) -> String { time(value).filter { $0 != "-" && $0 != ":" } }

    static func decimal(_ value: Double, digits: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "?" }
        guard digits > 0 else { return String(Int64(value.rounded())) }
        var scale: Int64 = 1
        for _ in 0..<digits { scale *= 10 }
        let scaled = Int64((value * Double(scale)).rounded())
        return "\(scaled / scale).\(padded(scaled % scale, digits))"
    }

    static func padded(_ number: Int64, _ width: Int = 2) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
        let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// Year, month and day of a day counted from 1970-01-01 in the Gregorian calendar, by counting years from March,
    /// so that the leap day comes last.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }
}

extension Timestamp {
    /// This instant.
    static var now: Timestamp {
        let (seconds, attoseconds) = SystemClockReading.sinceEpoch
        return Timestamp(seconds: seconds, nanoseconds: attoseconds)
    }
}
