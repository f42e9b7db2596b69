import ContentLines
import HTTPTypes
import ICalendar
import WebDAV

/// Time zones by reference (RFC 7809, 7.1): a client that says `CalDAV-Timezones: F` knows the standard zones and gets
/// calendar data without their definitions.
enum TimeZoneReferences {
    /// The object without the VTIMEZONEs of zones that everybody knows by name.
    static func withoutStandardZones(_ object: CalendarObject) -> [UInt8] {
        var dropped: Set<Int> = []
        for zone in object.timeZones {
            guard let name = zone.property("TZID")?.text, SystemTimeZones.database.zone(named: name) != nil else {
                continue
            }
            dropped.formUnion(zone.beginLine.index...zone.endLine.index)
        }
        guard !dropped.isEmpty else { return object.source }
        var writer = ContentLineWriter()
        for line in object.document where !dropped.contains(line.index) { writer.copy(line) }
        return writer.bytes
    }
}

extension DAVContext {
    /// Calendar data with as many definitions of time zones as the client wants. What cannot be read stays as it is.
    func withWantedTimeZones(_ bytes: [UInt8]) -> [UInt8] {
        guard request.headers[.calDAVTimezones]?.uppercased() == "F",
            let object = try? CalendarObject(parsing: bytes)
        else { return bytes }
        return TimeZoneReferences.withoutStandardZones(object)
    }
}
