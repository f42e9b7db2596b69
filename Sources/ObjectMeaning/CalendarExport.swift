import ContentLines
package import ICalendar

/// Many calendar objects as one iCalendar stream that any program imports: one VCALENDAR, each time zone once, every
/// component with a UID. Lines that need no change keep their bytes.
package struct CalendarExport: Sendable {
    private var zones: [Zone] = []
    private var body = ContentLineWriter()
    private let name: String?
    private let color: String?
    private let database: TimeZoneDatabase
    /// Components taken in.
    package private(set) var count = 0
    /// UIDs with recurrence identity, so that an object that lies there twice comes once.
    private var seen: Set<String> = []
    package private(set) var duplicates = 0

    private struct Zone {
        /// In the stream.
        let name: String
        /// Of the definition as it came.
        let bytes: [UInt8]
        let rules: CalendarTimeZone?
        let original: String
    }

    /// - Parameters: name and colour of the calendar, nil when it has none.
    package init(name: String?, color: String?, zones: ZoneContext) {
        self.name = name
        self.color = color
        database = zones.database
    }

    /// Adds the components of one object.
    ///
    /// - Parameter fallbackUID: for components that have none.
    /// - Returns: false when the object cannot be read, or has nothing in it.
    package mutating func add(_ bytes: [UInt8], fallbackUID: String) -> Bool {
        guard let object = try? CalendarObject(parsing: bytes), !object.components.isEmpty else { return false }
        var names: [String: String] = [:]
        for zone in object.timeZones {
            guard let name = zone.property("TZID")?.text else { continue }
            names[name] = define(zone, name)
        }
        for name in Self.zoneNames(in: object) where names[name] == nil {
            names[name] = define(undescribed: name)
        }
        let changed = names.filter { $0.key != $0.value }
        for component in object.components {
            let identity = (component.uid ?? fallbackUID) + "\n" + (component.property("RECURRENCE-ID")?.rawText ?? "")
            guard seen.insert(identity).inserted else {
                duplicates += 1
                continue
            }
            count += 1
            write(component, changed, fallbackUID)
        }
        return true
    }

    private static func zoneNames(in object: CalendarObject) -> Set<String> {
        Set(object.components.flatMap { $0.lines.compactMap(\.zoneIdentifier) })
    }

    /// A zone that is only named: described from the database, left alone when it is not there.
    private mutating func define(undescribed name: String) -> String {
        if let known = zones.first(where: { $0.original == name }) { return known.name }
        guard let zone = database.zone(named: name) else { return name }
        zones.append(
            Zone(name: name, bytes: ZoneDefinition.lines(of: zone, name: name), rules: zone, original: name))
        return name
    }

    /// - Returns: the name of the zone in the stream: its own, unless another zone has that.
    private mutating func define(_ component: Component, _ name: String) -> String {
        var writer = ContentLineWriter()
        for line in component.lines { writer.copy(line) }
        let rules = CalendarTimeZone(component)
        for zone in zones where zone.original == name {
            if zone.bytes == writer.bytes || Self.isSame(zone.rules, rules) { return zone.name }
        }
        var given = name
        var number = 2
        while zones.contains(where: { $0.name == given }) {
            given = "\(name) (\(number))"
            number += 1
        }
        zones.append(Zone(name: given, bytes: writer.bytes, rules: rules, original: name))
        return given
    }

    /// Whether two definitions agree from 1990 to 2040, looked at every five days.
    private static func isSame(_ a: CalendarTimeZone?, _ b: CalendarTimeZone?) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return stride(from: 631_152_000, to: 2_208_988_800, by: 432_000).allSatisfy {
            a.offset(at: Instant(seconds: $0)) == b.offset(at: Instant(seconds: $0))
        }
    }

    private mutating func write(_ component: Component, _ renamed: [String: String], _ fallbackUID: String) {
        var needsUID = component.uid == nil
        for line in component.lines {
            let isOwnBegin = line.index == component.beginLine.index
            if needsUID, line.isNamed("UID") { continue }
            if let name = line.zoneIdentifier, let other = renamed[name] {
                write(line, zone: other)
            } else {
                body.copy(line)
            }
            if isOwnBegin, needsUID {
                body.write("UID", text: fallbackUID)
                needsUID = false
            }
        }
    }

    private mutating func write(_ line: ContentLine, zone: String) {
        let parameters = line.parameters.map { parameter in
            (parameter.name, parameter.isNamed("TZID") ? [zone] : parameter.values)
        }
        body.write(line.name, parameters, value: line.value)
    }

    /// The whole stream.
    package func finish() -> [UInt8] {
        var writer = ContentLineWriter()
        writer.write("BEGIN", value: "VCALENDAR".utf8)
        writer.write("VERSION", value: "2.0".utf8)
        writer.write("PRODID", value: "-//Fasti//Fasti//EN".utf8)
        writer.write("CALSCALE", value: "GREGORIAN".utf8)
        if let name {
            // RFC 7986, section 5.1, and what programs read that do not know it.
            writer.write("NAME", text: name)
            writer.write("X-WR-CALNAME", text: name)
        }
        if let color { writer.write("X-APPLE-CALENDAR-COLOR", text: color) }
        for zone in zones {
            guard zone.name != zone.original, let object = try? ContentDocument(zone.bytes) else {
                for line in (try? ContentDocument(zone.bytes)).map(Array.init) ?? [] { writer.copy(line) }
                continue
            }
            for line in object {
                if line.isNamed("TZID") { writer.write("TZID", text: zone.name) } else { writer.copy(line) }
            }
        }
        var end = ContentLineWriter()
        end.write("END", value: "VCALENDAR".utf8)
        return writer.bytes + body.bytes + end.bytes
    }
}
