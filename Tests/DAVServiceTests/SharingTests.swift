import DAVService
import HTTPTypes
import Testing
import WebDAV
import XMLStream

/// Grants between people (RFC 3744), and where they show.
@Suite struct SharingTests {
    private let work = "/ada/calendars/calendar/"
    private let shown = "/bob/calendars/ada~calendar/"
    private let event = Body.event(uid: "a", "DTSTART:20260101T100000Z", "DTEND:20260101T110000Z")

    private func site() async throws -> Site {
        let site = try await Site(DAVOptions(autocreate: .defaults))
        for user in ["ada", "bob", "carol"] { _ = try await site.send(.propfind, "/", [.depth: "0"], user: user) }
        #expect(try await site.send(.put, work + "a.ics", body: event, user: "ada").status == 201)
        return site
    }

    private func grant(_ site: Site, _ privileges: String...) async throws {
        let body = Body.acl("/bob/", privileges.joined())
        #expect(try await site.send(.acl, work, body: body, user: "ada").status == 200)
    }

    private func names(_ site: Site, in home: String, user: String) async throws -> [String] {
        try await site.propfind(home, depth: "1", "<resourcetype/>", user: user).responses.flatMap(\.hrefs).sorted()
    }

    @Test func readersReadAndAppearInTheHome() async throws {
        let site = try await site()
        #expect(
            try await names(site, in: "/bob/calendars/", user: "bob") == [
                "/bob/calendars/", "/bob/calendars/calendar/",
            ])
        try await grant(site, "<read/>")
        #expect(try await names(site, in: "/bob/calendars/", user: "bob").contains(shown))
        #expect(!(try await names(site, in: "/carol/calendars/", user: "carol")).contains { $0.contains("~") })
        let listed = try await site.propfind(shown, depth: "1", "<current-user-privilege-set/><owner/>", user: "bob")
        #expect(listed.responses.flatMap(\.hrefs) == [shown, shown + "a.ics"])
        #expect(listed[shown]?.hrefs(in: .owner) == ["/ada/"])
        let privileges = listed[shown + "a.ics"]?.property(.currentUserPrivilegeSet)?.elements.compactMap {
            $0.elements.first?.name
        }
        #expect(privileges?.contains(.read) == true && privileges?.contains(.write) == false)
        for place in [shown, work] {
            #expect(try await site.send(.get, place + "a.ics", user: "bob").text == event)
            for (method, target) in [
                (HTTPRequest.Method.put, "b.ics"), (.delete, "a.ics"), (.proppatch, ""), (.lock, "a.ics"), (.acl, ""),
            ] {
                let answer = try await site.send(method, place + target, body: event, user: "bob")
                #expect(answer.status == 403 && answer.condition == "{DAV:}need-privileges", "\(method)")
            }
            #expect(try await site.send(.get, place + "a.ics", user: "carol").status == 403)
        }
        let query = Body.query(Body.range("20260101T000000Z", "20260102T000000Z"))
        let found = try await site.send(.report, shown, [.depth: "1"], body: query, user: "bob").multistatus
        #expect(found.responses.flatMap(\.hrefs) == [shown + "a.ics"])
        let multiget = Body.multiget([shown + "a.ics", shown + "none.ics"])
        let got = try await site.send(.report, shown, body: multiget, user: "bob").multistatus
        #expect(got[shown + "a.ics"]?.text(.calendarData) == event)
        let token = try await site.send(.report, shown, body: Body.sync(""), user: "bob").multistatus
        #expect(token.responses.flatMap(\.hrefs) == [shown + "a.ics"])
    }

    @Test func writersWrite() async throws {
        let site = try await site()
        try await grant(site, "<read/>", "<write/>")
        let second = Body.event(uid: "b", "DTSTART:20260102T100000Z")
        #expect(try await site.send(.put, shown + "b.ics", body: second, user: "bob").status == 201)
        #expect(try await site.send(.get, work + "b.ics", user: "ada").text == second)
        let moved = try await site.send(
            .move, shown + "b.ics", [.destination: "/bob/calendars/calendar/b.ics"], user: "bob")
        #expect(moved.status == 201)
        #expect(try await site.send(.delete, shown + "a.ics", user: "bob").status == 204)
        #expect(try await site.send(.delete, work, user: "bob").status == 403)
        #expect(try await site.send(.move, work, [.destination: "/bob/calendars/mine/"], user: "bob").status == 403)
        // Deleting the share ends it for bob; ada's calendar stays.
        #expect(try await site.send(.delete, shown, user: "bob").status == 204)
        #expect(!(try await names(site, in: "/bob/calendars/", user: "bob")).contains(shown))
        #expect(try await site.send(.propfind, work, user: "ada").status == 207)
    }

    @Test func aSharedCalendarKeepsItsReadersWhenItMoves() async throws {
        let site = try await site()
        try await grant(site, "<read/>")
        let moved = try await site.send(.move, work, [.destination: "/ada/calendars/office/"], user: "ada")
        #expect(moved.status == 201)
        let now = "/bob/calendars/ada~office/"
        #expect(try await names(site, in: "/bob/calendars/", user: "bob").contains(now))
        #expect(try await site.send(.get, now + "a.ics", user: "bob").text == event)
        // A copy is another calendar, and nobody has been let into it.
        let copied = try await site.send(
            .copy, "/ada/calendars/office/", [.destination: "/ada/calendars/copy/"], user: "ada")
        #expect(copied.status == 201)
        #expect(try await site.send(.get, "/ada/calendars/copy/a.ics", user: "bob").status == 403)
    }

    @Test func someMayOnlySeeWhenOthersAreBusy() async throws {
        let site = try await site()
        try await grant(site, "<C:read-free-busy/>")
        #expect(try await names(site, in: "/bob/calendars/", user: "bob").contains(shown))
        let busy =
            "<C:free-busy-query \(Body.namespaces)><C:time-range start='20260101T000000Z' end='20260102T000000Z'/>"
            + "</C:free-busy-query>"
        let answer = try await site.send(.report, shown, [.depth: "1"], body: busy, user: "bob")
        #expect(answer.status == 200 && answer.text.contains("FREEBUSY:20260101T100000Z/20260101T110000Z"))
        #expect(try await site.send(.get, shown + "a.ics", user: "bob").status == 403)
        #expect(try await names(site, in: shown, user: "bob") == [shown], "no members are listed")
        let query = Body.query(Body.range("20260101T000000Z", "20260102T000000Z"))
        #expect(try await site.send(.report, shown, [.depth: "1"], body: query, user: "bob").status == 403)
        #expect(try await site.send(.report, shown, [.depth: "1"], body: busy, user: "carol").status == 403)
        // What others do says nothing about bob.
        let own = try await site.send(.report, "/bob/calendars/", [.depth: "infinity"], body: busy, user: "bob")
        #expect(own.status == 200 && !own.text.contains("FREEBUSY:"))
    }

    @Test func grantsAreListedAndTakenBack() async throws {
        let site = try await site()
        try await grant(site, "<read/>")
        let entries = try await site.propfind(work, "<acl/>", user: "ada")[work]?.property(.acl)?.all(.ace)
        #expect(entries?.count == 2)
        #expect(entries?.first?.first(.protected) != nil)
        #expect(entries?.last?.first(.principal)?.first(.href)?.text == "/bob/")
        #expect(try await site.propfind(shown, "<acl/>", user: "bob")[shown]?.status(of: .acl) == 404)
        let people =
            "<acl-principal-prop-set \(Body.namespaces)><prop><displayname/></prop></acl-principal-prop-set>"
        let named = try await site.send(.report, work, [.depth: "0"], body: people, user: "ada").multistatus
        #expect(named.responses.flatMap(\.hrefs) == ["/ada/", "/bob/"])
        #expect(try await site.send(.acl, work, body: "<acl xmlns='DAV:'/>", user: "ada").status == 200)
        #expect(try await site.send(.get, shown + "a.ics", user: "bob").status == 404)
        #expect(try await site.send(.get, work + "a.ics", user: "bob").status == 403)
    }

    @Test(arguments: [
        (
            "<ace><principal><href>/nobody/</href></principal><grant><privilege><read/></privilege></grant></ace>",
            "recognized-principal"
        ),
        (
            "<ace><principal><href>/bob/</href></principal><deny><privilege><read/></privilege></deny></ace>",
            "grant-only"
        ),
        (
            "<ace><invert><principal><href>/bob/</href></principal></invert><grant><privilege><read/></privilege></grant></ace>",
            "no-invert"
        ),
        ("<ace><principal><all/></principal><grant><privilege><read/></privilege></grant></ace>", "allowed-principal"),
        (
            "<ace><principal><href>/bob/</href></principal><grant><privilege><Z:fly/></privilege></grant></ace>",
            "not-supported-privilege"
        ),
    ])
    func whatCannotBeGrantedIsExplained(entry: String, condition: String) async throws {
        let site = try await site()
        let answer = try await site.send(.acl, work, body: "<acl \(Body.namespaces)>\(entry)</acl>", user: "ada")
        #expect(answer.status == 403)
        #expect(answer.condition == "{DAV:}\(condition)")
    }

    @Test func applesClientsShareInTheirOwnWords() async throws {
        let site = try await site()
        let share = "<CS:share \(Body.namespaces)><CS:set><href>/bob/</href><CS:read-write/></CS:set></CS:share>"
        let answer = try await site.send(.post, work, [.contentType: "text/xml"], body: share, user: "ada")
        #expect(answer.status == 200)
        #expect(
            try await site.send(
                .put, shown + "b.ics", body: Body.event(uid: "b", "DTSTART:20260101T100000Z"), user: "bob"
            ).status == 201)
        let own = try await site.propfind(work, "<resourcetype/><CS:invite/>", user: "ada")[work]
        #expect(own?.property(.resourcetype)?.first(.sharedByOwner) != nil)
        #expect(own?.property(.invite)?.first(.sharingUser)?.first(.href)?.text == "/bob/")
        let theirs = try await site.propfind(shown, "<resourcetype/>", user: "bob")[shown]
        #expect(theirs?.property(.resourcetype)?.first(.sharedToUser) != nil)
        let end = "<CS:share \(Body.namespaces)><CS:remove><href>/bob/</href></CS:remove></CS:share>"
        #expect(try await site.send(.post, work, [.contentType: "text/xml"], body: end, user: "ada").status == 200)
        #expect(try await site.send(.get, work + "a.ics", user: "bob").status == 403)
    }

    @Test func peopleAreFound() async throws {
        let site = try await site()
        let match = "<principal-match \(Body.namespaces)><self/><prop><displayname/></prop></principal-match>"
        let own = try await site.send(.report, "/", [.depth: "0"], body: match, user: "bob").multistatus
        #expect(own.responses.flatMap(\.hrefs) == ["/bob/"])
        let search =
            "<principal-property-search \(Body.namespaces)><property-search><prop><displayname/></prop>"
            + "<match>a</match></property-search><prop><displayname/></prop></principal-property-search>"
        let found = try await site.send(.report, "/", [.depth: "0"], body: search, user: "bob").multistatus
        #expect(found.responses.flatMap(\.hrefs) == ["/ada/", "/carol/"])
        let principal = try await site.propfind("/ada/", depth: "1", "<displayname/>", user: "bob")
        #expect(principal.responses.flatMap(\.hrefs) == ["/ada/"], "who they are, not what they have")
    }
}
