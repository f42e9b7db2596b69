import HTTPTypes
import Testing
import WebDAV
import XMLStream

/// COPY and MOVE (RFC 4918, 9.8 and 9.9) of members and collections, with what CalDAV asks of the result.
@Suite struct RelocationTests {
    private let other = "/user/calendars/other/"
    private let event = Body.event(uid: "a", "DTSTART:20260101T100000Z", "SUMMARY:One")

    private func site() async throws -> Site {
        let site = try await Site()
        #expect(try await site.send(.mkcalendar, other).status == 201)
        #expect(try await site.send(.put, calendar + "a.ics", body: event).status == 201)
        let note = Body.proppatch("<set><prop><Z:note xml:lang='de'>wichtig <Z:b/></Z:note></prop></set>")
        let answer = try await site.send(.proppatch, calendar + "a.ics", body: note)
        #expect(try answer.multistatus[calendar + "a.ics"]?.status(of: XMLName("urn:z", "note")) == 200)
        return site
    }

    private func note(_ site: Site, _ target: String) async throws -> XMLElement? {
        try await site.propfind(target, "<Z:note/>")[target]?.property(XMLName("urn:z", "note"))
    }

    @Test func membersAreCopiedWithTheirProperties() async throws {
        let site = try await site()
        let copied = try await site.send(.copy, calendar + "a.ics", [.destination: other + "b.ics"])
        #expect(copied.status == 201)
        #expect(try await site.send(.get, other + "b.ics").text == event)
        let note = try await note(site, other + "b.ics")
        #expect(note?.language == "de" && note?.text == "wichtig " && note?.elements.count == 1)
        #expect(try await site.send(.copy, calendar + "a.ics", [.destination: other + "b.ics"]).status == 204)
        let kept = try await site.send(.copy, calendar + "a.ics", [.destination: other + "b.ics", .overwrite: "F"])
        #expect(kept.status == 412)
        // The same UID twice in one calendar is what no-uid-conflict forbids.
        let conflict = try await site.send(.copy, calendar + "a.ics", [.destination: calendar + "b.ics"])
        #expect(conflict.status == 403)
        #expect(conflict.condition == "{\(DAVNamespace.caldav)}no-uid-conflict")
        #expect(conflict.text.contains(calendar + "a.ics"))
        let card = try await site.send(.copy, calendar + "a.ics", [.destination: addressbook + "a.vcf"])
        #expect(card.status == 403)
        #expect(card.condition == "{\(DAVNamespace.carddav)}valid-address-data")
    }

    @Test func membersAreMoved() async throws {
        let site = try await site()
        #expect(try await site.send(.move, calendar + "a.ics", [.destination: calendar + "b.ics"]).status == 201)
        #expect(try await site.send(.get, calendar + "a.ics").status == 404)
        #expect(try await note(site, calendar + "b.ics") != nil)
        #expect(try await site.send(.move, calendar + "b.ics", [.destination: other + "c.ics"]).status == 201)
        #expect(try await site.send(.get, calendar + "b.ics").status == 404)
        #expect(try await site.send(.get, other + "c.ics").text == event)
        #expect(try await note(site, other + "c.ics") != nil)
        #expect(try await site.send(.put, other + "c.ics", [.ifMatch: "\"x\""], body: event).status == 412)
        #expect(
            try await site.send(.move, other + "c.ics", [.destination: other + "d.ics", .ifMatch: "\"x\""]).status
                == 412)
        #expect(try await site.send(.delete, other + "c.ics").status == 204)
        #expect(try await site.send(.put, other + "c.ics", body: event).status == 201)
        #expect(try await note(site, other + "c.ics") == nil, "a new member has no old properties")
    }

    @Test func destinationsAreChecked() async throws {
        let site = try await site()
        let source = calendar + "a.ics"
        #expect(try await site.send(.copy, source).status == 400)
        #expect(try await site.send(.copy, source, [.destination: "/user/none/a.ics"]).status == 409)
        #expect(try await site.send(.copy, source, [.destination: source]).status == 403)
        #expect(try await site.send(.copy, calendar, [.destination: calendar + "inner/"]).status == 403)
        #expect(try await site.send(.copy, calendar, [.destination: other + "inner/"]).status == 403)
        #expect(try await site.send(.move, calendar + "none.ics", [.destination: other + "a.ics"]).status == 404)
        #expect(try await site.send(.move, "/user/calendars/", [.destination: "/user/elsewhere/"]).status == 403)
        #expect(try await site.send(.copy, source, [.destination: other + "a.ics", .overwrite: "x"]).status == 400)
        let request = DAVRequestTarget.foreign
        #expect(
            try await site.send(.copy, source, [.destination: request]).status == 201, "no authority to compare with")
    }

    @Test func collectionsAreCopiedDeepOrAlone() async throws {
        let site = try await site()
        let name = Body.proppatch("<set><prop><displayname>Work</displayname><Z:x>y</Z:x></prop></set>")
        _ = try await site.send(.proppatch, calendar, body: name)
        let deep = "/user/calendars/deep/"
        #expect(try await site.send(.copy, calendar, [.destination: deep]).status == 201)
        #expect(try await site.send(.get, deep + "a.ics").text == event)
        let found = try await site.propfind(deep, "<displayname/><Z:x/><resourcetype/>")[deep]
        #expect(found?.text(.displayname) == "Work" && found?.text(XMLName("urn:z", "x")) == "y")
        #expect(found?.property(.resourcetype)?.first(.calendar) != nil)
        #expect(try await note(site, deep + "a.ics") != nil)
        let flat = "/user/calendars/flat/"
        #expect(try await site.send(.copy, calendar, [.destination: flat, .depth: "0"]).status == 201)
        #expect(try await site.send(.get, flat + "a.ics").status == 404)
        #expect(try await site.send(.copy, calendar, [.destination: flat, .overwrite: "F"]).status == 412)
        #expect(try await site.send(.copy, calendar, [.destination: flat]).status == 204)
        #expect(try await site.send(.get, flat + "a.ics").status == 200)
    }

    @Test func collectionsAreMovedWithTheirTokens() async throws {
        let site = try await site()
        let token = try await site.propfind(calendar, "<sync-token/>")[calendar]?.text(.syncToken)
        let moved = "/user/calendars/moved/"
        #expect(try await site.send(.move, other, [.destination: moved]).status == 201)
        #expect(try await site.send(.move, calendar, [.destination: moved]).status == 204)
        #expect(try await site.send(.get, calendar + "a.ics").status == 404)
        #expect(try await site.send(.get, moved + "a.ics").text == event)
        #expect(try await site.propfind(moved, "<sync-token/>")[moved]?.text(.syncToken) == token)
    }

    @Test func membersAreAddedByPost() async throws {
        let site = try await site()
        let address = try await site.propfind(other, "<add-member/>")[other]?.hrefs(in: .addMember).first
        let answer = try await site.send(.post, try #require(address), [.contentType: "text/calendar"], body: event)
        #expect(answer.status == 201)
        let location = try #require(answer.headers[.location])
        #expect(location.hasPrefix(other) && location.hasSuffix(".ics"))
        #expect(try await site.send(.get, location).text == event)
        #expect(try await site.send(.get, location).etag == answer.etag)
        let again = try await site.send(.post, other, [.contentType: "text/calendar"], body: event)
        #expect(again.condition == "{\(DAVNamespace.caldav)}no-uid-conflict")
        #expect(try await site.send(.post, calendar + "a.ics", body: event).status == 405)
        #expect(try await site.send(.post, "/user/", body: event).status == 405)
    }
}

private enum DAVRequestTarget {
    /// Sent in-process there is no authority, so that no address can be told to be foreign.
    static let foreign = "http://elsewhere.example/user/calendars/other/x.ics"
}
