import CollectionStore
import DAVService
import HTTPTypes
import Testing
import WebDAV
import XMLStream

@Suite struct MakeCollectionTests {
    @Test func aCalendarIsMadeWithItsProperties() async throws {
        let site = try await Site()
        let body =
            "<C:mkcalendar \(Body.namespaces)><set><prop><displayname>Work &amp; 100 %</displayname>"
            + "<A:calendar-color>#ff0000ff</A:calendar-color><A:calendar-order>3</A:calendar-order>"
            + "<C:calendar-description>Two\nlines</C:calendar-description><Z:mine a=\"b\"><Z:inner>x</Z:inner></Z:mine>"
            + "<C:supported-calendar-component-set><C:comp name=\"VTODO\"/></C:supported-calendar-component-set>"
            + "</prop></set></C:mkcalendar>"
        let made = try await site.send(.mkcalendar, "/user/calendars/work/", body: body)
        #expect(made.status == 201)
        let response = try #require(
            try await site.propfind(
                "/user/calendars/work/",
                "<displayname/><A:calendar-color/><A:calendar-order/><C:calendar-description/><Z:mine/>"
                    + "<C:supported-calendar-component-set/><resourcetype/>")["/user/calendars/work/"])
        #expect(response.text(.displayname) == "Work & 100 %")
        #expect(response.text(.calendarColor) == "#ff0000ff")
        #expect(response.text(.calendarOrder) == "3")
        #expect(response.text(.calendarDescription) == "Two\nlines")
        #expect(response.property(XMLName("urn:z", "mine"))?.attribute("a") == "b")
        #expect(response.property(XMLName("urn:z", "mine"))?.elements.first?.text == "x")
        #expect(
            response.property(.supportedCalendarComponentSet)?.elements.compactMap { $0.attribute("name") } == ["VTODO"]
        )
        #expect(response.property(.resourcetype)?.elements.map(\.name) == [.collection, .calendar])
        let refused = try await site.send(
            .put, "/user/calendars/work/a.ics", body: Body.event(uid: "a", "DTSTART:20260101T100000Z"))
        #expect(refused.status == 403)
        #expect(refused.condition == "{\(DAVNamespace.caldav)}supported-calendar-component")
    }

    @Test func refusalsMakeNothing() async throws {
        let site = try await Site()
        let protected =
            "<C:mkcalendar \(Body.namespaces)><set><prop><displayname>x</displayname><getetag>y</getetag></prop></set></C:mkcalendar>"
        let answer = try await site.send(.mkcalendar, "/user/calendars/x/", body: protected)
        #expect(answer.status == 403)
        let root = try XMLElement(parsing: answer.body)
        #expect(root.name.local == "mkcalendar-response")
        #expect(root.all(.propstat).compactMap { $0.first(.status)?.text.split(separator: " ")[1] } == ["403", "424"])
        #expect(try await site.send(.propfind, "/user/calendars/x/", [.depth: "0"]).status == 404)
        let existing = try await site.send(.mkcalendar, calendar)
        #expect(existing.status == 403)
        #expect(existing.condition == "{DAV:}resource-must-be-null")
        #expect(try await site.send(.mkcalendar, "/user/none/x/").status == 409)
        let nested = try await site.send(.mkcalendar, calendar + "inner/")
        #expect(nested.status == 403)
        #expect(nested.condition == "{\(DAVNamespace.caldav)}calendar-collection-location-ok")
        #expect(try await site.send(.mkcalendar, "/user/calendars/y/", body: "<broken").status == 400)
        #expect(try await site.send(.mkcalendar, "/user/calendars/y/", body: "<a/>").status == 400)
    }

    @Test func mkcolPlainAndExtended() async throws {
        let site = try await Site()
        #expect(try await site.send(.mkcol, "/user/calendars/plain/").status == 201)
        #expect(try await site.send(.mkcol, "/user/calendars/plain/").status == 405)
        #expect(try await site.send(.mkcol, "/user/none/plain/").status == 409)
        #expect(
            try await site.send(.mkcol, "/user/calendars/z/", [.contentType: "text/plain"], body: "hello").status == 415
        )
        func body(_ type: String) -> String {
            "<mkcol \(Body.namespaces)><set><prop><resourcetype><collection/>\(type)</resourcetype>"
                + "<displayname>Friends</displayname></prop></set></mkcol>"
        }
        let xml: HTTPFields = [.contentType: "text/xml; charset=utf-8"]
        #expect(
            try await site.send(.mkcol, "/user/contacts/friends/", xml, body: body("<CR:addressbook/>")).status == 201)
        let friends = try await site.propfind("/user/contacts/friends/", "<resourcetype/><displayname/>").responses
            .first
        #expect(friends?.property(.resourcetype)?.elements.map(\.name) == [.collection, .addressbook])
        #expect(friends?.text(.displayname) == "Friends")
        let odd = try await site.send(.mkcol, "/user/contacts/odd/", xml, body: body("<Z:zoo/>"))
        #expect(odd.status == 403)
        let root = try XMLElement(parsing: odd.body)
        #expect(root.name == .mkcolResponse)
        #expect(root.first(.propstat)?.first(.error)?.elements.map(\.name) == [.validResourcetype])
        #expect(try await site.send(.propfind, "/user/contacts/odd/").status == 404)
    }

    @Test func collectionsGoAwayWithAllTheyHold() async throws {
        let site = try await Site()
        _ = try await site.send(.mkcalendar, "/user/calendars/work/")
        let path = "/user/calendars/work/a.ics"
        _ = try await site.send(.put, path, body: Body.event(uid: "a", "DTSTART:20260101T100000Z"))
        #expect(try await site.send(.delete, "/user/calendars/work/", [.depth: "0"]).status == 400)
        #expect(try await site.send(.delete, "/user/calendars/work/", [.ifMatch: "\"x\""]).status == 412)
        #expect(try await site.send(.delete, "/user/calendars/work/").status == 204)
        #expect(try await site.send(.get, path).status == 404)
        #expect(try await site.send(.propfind, "/user/calendars/work/").status == 404)
        for fixed in ["/", "/user/", "/user/calendars/", "/user/contacts/"] {
            #expect(try await site.send(.delete, fixed).status == 403, "\(fixed)")
        }
    }
}

@Suite struct PropertyTests {
    @Test func propertiesAreSetReadAndRemoved() async throws {
        let site = try await Site()
        let set =
            "<set><prop><displayname>100% \"mine\"; # =</displayname><A:calendar-color>#00ff00</A:calendar-color>"
            + "<Z:dead xml:lang=\"cs\">text<Z:in>x</Z:in></Z:dead></prop></set>"
        let answer = try await site.send(.proppatch, calendar, body: Body.proppatch(set))
        #expect(answer.status == 207)
        let patched = try #require(try answer.multistatus[calendar])
        #expect(patched.propstats.map(\.status.code) == [200])
        let dead = XMLName("urn:z", "dead")
        let ask = "<displayname/><A:calendar-color/><Z:dead/>"
        let read = try #require(try await site.propfind(calendar, ask)[calendar])
        #expect(read.text(.displayname) == "100% \"mine\"; # =")
        #expect(read.text(.calendarColor) == "#00ff00")
        #expect(read.property(dead)?.language == "cs")
        #expect(read.property(dead)?.first(XMLName("urn:z", "in"))?.text == "x")
        let remove = "<remove><prop><displayname/><A:calendar-color/><Z:dead/><Z:never/></prop></remove>"
        #expect(
            try await site.send(.proppatch, calendar, body: Body.proppatch(remove)).multistatus[calendar]?
                .propstats.map(\.status.code) == [200])
        let gone = try #require(try await site.propfind(calendar, ask)[calendar])
        #expect(gone.status(of: .calendarColor) == 404)
        #expect(gone.status(of: dead) == 404)
        #expect(gone.text(.displayname) == "calendar")
    }

    @Test func allOrNothing() async throws {
        let site = try await Site()
        let body = Body.proppatch(
            "<set><prop><displayname>New</displayname></prop></set><set><prop><resourcetype/></prop></set>"
                + "<remove><prop><Z:x/></prop></remove>")
        let response = try #require(try await site.send(.proppatch, calendar, body: body).multistatus[calendar])
        #expect(response.status(of: .resourcetype) == 403)
        #expect(response.status(of: .displayname) == 424)
        #expect(response.status(of: XMLName("urn:z", "x")) == 424)
        #expect(response.propstats.first?.error?.elements.map(\.name) == [.cannotModifyProtectedProperty])
        #expect(try await site.propfind(calendar, "<displayname/>")[calendar]?.text(.displayname) == "calendar")
        let fixed = Body.proppatch(
            "<set><prop><C:supported-calendar-component-set><C:comp name=\"VEVENT\"/></C:supported-calendar-component-set></prop></set>"
        )
        let refused = try await site.send(.proppatch, calendar, body: fixed).multistatus[calendar]
        #expect(refused?.status(of: .supportedCalendarComponentSet) == 403)
    }

    @Test func theLastInstructionForAPropertyWins() async throws {
        let site = try await Site()
        let body = Body.proppatch(
            "<remove><prop><displayname/></prop></remove><set><prop><displayname>A</displayname></prop></set>"
                + "<set><prop><displayname>B</displayname></prop></set>")
        #expect(try await site.send(.proppatch, calendar, [.prefer: "return=minimal"], body: body).status == 204)
        #expect(try await site.propfind(calendar, "<displayname/>")[calendar]?.text(.displayname) == "B")
    }

    @Test func membersAndDirectoriesRefusePerProperty() async throws {
        let site = try await Site()
        _ = try await site.send(.put, calendar + "a.ics", body: Body.event(uid: "a", "DTSTART:20260101T100000Z"))
        let body = Body.proppatch("<set><prop><Z:x>1</Z:x><getetag>2</getetag></prop></set>")
        for target in [calendar + "a.ics", "/user/", "/"] {
            let answer = try await site.send(.proppatch, target, body: body)
            #expect(answer.status == 207)
            #expect(try answer.multistatus.responses.first?.status(of: .getetag) == 403)
        }
        #expect(try await site.send(.proppatch, "/user/none", body: body).status == 404)
    }

    @Test func propfindDepthsAndKinds() async throws {
        let site = try await Site()
        _ = try await site.send(.put, calendar + "a.ics", body: Body.event(uid: "a", "DTSTART:20260101T100000Z"))
        let one = try await site.propfind(calendar, depth: "1", "<getetag/><getcontenttype/><nothing/>")
        #expect(one.responses.map(\.hrefs) == [[calendar], [calendar + "a.ics"]])
        let member = try #require(one[calendar + "a.ics"])
        #expect(member.text(.getcontenttype) == "text/calendar; charset=utf-8")
        #expect(member.status(of: XMLName(dav: "nothing")) == 404)
        let minimal = try await site.propfind(
            calendar, depth: "1", "<getetag/><nothing/>", headers: [.prefer: "return=minimal"])
        #expect(minimal.responses.allSatisfy { $0.propstats.map(\.status.code) == [200] })
        let noRoot = try await site.propfind(calendar, depth: "1", "<getetag/>", headers: [.prefer: "depth-noroot"])
        #expect(noRoot.responses.map(\.hrefs) == [[calendar + "a.ics"]])
        let all = try await site.send(.propfind, calendar, [.depth: "0"]).multistatus[calendar]
        #expect(all?.text(.displayname) == "calendar")
        #expect(all?.propstats.map(\.status.code) == [200])
        #expect(all?.property(.supportedReportSet) == nil)
        let names = try await site.send(
            .propfind, calendar, [.depth: "0"], body: "<propfind xmlns='DAV:'><propname/></propfind>"
        ).multistatus[calendar]
        #expect(names?.property(.supportedReportSet)?.children.isEmpty == true)
        #expect(try await site.send(.propfind, calendar + "none.ics").status == 404)
        #expect(try await site.send(.propfind, calendar, [.depth: "3"]).status == 400)
        #expect(try await site.send(.propfind, calendar, body: "<propfind").status == 400)
    }

    @Test func bombsAndEntitiesAreRefused() async throws {
        let site = try await Site()
        let bomb =
            "<!DOCTYPE l [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;'>]><propfind xmlns='DAV:'><prop>&b;</prop></propfind>"
        let file =
            "<!DOCTYPE p [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><propfind xmlns='DAV:'><prop><a>&x;</a></prop></propfind>"
        for method in [HTTPRequest.Method.propfind, .proppatch, .report] {
            for body in [bomb, file] {
                let answer = try await site.send(method, calendar, body: body)
                #expect(answer.status == 403)
                #expect(answer.condition == "{DAV:}no-external-entities")
                #expect(!answer.text.contains("root:"))
            }
            let deep = String(repeating: "<a>", count: 100_000)
            #expect(try await site.send(method, calendar, body: deep).status == 413)
            let large = "<a>" + String(repeating: "x", count: 9 << 20) + "</a>"
            #expect(try await site.send(method, calendar, body: large).status == 413)
        }
    }
}
