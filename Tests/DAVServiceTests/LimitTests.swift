import CollectionStore
import DAVService
import HTTPTypes
import Testing
import WebDAV
import XMLStream

private let caldav = "{\(DAVNamespace.caldav)}"
private let carddav = "{\(DAVNamespace.carddav)}"
private let dav = "{DAV:}"

/// Every limit and every condition that a request can fail: the status, the element that the RFC names, a sentence for a
/// person, and nothing changed.
@Suite struct LimitTests {
    struct Provocation: Sendable, CustomTestStringConvertible {
        var what: String
        var method: HTTPRequest.Method
        var target: String
        var headers: HTTPFields = [:]
        var body = ""
        var status: Int
        /// In Clark notation; nil where no RFC names one.
        var condition: String?
        var testDescription: String { what }
    }

    private static func options() throws -> DAVOptions {
        DAVOptions(
            singleUserPrincipal: try CollectionPath("/user/"), autocreate: .defaults, maxResourceSize: 1 << 20,
            maxInstances: 100, maxAnswerSize: 20_000, maxMultigetHrefs: 10,
            availableBytes: { (16 << 20) + 600_000 })
    }

    private func site() async throws -> Site {
        let site = try await Site(try Self.options())
        let hourly = Body.event(uid: "kept", "DTSTART:20260101T000000Z", "DURATION:PT30M", "RRULE:FREQ=HOURLY")
        #expect(try await site.send(.put, calendar + "kept.ics", body: hourly).status == 201)
        #expect(try await site.send(.put, addressbook + "kept.vcf", body: Body.card(uid: "kept", "Ada")).status == 201)
        let events =
            "<set><prop><C:supported-calendar-component-set><C:comp name='VEVENT'/>"
            + "</C:supported-calendar-component-set></prop></set>"
        let body = "<C:mkcalendar \(Body.namespaces)>\(events)</C:mkcalendar>"
        #expect(try await site.send(.mkcalendar, "/user/calendars/events/", body: body).status == 201)
        return site
    }

    /// What there is, with the tags of everything.
    private func state(of site: Site) async throws -> [String] {
        var lines: [String] = []
        for home in ["/user/calendars/", "/user/contacts/"] {
            let all = try await site.propfind(home, depth: "infinity", "<getetag/><displayname/>")
            lines += all.responses.map { "\($0.hrefs) \($0.text(.getetag) ?? "") \($0.text(.displayname) ?? "")" }
        }
        return lines.sorted()
    }

    private static let event = Body.event(uid: "new", "DTSTART:20260101T090000Z")
    private static func put(
        _ what: String, _ body: String, _ condition: String, in place: String = calendar, as type: String? = nil,
        status: Int = 403
    ) -> Provocation {
        let name = place == addressbook ? "new.vcf" : "new.ics"
        return Provocation(
            what: what, method: .put, target: place + name, headers: type.map { [.contentType: $0] } ?? [:], body: body,
            status: status, condition: condition)
    }

    private static func query(_ what: String, _ filter: String, _ condition: String) -> Provocation {
        Provocation(
            what: what, method: .report, target: calendar, headers: [.depth: "1"], body: Body.query(filter),
            status: 403,
            condition: condition)
    }

    private static func cards(_ what: String, _ filter: String, _ condition: String) -> Provocation {
        Provocation(
            what: what, method: .report, target: addressbook, headers: [.depth: "1"],
            body: "<CR:addressbook-query \(Body.namespaces)><prop><getetag/></prop><CR:filter>\(filter)</CR:filter>"
                + "</CR:addressbook-query>", status: 403, condition: condition)
    }

    private static func report(
        _ what: String, on target: String = calendar, _ body: String, _ status: Int, _ condition: String?
    ) -> Provocation {
        Provocation(
            what: what, method: .report, target: target, headers: [.depth: "1"], body: body, status: status,
            condition: condition)
    }

    private static let expand =
        "<C:calendar-data><C:expand start='20260101T000000Z' end='20270101T000000Z'/></C:calendar-data>"
    private static let many = String(repeating: "<C:prop-filter name='X'/>", count: 600)
    private static let text = String(repeating: "x", count: 70_000)

    static let objects: [Provocation] = [
        put("a large event", event + String(repeating: " ", count: 1 << 20), caldav + "max-resource-size"),
        put(
            "a large card", Body.card(uid: "n", "N", "NOTE:" + String(repeating: "x", count: 1 << 20)),
            carddav + "max-resource-size", in: addressbook),
        put(
            "more than the disk holds",
            Body.event(uid: "n", "DTSTART:20260101T090000Z", "X-A:" + String(repeating: "x", count: 700_000)),
            dav + "quota-not-exceeded", status: 507),
        put("no calendar", "nonsense", caldav + "valid-calendar-data"),
        put("no card", "nonsense", carddav + "valid-address-data", in: addressbook),
        put("jCal", "[\"vcalendar\",[],[]]", caldav + "supported-calendar-data", as: "application/calendar+json"),
        put(
            "jCard", "[\"vcard\",[]]", carddav + "supported-address-data", in: addressbook,
            as: "application/vcard+json"),
        put(
            "a scheduling message", event.replacing("VERSION:2.0", with: "VERSION:2.0\r\nMETHOD:REQUEST"),
            caldav + "valid-calendar-object-resource"),
        put(
            "a task among events", Body.object("VTODO", uid: "n", []), caldav + "supported-calendar-component",
            in: "/user/calendars/events/"),
        put("a UID that is there", Body.event(uid: "kept", "DTSTART:20260101T090000Z"), caldav + "no-uid-conflict"),
        Provocation(
            what: "another event in the place of one", method: .put, target: calendar + "kept.ics", body: event,
            status: 403, condition: caldav + "no-uid-conflict"),
        Provocation(
            what: "another card in the place of one", method: .put, target: addressbook + "kept.vcf",
            body: Body.card(uid: "other", "Eve"), status: 403, condition: carddav + "no-uid-conflict"),
        put("a card that is there", Body.card(uid: "kept", "Bob"), carddav + "no-uid-conflict", in: addressbook),
        put("the year 0", Body.event(uid: "n", "DTSTART:00000101T090000Z"), caldav + "min-date-time"),
        put(
            "a rule without measure",
            Body.event(uid: "n", "DTSTART:20260101T090000Z", "RRULE:FREQ=SECONDLY;COUNT=100001"),
            caldav + "max-instances"),
        put(
            "an end without measure",
            Body.event(uid: "n", "DTSTART:20260101T090000Z", "RRULE:FREQ=MINUTELY;UNTIL=20990101T000000Z"),
            caldav + "max-instances"),
        put(
            "a crowd",
            Body.object(
                "VEVENT", uid: "n",
                ["DTSTART:20260101T090000Z"] + (0...10_000).map { "ATTENDEE:mailto:\($0)@example.org" }),
            caldav + "max-attendees-per-instance"),
        Provocation(
            what: "a compressed body", method: .put, target: calendar + "new.ics", headers: [.contentEncoding: "gzip"],
            body: event, status: 415),
        Provocation(
            what: "a part", method: .put, target: calendar + "new.ics", headers: [.contentRange: "bytes 0-9/100"],
            body: event, status: 400),
    ]

    static let reports: [Provocation] = [
        query("words for times", Body.range("today", "20260106T000000Z"), caldav + "valid-filter"),
        query("times before the year 1", Body.range("00001231T000000Z", "20260106T000000Z"), caldav + "min-date-time"),
        query("too many parts", Body.range("20260105T000000Z", "20260106T000000Z") + many, caldav + "supported-filter"),
        query(
            "a long text", "<C:prop-filter name='X'><C:text-match>\(text)</C:text-match></C:prop-filter>",
            caldav + "supported-filter"),
        query(
            "an unknown collation",
            "<C:comp-filter name='VEVENT'><C:prop-filter name='X'><C:text-match collation='i;x'>a</C:text-match>"
                + "</C:prop-filter></C:comp-filter>", caldav + "supported-collation"),
        cards("too many parts for cards", many.replacing("C:", with: "CR:"), carddav + "supported-filter"),
        cards(
            "an unknown collation for cards",
            "<CR:prop-filter name='FN'><CR:text-match collation='i;x'>a</CR:text-match></CR:prop-filter>",
            carddav + "supported-collation"),
        cards("no name in a filter", "<CR:prop-filter/>", carddav + "valid-filter"),
        report(
            "too many hrefs", Body.multiget((0..<11).map { "\($0).ics" }), 507, dav + "number-of-matches-within-limits"),
        report("too many instances", Body.query("", properties: expand), 403, caldav + "max-instances"),
        report(
            "calendar data of another version",
            Body.query("", properties: "<C:calendar-data content-type='text/calendar' version='1.0'/>"), 403,
            caldav + "supported-calendar-data"),
        report(
            "address data of another kind", on: addressbook,
            "<CR:addressbook-multiget \(Body.namespaces)><prop><CR:address-data content-type='application/vcard+json'/>"
                + "</prop><href>kept.vcf</href></CR:addressbook-multiget>", 403, carddav + "supported-address-data"),
        report(
            "busy too often",
            "<C:free-busy-query \(Body.namespaces)><C:time-range start='20260101T000000Z' end='20270101T000000Z'/>"
                + "</C:free-busy-query>", 507, dav + "number-of-matches-within-limits"),
        report("a token of nobody", Body.sync("data:,nonsense"), 403, dav + "valid-sync-token"),
        report(
            "a token of nobody at home", on: "/user/calendars/", Body.sync("data:,a;b"), 403, dav + "valid-sync-token"),
        report("a report of others", "<Z:x \(Body.namespaces)/>", 403, dav + "supported-report"),
        report("no filter", "<C:calendar-query \(Body.namespaces)/>", 400, nil),
    ]

    static let bodies: [Provocation] = [
        ("depth", String(repeating: "<a>", count: 100) + String(repeating: "</a>", count: 100), 413, nil),
        ("size", "<propfind xmlns='DAV:'>" + String(repeating: " ", count: 9 << 20) + "</propfind>", 413, nil),
        (
            "names",
            "<propfind xmlns='DAV:'><prop>" + (0..<5_000).map { "<a\($0)/>" }.joined() + "</prop></propfind>", 413, nil
        ),
        ("attributes", "<propfind xmlns='DAV:' " + (0..<100).map { "a\($0)='' " }.joined() + "/>", 413, nil),
        (
            "an external entity", "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x>&a;</x>", 403,
            dav + "no-external-entities"
        ),
        (
            "a bomb", "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><x>&b;</x>", 403,
            dav + "no-external-entities"
        ),
        ("an undeclared entity", "<propfind xmlns='DAV:'>&a;</propfind>", 400, nil),
        ("an undeclared prefix", "<D:propfind><D:prop/></D:propfind>", 400, nil),
        ("half of it", "<propfind xmlns='DAV:'><prop>", 400, nil),
    ].map { what, body, status, condition in
        Provocation(
            what: "XML: \(what)", method: .propfind, target: calendar, headers: [.depth: "0"], body: body,
            status: status,
            condition: condition)
    }

    static let collections: [Provocation] = [
        Provocation(
            what: "a calendar where one is", method: .mkcalendar, target: calendar, status: 403,
            condition: dav + "resource-must-be-null"),
        Provocation(
            what: "a calendar in a calendar", method: .mkcalendar, target: calendar + "inner/", status: 403,
            condition: caldav + "calendar-collection-location-ok"),
        Provocation(
            what: "an address book in a calendar", method: .mkcol, target: calendar + "inner/",
            body: "<mkcol \(Body.namespaces)><set><prop><resourcetype><collection/><CR:addressbook/></resourcetype>"
                + "</prop></set></mkcol>", status: 403, condition: carddav + "addressbook-collection-location-ok"),
        Provocation(
            what: "a lock with a long owner", method: .lock, target: calendar + "kept.ics",
            body: "<lockinfo xmlns='DAV:'><lockscope><exclusive/></lockscope><locktype><write/></locktype><owner>"
                + text + "</owner></lockinfo>", status: 413),
        Provocation(
            what: "too many entries of an ACL", method: .acl, target: calendar,
            body: "<acl xmlns='DAV:'>"
                + String(
                    repeating:
                        "<ace><principal><authenticated/></principal><grant><privilege><read/></privilege></grant>"
                        + "</ace>", count: 501) + "</acl>", status: 403, condition: dav + "limited-number-of-aces"),
        Provocation(
            what: "an If header without end", method: .put, target: calendar + "new.ics",
            headers: [.if: String(repeating: "(<urn:x>)", count: 300)], body: event, status: 400),
        Provocation(
            what: "a long path", method: .put, target: calendar + String(repeating: "x/", count: 2_100) + "x.ics",
            body: event, status: 414),
        Provocation(
            what: "a deep path", method: .put, target: calendar + String(repeating: "x/", count: 40) + "x.ics",
            body: event, status: 403),
        Provocation(
            what: "a long name", method: .put, target: calendar + String(repeating: "x", count: 300), body: event,
            status: 403),
        Provocation(
            what: "a number for Depth", method: .propfind, target: calendar, headers: [.depth: "2"], status: 400),
        Provocation(
            what: "a word for Overwrite", method: .copy, target: calendar + "kept.ics",
            headers: [.destination: "/user/calendars/events/kept.ics", .overwrite: "perhaps"], status: 400),
        Provocation(
            what: "a calendar is deleted as a whole", method: .delete, target: calendar, headers: [.depth: "0"],
            status: 400),
    ]

    @Test(arguments: objects + reports + bodies + collections)
    func whatIsTooMuchIsNamedAndChangesNothing(_ provocation: Provocation) async throws {
        let site = try await site()
        let before = try await state(of: site)
        let answer = try await site.send(
            provocation.method, provocation.target, provocation.headers, body: provocation.body)
        #expect(answer.status == provocation.status, "\(answer.text.prefix(500))")
        #expect(answer.condition == provocation.condition, "\(answer.text.prefix(500))")
        #expect(answer.sentence.count > 15 && answer.sentence.contains(" "), "a sentence for a person")
        #expect(try await state(of: site) == before, "nothing has changed")
    }

    @Test func listsThatBecomeTooLargeSaySo() async throws {
        let site = try await site()
        for number in 0..<60 {
            let body = Body.event(uid: "\(number)", "DTSTART:20260101T100000Z")
            #expect(try await site.send(.put, "/user/calendars/events/\(number).ics", body: body).status == 201)
        }
        let listing = try await site.send(.propfind, "/user/calendars/events/", [.depth: "1"])
        #expect(listing.status == 507 && listing.condition == dav + "number-of-matches-within-limits")
    }

    @Test func propertiesHaveTheirLimits() async throws {
        let site = try await site()
        func patch(_ property: String) async throws -> MultistatusResponse? {
            let body = Body.proppatch("<set><prop>\(property)</prop></set>")
            return try await site.send(.proppatch, calendar, body: body).multistatus[calendar]
        }
        let large = String(repeating: "x", count: 300_000)
        #expect(try await patch("<Z:a>\(large)</Z:a>")?.propstats.first?.status.code == 507)
        #expect(try await patch("<displayname>\(large)</displayname>")?.propstats.first?.status.code == 403)
        #expect(
            try await patch("<getetag>x</getetag>")?.propstats.first?.error?.elements.first?.name
                == .cannotModifyProtectedProperty)
        #expect(
            try await patch("<C:calendar-timezone-id>Mars/Olympus</C:calendar-timezone-id>")?.propstats.first?.error?
                .elements.first?.name
                == .validTimezone)
        #expect(
            try await patch("<C:calendar-timezone>nonsense</C:calendar-timezone>")?.propstats.first?.error?.elements
                .first?.name
                == .validCalendarData)
        #expect(try await patch("<x xmlns='urn:&#10;[access] '>y</x>")?.propstats.first?.status.code == 403)
        let found = try await site.propfind(calendar, "<displayname/><C:calendar-timezone-id/>")[calendar]
        #expect(found?.text(.displayname) == "calendar")
        #expect(found?.status(of: .calendarTimezoneID) == 404)
    }

    @Test func largeBodiesAreRefusedUnread() async throws {
        let site = try await site()
        func refuse(_ method: HTTPRequest.Method, _ target: String) async throws -> Answer {
            let response = await site.service.refuseTooLarge(DAVRequest(method: method, target: target), limit: 1_000)
            return Answer(
                status: response.status.code, headers: response.headers, body: try await response.collectBody())
        }
        let event = try await refuse(.put, calendar + "new.ics")
        #expect(
            event.status == 413 && event.condition == caldav + "max-resource-size" && event.sentence.contains("1000"))
        #expect(try await refuse(.put, addressbook + "new.vcf").condition == carddav + "max-resource-size")
        #expect(try await refuse(.propfind, calendar).status == 413)
    }

    /// What is announced is what holds.
    @Test func theLimitsAreAnnounced() async throws {
        let site = try await site()
        let found = try await site.propfind(
            calendar,
            "<C:max-resource-size/><C:max-instances/><C:max-attendees-per-instance/><C:min-date-time/><C:max-date-time/>"
        )
        #expect(found[calendar]?.text(.caldavMaxResourceSize) == String(1 << 20))
        #expect(found[calendar]?.text(.maxInstances) == "100000")
        #expect(found[calendar]?.text(.maxAttendeesPerInstance) == "10000")
        #expect(found[calendar]?.text(.minDateTime) == "00010101T000000Z")
        #expect(found[calendar]?.text(.maxDateTime) == "99991231T235959Z")
        let cards = try await site.propfind(addressbook, "<CR:max-resource-size/><CR:max-image-size/>")
        #expect(cards[addressbook]?.text(.carddavMaxResourceSize) == String(1 << 20))
        #expect(cards[addressbook]?.text(.maxImageSize) == String(1 << 19))
        // The most is still taken, and so is what never ends.
        let crowd = ["DTSTART:20260101T090000Z"] + (0..<10_000).map { "ATTENDEE:mailto:\($0)@example.org" }
        for (name, body) in [
            ("crowd", Body.object("VEVENT", uid: "crowd", crowd)),
            ("most", Body.event(uid: "most", "DTSTART:20260101T090000Z", "RRULE:FREQ=SECONDLY;COUNT=100000")),
            ("ever", Body.event(uid: "ever", "DTSTART:20260101T090000Z", "RRULE:FREQ=SECONDLY")),
            ("long", Body.event(uid: "long", "DTSTART:20260101T090000Z", "RRULE:FREQ=DAILY;UNTIL=22990101T000000Z")),
            ("first", Body.event(uid: "first", "DTSTART:00010101T000000Z")),
            ("last", Body.event(uid: "last", "DTSTART:99991231T235959Z")),
        ] {
            #expect(try await site.send(.put, calendar + name + ".ics", body: body).status == 201, "\(name)")
        }
    }
}
