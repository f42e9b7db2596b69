package import ContentLines

/// A DATE or DATE-TIME value (RFC 5545 3.3.4, 3.3.5) with what it refers to.
package struct CalendarTime: Hashable, Sendable {
    package let form: Form
    /// Midnight for a DATE.
    package let local: LocalDateTime

    package enum Form: Hashable, Sendable {
        /// A day, wherever one is.
        case date
        /// A time of day, wherever one is.
        case floating
        case utc
        /// A time in the zone with that TZID.
        case zoned(String)
    }

    package init(_ local: LocalDateTime, _ form: Form) {
        self.local = local
        self.form = form
    }

    package init(_ instant: Instant) {
        self.init(instant.utc, .utc)
    }

    package var isDate: Bool { form == .date }

    /// Reads `19970714`, `19970714T133000` or `19970714T133000Z`. A TZID beside a DATE or a UTC time means nothing.
    ///
    /// Second 60 becomes 59 (RFC 5545 3.3.12). Returns nil for anything else, such as the 30th of February.
    package init?(parsing bytes: ArraySlice<UInt8>, zone: String? = nil) {
        var reader = ValueReader(bytes.trimmingBlanks)
        guard let year = reader.number(digits: 4), let month = reader.number(digits: 2),
            let day = reader.number(digits: 2), CivilDate.isValid(year: year, month: month, day: day)
        else { return nil }
        if reader.isAtEnd {
            self.init(LocalDateTime(year: year, month: month, day: day), .date)
            return
        }
        guard reader.skip("T"), let hour = reader.number(digits: 2), let minute = reader.number(digits: 2),
            hour < 24, minute < 60
        else { return nil }
        let second = reader.number(digits: 2) ?? 0
        guard second <= 60 else { return nil }
        let local = LocalDateTime(
            year: year, month: month, day: day, hour: hour, minute: minute, second: min(second, 59))
        let isUTC = reader.skip("Z")
        guard reader.isAtEnd else { return nil }
        if isUTC {
            self.init(local, .utc)
        } else {
            self.init(local, zone.map { .zoned($0) } ?? .floating)
        }
    }

    /// As iCalendar writes it, without TZID.
    package var basicFormat: String {
        let (year, month, day) = local.date.components
        let second = local.secondOfDay
        return String(unsafeUninitializedCapacity: 32) { text in
            var count = 0
            func write(_ number: Int, _ width: Int) {
                var divisor = width == 4 ? 1_000 : 10
                var rest = min(max(number, 0), divisor * 10 - 1)
                while divisor > 0 {
                    text[count] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / divisor)
                    rest %= divisor
                    divisor /= 10
                    count += 1
                }
            }
            write(year, 4)
            write(month, 2)
            write(day, 2)
            guard !isDate else { return count }
            text[count] = UInt8(ascii: "T")
            count += 1
            write(second / 3_600, 2)
            write(second / 60 % 60, 2)
            write(second % 60, 2)
            if form == .utc {
                text[count] = UInt8(ascii: "Z")
                count += 1
            }
            return count
        }
    }
}

extension ContentLine {
    /// The value as one DATE or DATE-TIME with the zone of the TZID parameter.
    package var calendarTime: CalendarTime? {
        CalendarTime(parsing: value, zone: zoneIdentifier)
    }

    /// The values of a comma-separated list (RDATE, EXDATE) that are DATE or DATE-TIME; others are left out.
    package var calendarTimes: [CalendarTime] {
        let zone = zoneIdentifier
        return value.split(separator: UInt8(ascii: ",")).compactMap { CalendarTime(parsing: $0, zone: zone) }
    }

    /// The TZID parameter.
    package var zoneIdentifier: String? {
        parameterBytes.isEmpty ? nil : parameterValue("TZID")
    }
}
