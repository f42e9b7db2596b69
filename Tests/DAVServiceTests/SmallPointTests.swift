import CollectionStore
import DAVService
import HTTPTypes
import Testing
import WebDAV
import XMLStream

/// Points of the standards that few clients use and that are easily forgotten.
@Suite struct SmallPointTests {
    @Test func methodsAreListed() async throws {
        let site = try await Site()
        _ = try await site.send(.put, calendar + "a.ics", body: Body.event(uid: "a", "DTSTART:20260101T090000Z"))
        for (place, has, lacks) in [
            (calendar, ["REPORT", "POST", "ACL", "DELETE"], ["PUT", "MKCALENDAR"]),
            (calendar + "a.ics", ["PUT", "GET", "LOCK", "MOVE"], ["MKCOL", "POST"]),
            ("/user/", ["PROPFIND", "PROPPATCH", "REPORT"], ["DELETE", "PUT"]),
        ] {
            let found = try await site.propfind(place, "<supported-method-set/>")[place]
            let names =
                found?.property(.supportedMethodSet)?.all(.supportedMethod).compactMap { $0.attribute("name") } ?? []
            for name in has { #expect(names.contains(name), "\(name) on \(place)") }
            for name in lacks { #expect(!names.contains(name), "\(name) on \(place)") }
            #expect(try await site.send(.options, place).headers[.allow] == names.joined(separator: ", "))
        }
    }

    @Test func bodiesComeInUTF16Too() async throws {
        let site = try await Site()
        let text =
            "<?xml version=\"1.0\" encoding=\"UTF-16\"?><propertyupdate xmlns=\"DAV:\"><set><prop>"
            + "<displayname>Pr\u{E1}ce \u{1F4C5}</displayname></prop></set></propertyupdate>"
        let bytes: [UInt8] = [0xFE, 0xFF] + text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] as [UInt8] }
        let response = await site.service.respond(
            to: DAVRequest(method: .proppatch, target: calendar, headers: [.contentType: "text/xml"], body: bytes))
        #expect(response.status.code == 207)
        #expect(
            try await site.propfind(calendar, "<displayname/>")[calendar]?.text(.displayname) == "Pr\u{E1}ce \u{1F4C5}")
    }

    /// Periods outside the range are left out (RFC 4791, 9.6.7).
    @Test func busyTimesAreLimited() async throws {
        let site = try await Site()
        let busy = Body.object(
            "VFREEBUSY", uid: "busy",
            [
                "DTSTART:20260101T000000Z", "DTEND:20260201T000000Z", "FREEBUSY:20260105T090000Z/PT1H",
                "FREEBUSY:20260120T090000Z/PT1H",
            ])
        #expect(try await site.send(.put, calendar + "busy.ics", body: busy).status == 201)
        let limit = "<C:limit-freebusy-set start='20260119T000000Z' end='20260122T000000Z'/>"
        let answer = try await site.report(
            calendar, body: Body.query("", properties: "<C:calendar-data>\(limit)</C:calendar-data>"))
        let data = try #require(try answer.multistatus.responses.first?.text(.calendarData))
        #expect(data.contains("20260120T090000Z/PT1H") && !data.contains("20260105T090000Z/PT1H"))
    }

    @Test func subscriptionsAreKept() async throws {
        let site = try await Site()
        let place = "/user/calendars/holidays/"
        let body =
            "<mkcol \(Body.namespaces)><set><prop><resourcetype><collection/><CS:subscribed/></resourcetype>"
            + "<displayname>Holidays</displayname><CS:source><href>https://example.org/h.ics</href></CS:source>"
            + "<CS:refreshrate>P1W</CS:refreshrate><CS:subscribed-strip-alarms/></prop></set></mkcol>"
        #expect(try await site.send(.mkcol, place, [.contentType: "text/xml"], body: body).status == 201)
        let found = try await site.propfind(
            place, "<resourcetype/><CS:source/><CS:refreshrate/><CS:subscribed-strip-alarms/><A:calendar-color/>")[
                place]
        #expect(found?.property(.resourcetype)?.first(.subscribed) != nil)
        #expect(found?.hrefs(in: .source) == ["https://example.org/h.ics"])
        #expect(found?.text(.refreshrate) == "P1W")
        #expect(found?.status(of: XMLName(calendarServer: "subscribed-strip-alarms")) == 200)
    }

    /// What newer standards bring is kept, whether or not the server knows it (RFC 7986, 9073, 9074, 9253).
    @Test func unknownContentIsKept() async throws {
        let site = try await Site()
        let lines = [
            "DTSTART:20260101T090000Z", "COLOR:turquoise", "CONFERENCE;VALUE=URI;FEATURE=VIDEO:https://example.org/m",
            "IMAGE;VALUE=URI;DISPLAY=BADGE:https://example.org/i.png",
            "LINK;LINKREL=SOURCE;VALUE=URI:https://example.org/",
            "CONCEPT:https://example.org/c", "RELATED-TO;RELTYPE=FINISHTOSTART:b", "X-WHATEVER;X-P=\"a:b\";y=z:v",
            "BEGIN:PARTICIPANT", "UID:p", "PARTICIPANT-TYPE:SPEAKER", "END:PARTICIPANT", "BEGIN:VLOCATION", "UID:l",
            "NAME:Room", "END:VLOCATION", "BEGIN:VALARM", "UID:alarm", "ACTION:DISPLAY", "TRIGGER:-PT5M",
            "ACKNOWLEDGED:20260101T085600Z", "END:VALARM", "BEGIN:X-ODD", "A:b", "END:X-ODD",
        ]
        let event = Body.object("VEVENT", uid: "new", lines)
        #expect(try await site.send(.put, calendar + "new.ics", body: event).status == 201)
        #expect(try await site.send(.get, calendar + "new.ics").text == event)
        let found = try await site.report(
            calendar, body: Body.query("<C:comp-filter name='VEVENT'><C:comp-filter name='VLOCATION'/></C:comp-filter>")
        )
        #expect(try found.multistatus.names == ["new.ics"])
    }

    /// Somebody is never called free because the answer would be long.
    @Test func whoIsBusyTooOftenIsNotCalledFree() async throws {
        let site = try await Site()
        let often = Body.event(
            uid: "often", "DTSTART:20260101T000000Z", "DURATION:PT1M", "RRULE:FREQ=MINUTELY;INTERVAL=2")
        #expect(try await site.send(.put, calendar + "often.ics", body: often).status == 201)
        func busy(_ end: String) async throws -> Answer {
            let range = "<C:time-range start='20260101T000000Z' end='\(end)'/>"
            return try await site.report(
                calendar, body: "<C:free-busy-query \(Body.namespaces)>\(range)</C:free-busy-query>")
        }
        #expect(try await busy("20260102T000000Z").text.split(separator: "FREEBUSY:").count == 721)
        let year = try await busy("20270101T000000Z")
        #expect(year.status == 507 && year.condition == "{DAV:}number-of-matches-within-limits")
    }

    /// Everything at once, to any depth: what RFC 4918, 9.1 lets a server refuse is answered.
    @Test func listingsGoToAnyDepth() async throws {
        let site = try await Site()
        _ = try await site.send(.put, calendar + "a.ics", body: Body.event(uid: "a", "DTSTART:20260101T090000Z"))
        _ = try await site.send(.put, addressbook + "a.vcf", body: Body.card(uid: "a", "Ada"))
        for headers: HTTPFields in [[:], [.depth: "infinity"]] {
            let all = try await site.send(.propfind, "/", headers, body: Body.propfind("<getetag/>")).multistatus
            for place in ["/", "/user/", calendar, calendar + "a.ics", addressbook + "a.vcf"] {
                #expect(all[place] != nil, "\(place)")
            }
        }
    }
}
