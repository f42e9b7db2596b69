import Foundation
import ICalendar
import SeededNumbers
import Testing

@Suite struct TimeZoneTests {
    private func zone(_ name: String) throws -> CalendarTimeZone {
        try #require(Zones.database.zone(named: name), "\(name) is not in /usr/share/zoneinfo")
    }

    private func utc(_ text: String) throws -> Int {
        try #require(CalendarTime(parsing: Array(text.utf8)[...])).local.seconds
    }

    @Test(arguments: [
        ("19970714T133000", "19970714T173000Z"),
        ("20070311T015959", "20070311T065959Z"),
        // RFC 5545 3.3.5: skipped times are read with the offset before the gap, repeated ones are the first.
        ("20070311T023000", "20070311T073000Z"),
        ("20070311T030000", "20070311T070000Z"),
        ("20071104T005959", "20071104T045959Z"),
        ("20071104T013000", "20071104T053000Z"),
        ("20071104T020000", "20071104T070000Z"),
        // After the last transition of the table.
        ("21900701T090000", "21900701T130000Z"),
        ("21901201T090000", "21901201T140000Z"),
        ("99991231T235959", "100000101T045959Z"),
    ])
    func newYork(local: String, expected: String) throws {
        let zones = [
            try zone("America/New_York"),
            try #require(CalendarTimeZone(parsing: Array(Zones.newYork.utf8), database: .empty)),
        ]
        for zone in zones {
            let instant = zone.instant(of: LocalDateTime(seconds: try utc(local)))
            if expected.count == 16 {
                #expect(instant.seconds == (try utc(expected)), "\(local) in \(zone.identifier)")
            } else {
                #expect(instant.seconds == (try utc(local)) + 5 * 3_600)
            }
        }
    }

    @Test func describedZoneAgreesWithTheDatabase() throws {
        let compiled = try zone("America/New_York")
        let described = try #require(CalendarTimeZone(parsing: Array(Zones.newYork.utf8), database: .empty))
        for hour in stride(from: try utc("20070101T000000") / 3_600, to: try utc("21000101T000000") / 3_600, by: 7) {
            let instant = Instant(seconds: hour * 3_600)
            #expect(compiled.offset(at: instant) == described.offset(at: instant))
        }
    }

    @Test func agreesWithFoundation() throws {
        var generator = SeededGenerator(seed: 8_536)
        for name in [
            "Europe/Paris", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca",
            "Europe/Dublin", "Pacific/Apia", "America/St_Johns",
        ] {
            let ours = try zone(name)
            guard let theirs = TimeZone(identifier: name) else { continue }
            for _ in 0..<200 {
                let seconds = Int.random(in: -2_000_000_000...2_100_000_000, using: &generator)
                let date = Date(timeIntervalSince1970: Double(seconds))
                #expect(
                    ours.offset(at: Instant(seconds: seconds)) == theirs.secondsFromGMT(for: date), "\(name) \(seconds)"
                )
            }
        }
    }

    @Test(arguments: [
        ("/freeassociation.sourceforge.net/Europe/Paris", "Europe/Paris"),
        ("/freeassociation.sourceforge.net/Tzfile/Europe/Paris", "Europe/Paris"),
        ("/citadel.org/20210210_1/America/Port-au-Prince", "America/Port-au-Prince"),
        ("Romance Standard Time", "Europe/Paris"),
        ("Eastern Standard Time", "America/New_York"),
        ("\"Europe/Berlin\"", "Europe/Berlin"),
        ("GMT+0200", "Etc/GMT-2"),
    ])
    func namesThatProgramsWrite(written: String, meant: String) throws {
        #expect(try zone(written).identifier == meant)
    }

    @Test(arguments: [
        "", "/", "../../etc/passwd", "Europe/../../passwd", "Nowhere/Town", "Europe//Paris/",
        String(repeating: "a/", count: 5_000),
    ])
    func namesThatAreNoZone(name: String) {
        let found = Zones.database.zone(named: name)?.identifier
        #expect(found == nil || found == "Europe/Paris")
    }

    @Test func damagedDataIsNoZone() throws {
        let bytes = try #require(Zones.load("Europe/Paris"))
        for length in stride(from: 0, to: bytes.count, by: 7) {
            let database = TimeZoneDatabase { _ in Array(bytes.prefix(length)) }
            _ = database.zone(named: "Europe/Paris")?.offset(at: Instant(seconds: 4_000_000_000))
        }
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<300 {
            var damaged = bytes
            for _ in 0..<4 {
                damaged[Int.random(in: 0..<damaged.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            let database = TimeZoneDatabase { [damaged] _ in damaged }
            _ = database.zone(named: "Europe/Paris")?.instant(of: LocalDateTime(year: 2500, month: 7, day: 1))
        }
    }

    @Test func everyWindowsNameIsAZone() throws {
        // Spot checks over the table; the names are Microsoft's, the zones those of CLDR.
        for name in [
            "Tokyo Standard Time", "India Standard Time", "FLE Standard Time", "Argentina Standard Time", "UTC-11",
            "Greenland Standard Time", "Myanmar Standard Time",
        ] {
            #expect(Zones.database.zone(named: name) != nil, "\(name)")
        }
    }

    @Test func hostileObservancesAreBounded() throws {
        let text = """
            BEGIN:VCALENDAR
            BEGIN:VTIMEZONE
            TZID:X
            BEGIN:STANDARD
            DTSTART:16010101T000000
            TZOFFSETFROM:+0100
            TZOFFSETTO:+0200
            RRULE:FREQ=SECONDLY
            END:STANDARD
            BEGIN:DAYLIGHT
            DTSTART:16010101T000000
            TZOFFSETFROM:+0200
            TZOFFSETTO:+0100
            RRULE:FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30
            END:DAYLIGHT
            END:VTIMEZONE
            END:VCALENDAR
            """
        let zone = try #require(CalendarTimeZone(parsing: Array(text.utf8), database: .empty))
        #expect(abs(zone.offset(at: Instant(seconds: 253_402_300_000))) <= 7_200)
    }
}

enum Zones {
    /// The zone data of the machine.
    static let database = TimeZoneDatabase(load: load)
    static let context = ZoneContext(database: database)

    @Sendable static func load(_ name: String) -> [UInt8]? {
        FileManager.default.contents(atPath: "/usr/share/zoneinfo/\(name)").map(Array.init)
    }

    static let newYorkComponent = """
        BEGIN:VTIMEZONE
        TZID:America/New_York
        BEGIN:DAYLIGHT
        DTSTART:20070311T020000
        RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
        TZOFFSETFROM:-0500
        TZOFFSETTO:-0400
        END:DAYLIGHT
        BEGIN:DAYLIGHT
        DTSTART:19870405T020000
        RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU;UNTIL=20060402T070000Z
        TZOFFSETFROM:-0500
        TZOFFSETTO:-0400
        END:DAYLIGHT
        BEGIN:STANDARD
        DTSTART:20071104T020000
        RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
        TZOFFSETFROM:-0400
        TZOFFSETTO:-0500
        END:STANDARD
        BEGIN:STANDARD
        DTSTART:19671029T020000
        RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL=20061029T060000Z
        TZOFFSETFROM:-0400
        TZOFFSETTO:-0500
        END:STANDARD
        END:VTIMEZONE
        """

    static let newYork = "BEGIN:VCALENDAR\n\(newYorkComponent)\nEND:VCALENDAR\n"
}
