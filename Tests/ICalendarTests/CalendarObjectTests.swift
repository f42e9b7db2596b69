import ContentLines
import ICalendar
import Testing

@Suite struct CalendarObjectTests {
    @Test func walksTheTree() throws {
        let object = try Build.event(
            "SUMMARY:Lunch\\, long\nBEGIN:VALARM\nTRIGGER:PT0S\nSUMMARY:inner\nEND:VALARM\nDTSTART:20240101T120000Z")
        #expect(object.uid == "1")
        #expect(object.summary == "Lunch, long")
        #expect(object.kind == .event)
        #expect(object.timeZones.count == 1)
        let event = try #require(object.components.first)
        #expect(event.properties.map(\.name) == ["UID", "DTSTAMP", "SUMMARY", "DTSTART"])
        #expect(event.components.map(\.kind) == [.alarm])
        #expect(object.parent(of: event.components[0])?.identifier == event.identifier)
        let text = String(decoding: object.source[event.extent], as: UTF8.self)
        #expect(text.hasPrefix("BEGIN:VEVENT\n") && text.hasSuffix("END:VEVENT\n"))
    }

    @Test func summaryIsThatOfTheMainComponent() throws {
        let object = try Build.event(
            "RECURRENCE-ID:20240101T000000Z\nSUMMARY:override\nDTSTART:20240101T120000Z",
            overrides: "SUMMARY:main\nDTSTART:20240101T000000Z")
        #expect(object.summary == "main")
    }

    @Test(arguments: [
        "", "\n", "no calendar", "BEGIN:VCALENDAR\n", "END:VCALENDAR\n",
        "BEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VCALENDAR\n",
    ])
    func brokenTreesAreRefused(text: String) {
        #expect(throws: ICalendarError(.malformed, "")) { try CalendarObject(parsing: Array(text.utf8)) }
    }

    @Test func depthIsBounded() {
        let text = String(repeating: "BEGIN:X\n", count: 100_000)
        #expect(throws: ICalendarError(.limitExceeded, "")) { try CalendarObject(parsing: Array(text.utf8)) }
    }

    @Test(arguments: [
        ("19970714", CalendarTime.Form.date), ("19970714T133000", .floating), ("19970714T133000Z", .utc),
        (" 19970714t133000z ", .utc), ("19970714T133060", .floating),
    ])
    func times(text: String, form: CalendarTime.Form) throws {
        let time = try #require(CalendarTime(parsing: Array(text.utf8)[...]))
        #expect(time.form == form)
        #expect(time.local.date == CivilDate(year: 1997, month: 7, day: 14))
    }

    @Test(arguments: [
        "", "1997", "19970230", "19971301", "19970714T", "19970714T250000", "19970714T133061", "19970714T133000ZZ",
        "-9970714", "19970714T1330000",
    ])
    func noTimes(text: String) {
        #expect(CalendarTime(parsing: Array(text.utf8)[...]) == nil)
    }

    @Test(arguments: [
        ("P15DT5H0M20S", 15, 18_020), ("P7W", 49, 0), ("-PT15M", 0, -900), ("+P1D", 1, 0), ("PT0S", 0, 0),
        ("P1WT1H", 7, 3_600),
    ])
    func durations(text: String, days: Int, seconds: Int) {
        #expect(CalendarDuration(parsing: Array(text.utf8)[...]) == CalendarDuration(days: days, seconds: seconds))
    }

    @Test(arguments: ["", "P", "15M", "PT15", "PT1D", "P1H", "P999999999W", "P99999999999D", "PX"])
    func noDurations(text: String) {
        #expect(CalendarDuration(parsing: Array(text.utf8)[...]) == nil)
    }

    @Test func civilDatesGoRoundOverFourCenturies() {
        for day in stride(from: -719_528, through: 2_932_896, by: 13) {
            let (year, month, dayOfMonth) = CivilDate(daysSinceEpoch: day).components
            #expect(CivilDate(year: year, month: month, day: dayOfMonth).daysSinceEpoch == day)
            #expect(CivilDate.isValid(year: year, month: month, day: dayOfMonth))
        }
        #expect(CivilDate(year: 2024, month: 2, day: 29).weekday == .thursday)
        #expect(CivilDate(year: 1969, month: 12, day: 31).weekday == .wednesday)
    }
}
