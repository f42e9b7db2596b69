import ContentLines
import ICalendar

/// A VTIMEZONE for a zone that objects name without describing it: RFC 5545, section 3.6.5, wants every one described.
enum ZoneDefinition {
    /// Seconds since 1970: 1980 and 2050. What lies outside has the first or the last offset.
    private static let span = 315_532_800..<2_524_608_000
    private static let step = 86_400

    /// - Returns: the lines, from BEGIN to END.
    static func lines(of zone: CalendarTimeZone, name: String) -> [UInt8] {
        var writer = ContentLineWriter()
        writer.write("BEGIN", value: "VTIMEZONE".utf8)
        writer.write("TZID", text: name)
        let first = zone.offset(at: Instant(seconds: span.lowerBound))
        write(&writer, from: first, to: first, [LocalDateTime(year: 1970, month: 1, day: 1)])
        for (change, onsets) in onsets(of: zone, first) { write(&writer, from: change.from, to: change.to, onsets) }
        writer.write("END", value: "VTIMEZONE".utf8)
        return writer.bytes
    }

    private struct Change: Hashable {
        let from: Int
        let to: Int
    }

    /// Changes of the offset with the times of each, by the clock before the change; in the order of their first times.
    private static func onsets(of zone: CalendarTimeZone, _ first: Int) -> [(Change, [LocalDateTime])] {
        var found: [Change: [LocalDateTime]] = [:]
        var order: [Change] = []
        var offset = first
        for day in stride(from: span.lowerBound, to: span.upperBound, by: step) {
            let next = zone.offset(at: Instant(seconds: day + step))
            guard next != offset else { continue }
            var (low, high) = (day, day + step)
            while high - low > 1 {
                let middle = low + (high - low) / 2
                if zone.offset(at: Instant(seconds: middle)) == offset { low = middle } else { high = middle }
            }
            let change = Change(from: offset, to: next)
            if found[change] == nil { order.append(change) }
            found[change, default: []].append(LocalDateTime(seconds: high + offset))
            offset = next
        }
        return order.map { ($0, found[$0] ?? []) }
    }

    private static func write(_ writer: inout ContentLineWriter, from: Int, to: Int, _ onsets: [LocalDateTime]) {
        guard let first = onsets.first else { return }
        let kind = to > from ? "DAYLIGHT" : "STANDARD"
        writer.write("BEGIN", value: kind.utf8)
        writer.write("DTSTART", value: text(first).utf8)
        writer.write("TZOFFSETFROM", value: offset(from).utf8)
        writer.write("TZOFFSETTO", value: offset(to).utf8)
        if onsets.count > 1 {
            writer.write("RDATE", value: onsets.dropFirst().map(text).joined(separator: ",").utf8)
        }
        writer.write("END", value: kind.utf8)
    }

    private static func text(_ local: LocalDateTime) -> String { CalendarTime(local, .floating).basicFormat }

    private static func offset(_ seconds: Int) -> String {
        func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let size = abs(seconds)
        let rest = size % 60 == 0 ? "" : padded(size % 60)
        return (seconds < 0 ? "-" : "+") + padded(size / 3_600) + padded(size / 60 % 60) + rest
    }
}
