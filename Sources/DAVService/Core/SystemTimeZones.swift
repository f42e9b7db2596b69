import CollectionStore
import FoundationEssentials
import HTTPTypes
import ICalendar
import WebDAV

/// The zones of the machine, for TZIDs that come without a VTIMEZONE.
enum SystemTimeZones {
    private static let directory = "/usr/share/zoneinfo/"

    static let database = TimeZoneDatabase { name in
        FileManager.default.contents(atPath: directory + name).map { Array($0) }
    }
}

extension Resource {
    /// How floating times of this calendar are read: `calendar-timezone`, else `calendar-timezone-id`, else UTC.
    var zones: ZoneContext {
        let properties: CollectionProperties? =
            switch content {
            case .collection(let view): view.properties
            case .member(_, let view): view.properties
            case .directory: nil
            }
        return ZoneContext(text: properties?.timeZone, name: properties?.timeZoneID) ?? .system
    }
}

extension ZoneContext {
    /// Floating times are UTC.
    static let system = ZoneContext(database: SystemTimeZones.database)

    /// Floating times are in a zone given by a VTIMEZONE or by name; nil when neither can be read.
    init?(text: String?, name: String?) {
        let database = SystemTimeZones.database
        if let text, let zone = CalendarTimeZone(parsing: Array(text.utf8), database: database) {
            self.init(database: database, defaultZone: zone)
        } else if let name, let zone = database.zone(named: name) {
            self.init(database: database, defaultZone: zone)
        } else {
            return nil
        }
    }
}

/// The value of `calendar-timezone` (RFC 4791, 5.2.2).
enum CalendarTimeZoneValue {
    /// - Throws: 403 `valid-calendar-data` when there is not exactly one VTIMEZONE in it.
    static func validate(_ text: String) throws(DAVError) -> String {
        guard let object = try? CalendarObject(parsing: Array(text.utf8)), object.timeZones.count == 1,
            object.components.isEmpty
        else {
            throw DAVError(
                .forbidden, .validCalendarData, "A calendar-timezone is a VCALENDAR with exactly one VTIMEZONE.")
        }
        return text
    }
}

/// The value of `calendar-availability` (RFC 7953, 7.2.4).
enum AvailabilityValue {
    private static let maximumLength = 262_144

    /// - Throws: 403 `valid-calendar-data` when it is not an iCalendar object of VAVAILABILITY only.
    static func validate(_ text: String) throws(DAVError) -> String {
        guard text.utf8.count <= maximumLength, let object = try? CalendarObject(parsing: Array(text.utf8)),
            !object.components.isEmpty, object.components.allSatisfy({ $0.kind == .availability })
        else {
            throw DAVError(
                .forbidden, .validCalendarData,
                "A calendar-availability is a VCALENDAR with VAVAILABILITY, of at most \(maximumLength) bytes.")
        }
        return text
    }
}
