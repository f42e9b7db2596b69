package import ContentLines

/// A DURATION value (RFC 5545 3.3.6): days and weeks are nominal, hours and less are exact.
package struct CalendarDuration: Hashable, Sendable {
    /// Nominal days, weeks included; negative for a negative duration.
    package var days: Int
    /// Exact seconds; negative for a negative duration.
    package var seconds: Int

    package init(days: Int = 0, seconds: Int = 0) {
        self.days = days
        self.seconds = seconds
    }

    package static let zero = CalendarDuration()

    /// The length if every day had 24 hours.
    package var nominalSeconds: Int { days * 86_400 + seconds }

    package var isPositive: Bool { nominalSeconds > 0 }

    /// Reads `P1W`, `-PT15M`, `P1DT2H3M4S`; tolerates parts in any order and `P1WT0S`.
    ///
    /// Returns nil for anything else and for more than ten thousand years.
    package init?(parsing bytes: ArraySlice<UInt8>) {
        var reader = ValueReader(bytes.trimmingBlanks)
        let isNegative = reader.skip("-")
        if !isNegative { _ = reader.skip("+") }
        guard reader.skip("P"), !reader.isAtEnd else { return nil }
        var days = 0
        var seconds = 0
        var isTime = false
        while !reader.isAtEnd {
            if !isTime, reader.skip("T") {
                isTime = true
                continue
            }
            guard let number = reader.number() else { return nil }
            if !isTime, reader.skip("W") {
                days += number * 7
            } else if !isTime, reader.skip("D") {
                days += number
            } else if isTime, reader.skip("H") {
                seconds += number * 3_600
            } else if isTime, reader.skip("M") {
                seconds += number * 60
            } else if isTime, reader.skip("S") {
                seconds += number
            } else {
                return nil
            }
        }
        guard days <= 3_660_000, seconds <= 3_660_000 * 86_400 else { return nil }
        self.init(days: isNegative ? -days : days, seconds: isNegative ? -seconds : seconds)
    }
}

/// A PERIOD value (RFC 5545 3.3.9).
package struct CalendarPeriod: Hashable, Sendable {
    package let start: CalendarTime
    package let end: End

    package enum End: Hashable, Sendable {
        case time(CalendarTime)
        case duration(CalendarDuration)
    }

    /// Reads `start/end` and `start/duration`.
    package init?(parsing bytes: ArraySlice<UInt8>, zone: String? = nil) {
        guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")),
            let start = CalendarTime(parsing: bytes[..<slash], zone: zone), !start.isDate
        else { return nil }
        let rest = bytes[(slash + 1)...]
        if let end = CalendarTime(parsing: rest, zone: zone) {
            self.end = .time(end)
        } else if let duration = CalendarDuration(parsing: rest) {
            self.end = .duration(duration)
        } else {
            return nil
        }
        self.start = start
    }
}

extension ContentLine {
    /// The value as DURATION.
    package var duration: CalendarDuration? { CalendarDuration(parsing: value) }

    /// The values of a comma-separated list (FREEBUSY, RDATE) that are PERIOD; others are left out.
    package var periods: [CalendarPeriod] {
        let zone = zoneIdentifier
        return value.split(separator: UInt8(ascii: ",")).compactMap { CalendarPeriod(parsing: $0, zone: zone) }
    }
}
