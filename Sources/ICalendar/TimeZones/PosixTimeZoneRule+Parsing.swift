extension PosixTimeZoneRule {
    /// Reads a POSIX TZ string with the extension of RFC 8536 (hours from -167 to 167). Returns nil for anything else.
    init?(parsing text: ArraySlice<UInt8>) {
        var reader = ValueReader(text)
        guard reader.skipZoneName(), let standard = reader.zoneClock() else { return nil }
        standardOffset = -standard
        guard !reader.isAtEnd else {
            daylight = nil
            return
        }
        guard reader.skipZoneName() else { return nil }
        var offset = standardOffset + 3_600
        if let next = reader.rest.first, next != UInt8(ascii: ",") {
            guard let clock = reader.zoneClock() else { return nil }
            offset = -clock
        }
        guard reader.skip(","), let start = Self.readChange(&reader), reader.skip(","),
            let end = Self.readChange(&reader), reader.isAtEnd
        else { return nil }
        daylight = Daylight(offset: offset, start: start, end: end)
    }

    private static func readChange(_ reader: inout ValueReader) -> Change? {
        guard let day = readDay(&reader) else { return nil }
        var time = 2 * 3_600
        if reader.skip("/") {
            guard let clock = reader.zoneClock() else { return nil }
            time = clock
        }
        return Change(day: day, time: time)
    }

    private static func readDay(_ reader: inout ValueReader) -> Change.Day? {
        if reader.skip("M") {
            guard let month = reader.number(), (1...12).contains(month), reader.skip("."),
                let week = reader.number(), (1...5).contains(week), reader.skip("."),
                let weekday = reader.number(), (0...6).contains(weekday)
            else { return nil }
            return .weekday(month: month, week: week, weekday: weekday)
        }
        if reader.skip("J") {
            guard let number = reader.number(), (1...365).contains(number) else { return nil }
            return .julian(number)
        }
        guard let number = reader.number(), (0...365).contains(number) else { return nil }
        return .ordinal(number)
    }
}

extension ValueReader {
    /// `CET` or `<+0330>`.
    fileprivate mutating func skipZoneName() -> Bool {
        if skip("<") {
            while !isAtEnd {
                if skip(">") { return true }
                skipByte()
            }
            return false
        }
        var length = 0
        while let byte = rest.first, (byte | 0x20) &- UInt8(ascii: "a") < 26 {
            skipByte()
            length += 1
        }
        return length >= 3
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    fileprivate mutating func zoneClock() -> Int? {
        let isNegative = skip("-")
        if !isNegative { _ = skip("+") }
        guard let hours = number(), hours <= 167 else { return nil }
        var seconds = hours * 3_600
        for unit in [60, 1] where skip(":") {
            guard let part = number(), part < 60 else { return nil }
            seconds += part * unit
        }
        return isNegative ? -seconds : seconds
    }
}
