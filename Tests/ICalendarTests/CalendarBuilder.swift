import ICalendar
import Testing

/// Objects for tests, from the lines that matter.
enum Build {
    /// A VCALENDAR with the VTIMEZONE of New York around the lines.
    static func object(_ lines: String) throws -> CalendarObject {
        let text =
            "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Fasti//Test//EN\n\(Zones.newYorkComponent)\n\(lines)\nEND:VCALENDAR\n"
        return try CalendarObject(parsing: Array(text.utf8))
    }

    /// One component of that kind with UID and DTSTAMP.
    static func component(_ kind: String, _ lines: String) -> String {
        "BEGIN:\(kind)\nUID:1\nDTSTAMP:20240101T000000Z\n\(lines)\nEND:\(kind)"
    }

    static func event(_ lines: String, overrides: String...) throws -> CalendarObject {
        try object(([lines] + overrides).map { component("VEVENT", $0) }.joined(separator: "\n"))
    }

    static func todo(_ lines: String) throws -> CalendarObject { try object(component("VTODO", lines)) }
}

extension CalendarObject {
    /// Starts of the instances in a range, as UTC text (days as days).
    func starts(_ from: String, _ to: String, zone: CalendarTimeZone = .utc) throws -> [String] {
        try instances(in: range(from, to), zones: ZoneContext(database: Zones.database, defaultZone: zone))
            .map { $0.startTime.isDate ? $0.startTime.basicFormat : CalendarTime($0.start).basicFormat }
    }

    func isFound(_ from: String?, _ to: String?, zone: CalendarTimeZone = .utc) throws -> Bool {
        let component = try #require(components.first)
        return try overlaps(
            component, range(from, to), in: ZoneContext(database: Zones.database, defaultZone: zone))
    }

    func range(_ from: String?, _ to: String?) throws -> TimeRange {
        func complete(_ text: String?) -> String? {
            text.map { $0.contains("T") ? $0 + "Z" : $0 + "T000000Z" }
        }
        return try #require(TimeRange(parsingStart: complete(from), end: complete(to)))
    }
}
