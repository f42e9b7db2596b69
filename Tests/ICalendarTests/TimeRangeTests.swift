import ContentLines
import ICalendar
import Testing

/// RFC 4791 9.9, row by row. Ranges are half-open: an event that ends when the range begins is not in it.
@Suite struct TimeRangeTests {
    struct Row: Sendable {
        let lines: String
        let from: String?
        let to: String?
        let isFound: Bool

        init(_ lines: String, _ from: String?, _ to: String?, _ isFound: Bool) {
            self.lines = lines
            self.from = from
            self.to = to
            self.isFound = isFound
        }
    }

    static let events: [Row] = [
        Row("DTSTART:20240101T100000Z\nDTEND:20240101T110000Z", "20240101T105959", "20240101T120000", true),
        Row("DTSTART:20240101T100000Z\nDTEND:20240101T110000Z", "20240101T110000", "20240101T120000", false),
        Row("DTSTART:20240101T100000Z\nDTEND:20240101T110000Z", "20240101T090000", "20240101T100000", false),
        Row("DTSTART:20240101T100000Z\nDTEND:20240101T110000Z", "20240101T090000", "20240101T100001", true),
        Row("DTSTART:20240101T100000Z\nDTEND:20240101T110000Z", "20240101T100000", nil, true),
        Row("DTSTART:20240101T100000Z\nDTEND:20240101T110000Z", nil, "20240101T100000", false),
        Row("DTSTART:20240101T100000Z\nDURATION:PT1H", "20240101T105959", "20240101T120000", true),
        Row("DTSTART:20240101T100000Z\nDURATION:PT1H", "20240101T110000", "20240101T120000", false),
        Row("DTSTART:20240101T100000Z\nDURATION:PT0S", "20240101T100000", "20240101T120000", true),
        Row("DTSTART:20240101T100000Z\nDURATION:PT0S", "20240101T100001", "20240101T120000", false),
        Row("DTSTART:20240101T100000Z", "20240101T100000", "20240101T120000", true),
        Row("DTSTART:20240101T100000Z", "20240101T090000", "20240101T100000", false),
        Row("DTSTART;VALUE=DATE:20240101", "20240101T235959", "20240102T120000", true),
        Row("DTSTART;VALUE=DATE:20240101", "20240102", "20240103", false),
        Row("DTSTART;VALUE=DATE:20240101\nDTEND;VALUE=DATE:20240103", "20240102", "20240103", true),
        Row("DTSTART;TZID=America/New_York:20240701T090000\nDURATION:PT1H", "20240701T130000", "20240701T130001", true),
        Row(
            "DTSTART;TZID=America/New_York:20240701T090000\nDURATION:PT1H", "20240701T140000", "20240701T140001", false),
    ]

    static let todos: [Row] = [
        Row("DTSTART:20240101T100000Z\nDURATION:PT1H", "20240101T110000", "20240101T120000", true),
        Row("DTSTART:20240101T100000Z\nDURATION:PT1H", "20240101T110001", "20240101T120000", false),
        Row("DTSTART:20240101T100000Z\nDURATION:PT1H", "20240101T090000", "20240101T100000", false),
        Row("DTSTART:20240101T100000Z\nDUE:20240101T110000Z", "20240101T105959", "20240101T120000", true),
        Row("DTSTART:20240101T100000Z\nDUE:20240101T110000Z", "20240101T110000", "20240101T120000", false),
        Row("DTSTART:20240101T100000Z\nDUE:20240101T100000Z", "20240101T090000", "20240101T100000", true),
        Row("DTSTART:20240101T100000Z", "20240101T100000", "20240101T120000", true),
        Row("DTSTART:20240101T100000Z", "20240101T100001", "20240101T120000", false),
        Row("DUE:20240101T110000Z", "20240101T100000", "20240101T110000", true),
        Row("DUE:20240101T110000Z", "20240101T110000", "20240101T120000", false),
        Row("COMPLETED:20240110T000000Z\nCREATED:20240101T000000Z", "20240105", "20240106", true),
        Row("COMPLETED:20240110T000000Z\nCREATED:20240101T000000Z", "20240111", "20240112", false),
        Row("COMPLETED:20240110T000000Z", "20240110", "20240111", true),
        Row("COMPLETED:20240110T000000Z", "20240101", "20240109", false),
        Row("CREATED:20240101T000000Z", "20250101", "20250102", true),
        Row("CREATED:20240101T000000Z", "20230101", "20240101", false),
        Row("SUMMARY:whenever", "20240101", "20240102", true),
        Row(
            "DTSTART:20240101T100000Z\nDUE:20240101T110000Z\nRRULE:FREQ=DAILY", "20240301T103000", "20240301T104000",
            true),
        Row(
            "DTSTART:20240101T100000Z\nDUE:20240101T110000Z\nRRULE:FREQ=DAILY", "20240301T113000", "20240301T114000",
            false),
    ]

    static let journals: [Row] = [
        Row("DTSTART:20240101T100000Z", "20240101T100000", "20240101T110000", true),
        Row("DTSTART:20240101T100000Z", "20240101T100001", "20240101T110000", false),
        Row("DTSTART;VALUE=DATE:20240101", "20240101T230000", "20240102T110000", true),
        Row("DTSTART;VALUE=DATE:20240101", "20240102", "20240103", false),
        Row("SUMMARY:undated", "20240101", "20240102", false),
    ]

    static let freeBusy: [Row] = [
        Row("DTSTART:20240101T000000Z\nDTEND:20240102T000000Z", "20240102", "20240103", true),
        Row("DTSTART:20240101T000000Z\nDTEND:20240102T000000Z", "20240102T000001", "20240103", false),
        Row(
            "FREEBUSY:20240101T100000Z/PT1H,20240101T150000Z/20240101T160000Z", "20240101T153000", "20240101T154000",
            true),
        Row(
            "FREEBUSY:20240101T100000Z/PT1H,20240101T150000Z/20240101T160000Z", "20240101T110000", "20240101T150000",
            false),
        Row("SUMMARY:nothing", "20240101", "20240102", false),
    ]

    @Test(arguments: events) func event(row: Row) throws { try check(row, "VEVENT") }
    @Test(arguments: todos) func todo(row: Row) throws { try check(row, "VTODO") }
    @Test(arguments: journals) func journal(row: Row) throws { try check(row, "VJOURNAL") }
    @Test(arguments: freeBusy) func freeBusyTime(row: Row) throws { try check(row, "VFREEBUSY") }

    private func check(_ row: Row, _ kind: String) throws {
        let object = try Build.object(Build.component(kind, row.lines))
        let isFound = try object.isFound(row.from, row.to)
        #expect(isFound == row.isFound)
        // What an index leaves out must not be found.
        if isFound { #expect(object.timeExtent(zones: Zones.context).mayOverlap(try object.range(row.from, row.to))) }
    }

    static let alarms: [Row] = [
        Row("TRIGGER:-PT15M", "20240305T134500", "20240305T134501", true),
        Row("TRIGGER:-PT15M", "20240305T134501", "20240305T150000", false),
        Row("TRIGGER;RELATED=END:PT5M", "20240305T150500", "20240305T150501", true),
        Row("TRIGGER:-P1D", "20240310T140000", "20240310T140001", false),
        Row("TRIGGER:-P1D", "20240310T130000", "20240310T130001", true),
        Row("TRIGGER;VALUE=DATE-TIME:20240101T000000Z", "20240101", "20240102", true),
        Row("TRIGGER;VALUE=DATE-TIME:20240101T000000Z", "20240102", "20240202", false),
        Row("TRIGGER:PT0S\nREPEAT:3\nDURATION:PT10M", "20240305T143000", "20240305T143001", true),
        Row("TRIGGER:PT0S\nREPEAT:3\nDURATION:PT10M", "20240305T144000", "20240305T145000", false),
        Row("ACTION:DISPLAY", "20240101", "20250101", false),
    ]

    @Test(arguments: alarms) func alarm(row: Row) throws {
        let object = try Build.event(
            """
            DTSTART;TZID=America/New_York:20240301T090000
            DURATION:PT1H
            RRULE:FREQ=DAILY
            BEGIN:VALARM
            \(row.lines)
            END:VALARM
            """)
        let alarm = try #require(object.components[0].components.first)
        #expect(try object.overlaps(alarm, object.range(row.from, row.to), in: Zones.context) == row.isFound)
    }

    @Test func propertiesHaveTimesToo() throws {
        let object = try Build.todo("COMPLETED:20240105T120000Z\nRDATE;VALUE=DATE:20240201,20240301")
        let completed = try #require(object.components[0].property("COMPLETED"))
        let dates = try #require(object.components[0].property("RDATE"))
        #expect(completed.overlaps(try object.range("20240105", "20240106"), of: object, in: Zones.context))
        #expect(!completed.overlaps(try object.range("20240106", "20240107"), of: object, in: Zones.context))
        #expect(dates.overlaps(try object.range("20240301T200000", "20240307"), of: object, in: Zones.context))
    }

    @Test func readsTheAttributes() {
        #expect(TimeRange(parsingStart: "20240101T000000Z", end: nil) != nil)
        #expect(TimeRange(parsingStart: nil, end: nil) == nil)
        #expect(TimeRange(parsingStart: "20240101T000000", end: nil) == nil)
        #expect(TimeRange(parsingStart: "20240102T000000Z", end: "20240101T000000Z") == nil)
        #expect(TimeRange(parsingStart: "yesterday", end: nil) == nil)
    }
}
