import ContentLines
import ICalendar
import Testing

@Suite struct RecurrenceSetTests {
    private let zone = "TZID=America/New_York"

    @Test func followsTheClockOnTheWall() throws {
        let object = try Build.event("DTSTART;\(zone):20240309T090000\nRRULE:FREQ=DAILY;COUNT=3")
        #expect(
            try object.starts("20240101", "20250101") == ["20240309T140000Z", "20240310T130000Z", "20240311T130000Z"])
    }

    @Test func skippedAndRepeatedTimes() throws {
        let spring = try Build.event("DTSTART;\(zone):20240309T023000\nRRULE:FREQ=DAILY;COUNT=3")
        #expect(
            try spring.starts("20240101", "20250101") == ["20240309T073000Z", "20240310T073000Z", "20240311T063000Z"])
        let autumn = try Build.event("DTSTART;\(zone):20241102T013000\nRRULE:FREQ=DAILY;COUNT=3")
        #expect(
            try autumn.starts("20240101", "20250101") == ["20241102T053000Z", "20241103T053000Z", "20241104T063000Z"])
    }

    /// RFC 5545 3.8.5.3: an end means the same exact length for all, a duration in days means nominal ones.
    @Test func lengthsOverAChangeOfClocks() throws {
        func lengths(_ lines: String) throws -> [Int] {
            let object = try Build.event("DTSTART;\(zone):20240309T120000\nRRULE:FREQ=DAILY;COUNT=2\n\(lines)")
            return try object.instances(in: .always, zones: Zones.context).map {
                ($0.end.seconds - $0.start.seconds) / 3_600
            }
        }
        #expect(try lengths("DURATION:P1D") == [23, 24])
        #expect(try lengths("DURATION:PT24H") == [24, 24])
        #expect(try lengths("DTEND;\(zone):20240310T120000") == [23, 23])
    }

    @Test func excludedDates() throws {
        let object = try Build.event(
            """
            DTSTART;\(zone):20240101T090000
            RRULE:FREQ=DAILY;COUNT=6
            EXDATE;\(zone):20240102T090000,20240103T100000
            EXDATE:20240104T140000Z
            EXDATE;VALUE=DATE:20240105
            """)
        #expect(
            try object.starts("20240101", "20250101") == ["20240101T140000Z", "20240103T140000Z", "20240106T140000Z"])
    }

    @Test func exclusionRules() throws {
        let object = try Build.event(
            "DTSTART;VALUE=DATE:20240101\nRRULE:FREQ=DAILY;COUNT=8\nEXRULE:FREQ=WEEKLY;BYDAY=MO,SA,SU")
        #expect(try object.starts("20240101", "20250101") == ["20240102", "20240103", "20240104", "20240105"])
    }

    @Test func severalRulesAndDates() throws {
        let object = try Build.event(
            """
            DTSTART:20240101T090000Z
            DTEND:20240101T100000Z
            RRULE:FREQ=WEEKLY;COUNT=2
            RRULE:FREQ=DAILY;INTERVAL=3;COUNT=3
            RDATE:20240102T120000Z,20240101T090000Z
            RDATE;VALUE=PERIOD:20240105T080000Z/PT3H,20240106T080000Z/20240106T083000Z
            RDATE;\(zone):20240103T090000
            """)
        #expect(
            try object.starts("20240101", "20250101") == [
                "20240101T090000Z", "20240102T120000Z", "20240103T140000Z", "20240104T090000Z", "20240105T080000Z",
                "20240106T080000Z", "20240107T090000Z", "20240108T090000Z",
            ])
        let lengths = try object.instances(in: .always, zones: Zones.context).map {
            ($0.end.seconds - $0.start.seconds) / 60
        }
        #expect(lengths == [60, 60, 60, 60, 180, 30, 60, 60])
    }

    @Test func startOutsideTheRuleCounts() throws {
        let object = try Build.event("DTSTART:20240103T090000Z\nRRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3")
        #expect(
            try object.starts("20240101", "20250101") == ["20240103T090000Z", "20240108T090000Z", "20240115T090000Z"])
    }

    @Test func movedInstanceLeavesItsPlace() throws {
        let object = try Build.event(
            "DTSTART;\(zone):20240101T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY",
            overrides: "RECURRENCE-ID;\(zone):20240108T090000\nDTSTART;\(zone):20240110T150000\nDURATION:PT2H")
        #expect(try object.starts("20240108", "20240109") == [])
        #expect(try object.starts("20240110", "20240111") == ["20240110T200000Z"])
        #expect(try object.starts("20240101", "20240201").count == 5)
        let main = object.components[0]
        #expect(try !object.overlaps(main, object.range("20240108", "20240109"), in: Zones.context))
        #expect(try !object.overlaps(main, object.range("20240110", "20240111"), in: Zones.context))
        #expect(try object.overlaps(object.components[1], object.range("20240110", "20240111"), in: Zones.context))
    }

    @Test func recurrenceIDInAnotherForm() throws {
        for identity in ["RECURRENCE-ID:20240108T140000Z", "RECURRENCE-ID;VALUE=DATE:20240108"] {
            let object = try Build.event(
                "DTSTART;\(zone):20240101T090000\nRRULE:FREQ=WEEKLY;COUNT=3",
                overrides: "\(identity)\nDTSTART;\(zone):20240109T090000")
            #expect(
                try object.starts("20240101", "20250101") == [
                    "20240101T140000Z", "20240109T140000Z", "20240115T140000Z",
                ])
        }
    }

    @Test func thisAndFuture() throws {
        let object = try Build.event(
            "DTSTART;\(zone):20240304T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=8",
            overrides:
                "RECURRENCE-ID;RANGE=THISANDFUTURE;\(zone):20240307T090000\nDTSTART;\(zone):20240307T103000\nDURATION:PT15M",
            "RECURRENCE-ID;\(zone):20240309T090000\nDTSTART;\(zone):20240309T200000\nDURATION:PT3H")
        let instances = try object.instances(in: .always, zones: Zones.context)
        #expect(
            instances.map { CalendarTime($0.start).basicFormat } == [
                "20240304T140000Z", "20240305T140000Z", "20240306T140000Z", "20240307T153000Z", "20240308T153000Z",
                "20240310T010000Z", "20240310T143000Z", "20240311T143000Z",
            ])
        #expect(instances.map { ($0.end.seconds - $0.start.seconds) / 60 } == [60, 60, 60, 15, 15, 180, 15, 15])
        #expect(instances.map(\.component.identifier.description).last == instances[3].component.identifier.description)
        #expect(try object.starts("20240308T152000", "20240308T154000") == ["20240308T153000Z"])
        #expect(try object.starts("20240308T135000", "20240308T150000") == [])
    }

    @Test func overridesWithoutTheirMain() throws {
        let object = try Build.event("RECURRENCE-ID:20240108T090000Z\nDTSTART:20240109T090000Z")
        #expect(try object.starts("20240101", "20250101") == ["20240109T090000Z"])
    }

    @Test func daysAndFloatingTimesAreInTheDefaultZone() throws {
        let tokyo = CalendarTimeZone(identifier: "Tokyo", fixedOffset: 9 * 3_600)
        let day = try Build.event("DTSTART;VALUE=DATE:20240102\nRRULE:FREQ=YEARLY")
        #expect(try day.starts("20250101T150000", "20250101T150001", zone: tokyo) == ["20250102"])
        #expect(try day.starts("20250102T150000", "20250102T200000", zone: tokyo) == [])
        let floating = try Build.event("DTSTART:20240102T000000\nDURATION:PT1H")
        #expect(try floating.starts("20240101T150000", "20240101T160000", zone: tokyo) == ["20240101T150000Z"])
    }

    @Test func untilIsInclusiveAndInUTC() throws {
        let object = try Build.event("DTSTART;\(zone):20240101T200000\nRRULE:FREQ=DAILY;UNTIL=20240104T010000Z")
        #expect(try object.starts("20240101", "20250101").count == 3)
        let short = try Build.event("DTSTART;\(zone):20240101T200000\nRRULE:FREQ=DAILY;UNTIL=20240104T005959Z")
        #expect(try short.starts("20240101", "20250101").count == 2)
        let days = try Build.event("DTSTART;VALUE=DATE:20240101\nRRULE:FREQ=DAILY;UNTIL=20240103")
        #expect(try days.starts("20240101", "20250101").count == 3)
        let loose = try Build.event("DTSTART;\(zone):20240101T200000\nRRULE:FREQ=DAILY;UNTIL=20240103")
        #expect(try loose.starts("20240101", "20250101").count == 3)
    }

    @Test func endlessRuleFarAway() throws {
        let object = try Build.event("DTSTART;\(zone):20240102T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY")
        #expect(try object.starts("21900601", "21900608") == ["21900601T130000Z"])
        #expect(try object.starts("99981201", "99981208").count == 1)
        #expect(try object.isFound("21900602", "21900608") == false)
    }

    @Test func otherCalendarsSayTheyAreUnsupported() throws {
        let object = try Build.event("DTSTART;VALUE=DATE:20240210\nRRULE:RSCALE=MARTIAN;FREQ=YEARLY")
        #expect(throws: ICalendarError(.unsupported, "")) { try object.starts("20240101", "20250101") }
        #expect(object.violations().map(\.precondition) == [.supportedRscale])
    }

    @Test func limitsAreErrors() throws {
        let object = try Build.event("DTSTART:20240101T000000Z\nRRULE:FREQ=SECONDLY")
        #expect(throws: ICalendarError(.limitExceeded, "")) { try object.starts("20240101", "20250101") }
        #expect(try object.isFound("20300101", "20300102"))
    }

    @Test func extentCoversEverything() throws {
        let endless = try Build.event("DTSTART;\(zone):20240102T090000\nRRULE:FREQ=WEEKLY")
        #expect(endless.timeExtent(zones: Zones.context).end == nil)
        #expect(endless.timeExtent(zones: Zones.context).start != nil)
        let counted = try Build.event(
            "DTSTART:20240102T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3",
            overrides: "RECURRENCE-ID:20240103T090000Z\nDTSTART:20231231T090000Z")
        let extent = counted.timeExtent(zones: Zones.context)
        #expect(extent.start == (try counted.range("20231231T090000", nil)).start)
        #expect(extent.end == (try counted.range("20240104T100000", nil)).start)
        #expect(!extent.mayOverlap(try counted.range("20240105", nil)))
        #expect(try Build.todo("SUMMARY:x").timeExtent(zones: Zones.context) == .unknown)
    }
}
