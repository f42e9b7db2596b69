import CollectionStore
import DAVService
import HTTPTypes
import Testing
import WebDAV
import XMLStream

/// In which form data come: versions of cards, definitions of time zones, availability, quota, limits.
@Suite struct DataFormTests {
    private func card(_ site: Site, _ name: String, version: String) async throws -> [String] {
        let body =
            "<CR:addressbook-multiget \(Body.namespaces)><prop><CR:address-data content-type='text/vcard' "
            + "version='\(version)'/></prop><href>\(addressbook)\(name)</href></CR:addressbook-multiget>"
        let answer = try await site.report(addressbook, body: body).multistatus
        let text = answer[addressbook + name]?.text(.addressData) ?? ""
        return text.replacing("\r\n ", with: "").split(separator: "\r\n").map(String.init)
    }

    @Test func oldCardsComeAsNewOnes() async throws {
        let site = try await Site()
        let lines = [
            "BEGIN:VCARD", "VERSION:3.0", "UID:a", "N:Müller;Ada;;;", "FN:Ada Müller", "BDAY:1985-04-12",
            "TEL;TYPE=HOME,PREF:+420 1", "item1.EMAIL;TYPE=INTERNET:ada@example.org", "item1.X-ABLabel:Praxis",
            "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ", "X-ADDRESSBOOKSERVER-KIND:group", "GEO:50.1;14.4",
            "NOTE:Zwei\\nZeilen\\, ja", "END:VCARD", "",
        ]
        let text = lines.joined(separator: "\r\n")
        #expect(try await site.send(.put, addressbook + "a.vcf", body: text).status == 201)
        let new = try await card(site, "a.vcf", version: "4.0")
        for line in [
            "VERSION:4.0", "BDAY:19850412", "TEL;PREF=1;TYPE=home:+420 1", "item1.EMAIL;TYPE=internet:ada@example.org",
            "item1.X-ABLABEL:Praxis", "PHOTO:data:image/jpeg;base64,/9j/4AAQ", "KIND:group", "GEO:geo:50.1,14.4",
            "NOTE:Zwei\\nZeilen\\, ja", "UID:a",
        ] { #expect(new.contains(line), "\(line) in \(new)") }
        #expect(!new.contains("VERSION:3.0"))
        #expect(try await card(site, "a.vcf", version: "3.0").joined(separator: "\r\n") + "\r\n" == text)
    }

    @Test func newCardsComeAsOldOnes() async throws {
        let site = try await Site()
        let lines = [
            "BEGIN:VCARD", "VERSION:4.0", "UID:urn:uuid:1", "FN:Ada", "BDAY:--0412", "TEL;VALUE=uri;PREF=1:tel:+420-1",
            "PHOTO;MEDIATYPE=image/png:http://example.org/a.png", "LOGO:data:image/png;base64,iVBORw0K", "KIND:group",
            "MEMBER:urn:uuid:2", "CLIENTPIDMAP:1;urn:uuid:3", "EMAIL;PID=1.1:a@example.org", "ANNIVERSARY:20010203",
            "END:VCARD", "",
        ]
        #expect(try await site.send(.put, addressbook + "b.vcf", body: lines.joined(separator: "\r\n")).status == 201)
        let old = try await card(site, "b.vcf", version: "3.0")
        for line in [
            "VERSION:3.0", "FN:Ada", "N:Ada;;;;", "BDAY:--04-12", "TEL;TYPE=pref:+420-1",
            "PHOTO;VALUE=uri;TYPE=PNG:http://example.org/a.png", "LOGO;ENCODING=b;TYPE=PNG:iVBORw0K",
            "X-ADDRESSBOOKSERVER-KIND:group", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:2", "EMAIL:a@example.org",
            "X-ANNIVERSARY:2001-02-03",
        ] { #expect(old.contains(line), "\(line) in \(old)") }
        #expect(!old.contains { $0.hasPrefix("CLIENTPIDMAP") })
    }

    @Test func standardZonesNeedNoDefinition() async throws {
        let site = try await Site()
        let zone = { (name: String) in
            "BEGIN:VTIMEZONE\r\nTZID:\(name)\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\n"
                + "TZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
        }
        let plain = Body.event(
            uid: "a", "DTSTART;TZID=Europe/Prague:20260101T100000", "RDATE;TZID=Ours:20260102T100000")
        let whole = plain.replacing("BEGIN:VEVENT", with: zone("Europe/Prague") + zone("Ours") + "BEGIN:VEVENT")
        let short = plain.replacing("BEGIN:VEVENT", with: zone("Ours") + "BEGIN:VEVENT")
        #expect(try await site.send(.put, calendar + "a.ics", body: whole).status == 201)
        #expect(try await site.send(.get, calendar + "a.ics").text == whole)
        #expect(try await site.send(.get, calendar + "a.ics", [.calDAVTimezones: "T"]).text == whole)
        #expect(try await site.send(.get, calendar + "a.ics", [.calDAVTimezones: "F"]).text == short)
        let headers: HTTPFields = [.calDAVTimezones: "F"]
        let found = try await site.report(calendar, headers, body: Body.multiget([calendar + "a.ics"])).multistatus
        #expect(found[calendar + "a.ics"]?.text(.calendarData) == short)
        let unknown = Body.proppatch(
            "<set><prop><C:calendar-timezone-id>Mars/Base</C:calendar-timezone-id></prop></set>")
        let answer = try await site.send(.proppatch, calendar, body: unknown).multistatus
        #expect(answer[calendar]?.propstats.first?.error?.elements.first?.name == .validTimezone)
    }

    @Test func whoIsNotAvailableIsBusy() async throws {
        let site = try await Site()
        // Office hours on weekdays, nothing else.
        let availability = [
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VAVAILABILITY", "UID:v", "DTSTAMP:20260101T000000Z",
            "DTSTART:20260101T000000Z", "BEGIN:AVAILABLE", "UID:w", "DTSTAMP:20260101T000000Z",
            "DTSTART:20260105T080000Z", "DTEND:20260105T160000Z", "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
            "END:AVAILABLE", "END:VAVAILABILITY", "END:VCALENDAR", "",
        ].joined(separator: "\r\n")
        let value = availability.replacing("\r", with: "&#13;")
        let set = Body.proppatch("<set><prop><C:calendar-availability>\(value)</C:calendar-availability></prop></set>")
        #expect(
            try await site.send(.proppatch, calendar, body: set).multistatus[calendar]?.property(.calendarAvailability)
                != nil)
        #expect(
            try await site.propfind(calendar, "<C:calendar-availability/>")[calendar]?.text(.calendarAvailability)
                == availability)
        let event = Body.event(uid: "a", "DTSTART:20260106T090000Z", "DTEND:20260106T100000Z")
        _ = try await site.send(.put, calendar + "a.ics", body: event)
        let busy =
            "<C:free-busy-query \(Body.namespaces)><C:time-range start='20260106T000000Z' end='20260107T000000Z'/>"
            + "</C:free-busy-query>"
        let answer = try await site.report(calendar, body: busy).text
        for line in [
            "FREEBUSY:20260106T090000Z/20260106T100000Z",
            "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260106T000000Z/20260106T080000Z",
            "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260106T160000Z/20260107T000000Z",
        ] { #expect(answer.replacing("\r\n ", with: "").contains(line), "\(answer)") }
        let bad = Body.proppatch("<set><prop><C:calendar-availability>x</C:calendar-availability></prop></set>")
        let refused = try await site.send(.proppatch, calendar, body: bad).multistatus
        #expect(refused[calendar]?.propstats.first?.error?.elements.first?.name == .validCalendarData)
    }

    @Test func transparentCalendarsKeepNobodyBusy() async throws {
        let site = try await Site()
        let event = Body.event(uid: "a", "DTSTART:20260106T090000Z", "DTEND:20260106T100000Z")
        _ = try await site.send(.put, calendar + "a.ics", body: event)
        let busy =
            "<C:free-busy-query \(Body.namespaces)><C:time-range start='20260106T000000Z' end='20260107T000000Z'/>"
            + "</C:free-busy-query>"
        func isBusy() async throws -> Bool {
            try await site.report("/user/calendars/", [.depth: "infinity"], body: busy).text.contains("FREEBUSY:")
        }
        #expect(try await isBusy())
        let set = Body.proppatch(
            "<set><prop><C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp></prop></set>")
        _ = try await site.send(.proppatch, calendar, body: set)
        let found = try await site.propfind(calendar, "<C:schedule-calendar-transp/>")[calendar]
        #expect(found?.property(.scheduleCalendarTransp)?.first(.transparent) != nil)
        #expect(try await isBusy() == false)
    }

    @Test func roomIsCounted() async throws {
        let site = try await Site(
            DAVOptions(
                singleUserPrincipal: try CollectionPath("/user/"), autocreate: .defaults,
                availableBytes: { (16 << 20) + 1_000 }))
        let event = Body.event(uid: "a", "DTSTART:20260106T090000Z")
        #expect(try await site.send(.put, calendar + "a.ics", body: event).status == 201)
        for place in [calendar, "/user/calendars/", "/user/"] {
            let found = try await site.propfind(place, "<quota-used-bytes/><quota-available-bytes/>")[place]
            #expect(found?.text(.quotaUsedBytes) == String(event.utf8.count))
            #expect(found?.text(.quotaAvailableBytes) == String((16 << 20) + 1_000))
        }
        let large = Body.event(uid: "b", "DTSTART:20260106T090000Z", "SUMMARY:" + String(repeating: "x", count: 2_000))
        let refused = try await site.send(.put, calendar + "b.ics", body: large)
        #expect(refused.status == 507 && refused.condition == "{DAV:}quota-not-exceeded")
        let patch = Body.proppatch("<set><prop><quota-used-bytes>0</quota-used-bytes></prop></set>")
        #expect(
            try await site.send(.proppatch, calendar, body: patch).multistatus[calendar]?.propstats.first?.status.code
                == 403)
    }

    @Test func everyLimitHasItsCondition() async throws {
        let site = try await Site(options())
        let daily = Body.event(uid: "a", "DTSTART:20260101T090000Z", "RRULE:FREQ=DAILY")
        #expect(try await site.send(.put, calendar + "a.ics", body: daily).status == 201)
        let hrefs = Body.multiget(["a.ics", "b.ics", "c.ics", "d.ics"].map { calendar + $0 })
        let many = try await site.report(calendar, body: hrefs)
        #expect(many.status == 507 && many.condition == "{DAV:}number-of-matches-within-limits")
        let expand = Body.query(
            "<C:comp-filter name='VEVENT'/>",
            properties: "<C:calendar-data><C:expand start='20260101T000000Z' end='20260301T000000Z'/></C:calendar-data>"
        )
        let instances = try await site.report(calendar, body: expand)
        #expect(instances.status == 403 && instances.condition == "{\(DAVNamespace.caldav)}max-instances")
        let huge = Body.event(uid: "b", "DTSTART:20260101T090000Z", "SUMMARY:" + String(repeating: "x", count: 5_000))
        let tooLarge = try await site.send(.put, calendar + "b.ics", body: huge)
        #expect(tooLarge.condition == "{\(DAVNamespace.caldav)}max-resource-size")
        let added = try await site.send(.post, addressbook, [.contentType: "text/vcard"], body: huge)
        #expect(added.condition == "{\(DAVNamespace.carddav)}max-resource-size")
        let deep = String(repeating: "<a>", count: 100) + String(repeating: "</a>", count: 100)
        #expect(try await site.send(.propfind, calendar, body: deep).status == 413)
    }

    private func options() throws -> DAVOptions {
        DAVOptions(
            singleUserPrincipal: try CollectionPath("/user/"), autocreate: .defaults, maxResourceSize: 4_096,
            maxInstances: 30,
            maxMultigetHrefs: 3)
    }

    @Test func timeIsLimitedToo() async throws {
        let site = try await Site(
            DAVOptions(singleUserPrincipal: try CollectionPath("/user/"), autocreate: .defaults, maxSeconds: 0))
        _ = try await site.send(.put, calendar + "a.ics", body: Body.event(uid: "a", "DTSTART:20260101T090000Z"))
        let answer = try await site.report(calendar, body: Body.query("<C:comp-filter name='VEVENT'/>"))
        #expect(answer.status == 507 && answer.condition == "{DAV:}number-of-matches-within-limits")
        #expect(answer.sentence.contains("seconds"))
    }

    @Test func aPersonsRoomIsLimited() async throws {
        var options = DAVOptions(autocreate: .defaults, quota: 3_000)
        options.availableBytes = { 1 << 30 }
        let site = try await Site(options)
        for user in ["ada", "bob"] { _ = try await site.send(.propfind, "/", [.depth: "0"], user: user) }
        let home = "/ada/calendars/calendar/"
        func event(_ uid: String, _ size: Int) -> String {
            Body.event(uid: uid, "DTSTART:20260101T100000Z", "SUMMARY:" + String(repeating: "x", count: size))
        }
        let large = event("a", 2_000)
        #expect(try await site.send(.put, home + "a.ics", body: large, user: "ada").status == 201)
        let refused = try await site.send(.put, home + "b.ics", body: event("b", 1_000), user: "ada")
        #expect(refused.status == 507 && refused.condition == "{DAV:}quota-not-exceeded")
        #expect(refused.sentence.contains("ada may store 3000 bytes"))
        #expect(try await site.send(.put, home + "a.ics", body: event("a", 2_300), user: "ada").status == 204)
        #expect(try await site.send(.put, home + "c.ics", body: event("c", 10), user: "ada").status == 201)
        let copy = try await site.send(
            .copy, home + "a.ics", [.destination: "/ada/calendars/copy.ics"], user: "ada")
        #expect(copy.status == 507, "copies take room too")
        let found = try await site.propfind(home, "<quota-used-bytes/><quota-available-bytes/>", user: "ada")[home]
        let used = Int(found?.text(.quotaUsedBytes) ?? "") ?? 0
        #expect(used > 2_300 && found?.text(.quotaAvailableBytes) == String(3_000 - used))
        // The room of others is theirs; what is gone is free again.
        #expect(try await site.send(.put, "/bob/calendars/calendar/b.ics", body: large, user: "bob").status == 201)
        #expect(try await site.send(.delete, home + "a.ics", user: "ada").status == 204)
        #expect(try await site.send(.put, home + "b.ics", body: event("b", 1_000), user: "ada").status == 201)
    }
}
