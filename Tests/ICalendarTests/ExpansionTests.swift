import ContentLines
import ICalendar
import Testing

@Suite struct ExpansionTests {
    private func expand(_ object: CalendarObject, _ from: String, _ to: String) throws -> CalendarObject {
        try CalendarObject(parsing: try object.expanded(in: object.range(from, to), zones: Zones.context))
    }

    private func values(_ component: Component) -> [String] {
        component.properties.filter { !["UID", "DTSTAMP"].contains($0.name) }
            .map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    /// After the example of RFC 4791 7.8.3.
    @Test func instancesInUTC() throws {
        let object = try Build.event(
            "DTSTART;TZID=America/New_York:20060102T120000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=5\nSUMMARY:Event #2",
            overrides:
                "RECURRENCE-ID;TZID=America/New_York:20060104T120000\nDTSTART;TZID=America/New_York:20060104T140000\nDURATION:PT1H\nSUMMARY:Event #2 bis"
        )
        let expanded = try expand(object, "20060103", "20060105")
        #expect(expanded.timeZones.isEmpty)
        #expect(
            expanded.components.map(values) == [
                ["DTSTART:20060103T170000Z", "RECURRENCE-ID:20060103T170000Z", "DURATION:PT1H", "SUMMARY:Event #2"],
                [
                    "DTSTART:20060104T190000Z", "RECURRENCE-ID:20060104T170000Z", "DURATION:PT1H",
                    "SUMMARY:Event #2 bis",
                ],
            ])
        #expect(expanded.calendars[0].property("PRODID") != nil)
        #expect(expanded.violations().isEmpty)
    }

    /// What was computed before saves evaluating the rule, and changes nothing.
    @Test func knownOccurrencesGiveTheSame() throws {
        let beginnings = [
            "DTSTART:20240101T090000Z\nDTEND:20240101T100000Z", "DTSTART:20240101T090000Z\nDURATION:PT30M",
            "DTSTART:20240101T090000Z\nDURATION:P1D", "DTSTART:20240101T090000Z",
            "DTSTART:20240101T230000Z\nDTEND:20240102T010000Z", "DTSTART;VALUE=DATE:20240101",
            "DTSTART:20240101T090000", "DTSTART;TZID=America/New_York:20240101T090000\nDURATION:PT1H",
            "DTSTART;X-A=b:20240101T090000Z\nDTEND;VALUE=DATE-TIME:20240101T090000Z",
        ]
        let rules = [
            "", "RRULE:FREQ=DAILY;COUNT=20", "RRULE:FREQ=WEEKLY;COUNT=1", "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=9",
            "RRULE:FREQ=DAILY;COUNT=9\nEXDATE:20240103T090000Z", "RRULE:FREQ=DAILY;COUNT=3\nRRULE:FREQ=WEEKLY;COUNT=4",
            "RRULE:FREQ=DAILY;COUNT=500", "RRULE:FREQ=NEVER", "RDATE:20240105T090000Z", "RRULE:FREQ=DAILY",
            "RECURRENCE-ID:20240101T090000Z", "RRULE:FREQ=DAILY;COUNT=9\nEXRULE:FREQ=DAILY;INTERVAL=2;COUNT=3",
        ]
        let ranges = [
            ("20240101", "20240108"), ("20240103", "20240104"), ("20240103T093000", "20240103T094500"),
            ("20231201", "20231202"), ("20240102T000000", "20240102T003000"), ("20240101", "20270101"),
        ]
        var count = 0
        for beginning in beginnings {
            for rule in rules {
                let text =
                    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\n"
                    + "\(beginning)\n\(rule)\n".replacing("\n", with: "\r\n").replacing("\r\n\r\n", with: "\r\n")
                    + "ATTENDEE;CN=\"A: b\":mailto:a@example.org\r\nBEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n"
                    + "END:VEVENT\r\nEND:VCALENDAR\r\n"
                let object = try CalendarObject(parsing: Array(text.utf8))
                guard let known = object.occurrences(limit: 64) else { continue }
                for (from, to) in ranges {
                    let range = try object.range(from, to)
                    #expect(
                        try object.expanded(in: range, zones: Zones.context, occurrences: known)
                            == object.expanded(in: range, zones: Zones.context), "\(beginning) \(rule) \(from)")
                    count += 1
                }
            }
        }
        #expect(count > 150)
    }

    @Test func daysStayDays() throws {
        let object = try Build.event(
            "DTSTART;VALUE=DATE:20240101\nDTEND;VALUE=DATE:20240103\nRRULE:FREQ=WEEKLY\nEXDATE;VALUE=DATE:20240108")
        #expect(
            try expand(object, "20240105", "20240120").components.map(values) == [
                ["DTSTART;VALUE=DATE:20240115", "RECURRENCE-ID;VALUE=DATE:20240115", "DTEND;VALUE=DATE:20240117"]
            ])
    }

    @Test func nominalDaysBecomeAnEnd() throws {
        let object = try Build.event(
            "DTSTART;TZID=America/New_York:20240309T120000\nDURATION:P1D\nRRULE:FREQ=DAILY;COUNT=2")
        #expect(
            try expand(object, "20240309", "20240310").components.map(values) == [
                ["DTSTART:20240309T170000Z", "RECURRENCE-ID:20240309T170000Z", "DTEND:20240310T160000Z"]
            ])
    }

    @Test func singleEventsOnlyChangeTheirTimes() throws {
        let object = try Build.event(
            "DTSTART;TZID=America/New_York:20240309T120000\nDTEND;TZID=America/New_York:20240309T130000\nX-A;TZID=America/New_York;P=q:20240309T120000\nBEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM"
        )
        let component = try #require(try expand(object, "20240309", "20240310").components.first)
        #expect(
            values(component) == ["DTSTART:20240309T170000Z", "DTEND:20240309T180000Z", "X-A;P=q:20240309T170000Z"])
        #expect(component.components(of: .alarm).count == 1)
    }

    @Test func periodsBringTheirEnd() throws {
        let object = try Build.event("DTSTART:20240101T090000Z\nRDATE;VALUE=PERIOD:20240102T090000Z/PT2H")
        #expect(
            try expand(object, "20240102", "20240103").components.map(values) == [
                ["DTSTART:20240102T090000Z", "RECURRENCE-ID:20240102T090000Z", "DTEND:20240102T110000Z"]
            ])
    }

    @Test func tasksWithoutDatesStay() throws {
        #expect(try expand(Build.todo("SUMMARY:x"), "20240102", "20240103").components.count == 1)
    }

    @Test func limitedRecurrenceSet() throws {
        let object = try Build.event(
            "DTSTART:20240101T090000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY",
            overrides: "RECURRENCE-ID:20240108T090000Z\nDTSTART:20240108T100000Z\nSUMMARY:a",
            "RECURRENCE-ID:20240115T090000Z\nDTSTART:20240301T100000Z\nSUMMARY:b",
            "RECURRENCE-ID:20240122T090000Z\nDTSTART:20240115T100000Z\nSUMMARY:c")
        let limited = try CalendarObject(
            parsing: object.limitingRecurrenceSet(to: object.range("20240115", "20240116"), zones: Zones.context))
        #expect(limited.components.map { $0.summary ?? "main" } == ["main", "b", "c"])
        #expect(limited.timeZones.count == 1)
        let all = try object.limitingRecurrenceSet(to: .always, zones: Zones.context)
        #expect(all == object.source)
    }
}
