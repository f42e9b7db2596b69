internal import FoundationEssentials
internal import ICalendar
internal import ObjectMeaning

extension CommandContext {
    /// How times in calendars are read and shown: zones by name from the machine, times in UTC by the reader's clock.
    var readerTimes: TimeWords {
        let database = TimeZoneDatabase { name in
            let path = name == Self.localName ? "/etc/localtime" : "/usr/share/zoneinfo/" + name
            return FileManager.default.contents(atPath: path).map { Array($0) }
        }
        let named = environment["TZ"].flatMap { text in
            text.isEmpty ? nil : database.zone(named: String(text.drop { $0 == ":" }))
        }
        let own = named ?? database.zone(named: Self.localName) ?? .utc
        return TimeWords(ZoneContext(database: database, defaultZone: own))
    }

    /// A name that no zone has.
    private static let localName = "fasti-localtime"
}
