import CollectionStore
import DAVService
import HTTPTypes
import Testing
import WebDAV
import XMLStream

private let home = "/user/calendars/"

/// sync-collection of a home (RFC 6578): which calendars have come, changed and gone, and what is in them.
@Suite struct HomeSynchronisationTests {
    private func sync(
        _ site: Site, _ token: String, level: String = "1", limit: Int? = nil, on home: String = home,
        user: String? = nil
    ) async throws -> Multistatus {
        let answer = try await site.send(
            .report, home, [.depth: "0"], body: Body.sync(token, limit: limit, level: level), user: user)
        #expect(answer.status == 207, "\(answer.text)")
        return try answer.multistatus
    }

    private func put(_ site: Site, _ path: String, _ summary: String = "x", user: String? = nil) async throws {
        let uid = String(path.split(separator: "/").last ?? "x")
        let body = Body.event(uid: uid, "DTSTART:20260101T100000Z", "SUMMARY:\(summary)")
        #expect([201, 204].contains(try await site.send(.put, path, body: body, user: user).status))
    }

    private func hrefs(_ answer: Multistatus, _ status: Int? = nil) -> [String] {
        answer.responses.filter { $0.status?.code == status }.compactMap(\.hrefs.first).sorted()
    }

    @Test func calendarsComeChangeAndGo() async throws {
        let site = try await Site()
        let first = try await sync(site, "")
        #expect(hrefs(first) == [calendar])
        let token = try #require(first.syncToken)
        #expect(token.hasPrefix("data:,"))
        #expect(try await site.propfind(home, "<sync-token/><CS:getctag/>")[home]?.text(.syncToken) == token)
        #expect(try await sync(site, token).responses.isEmpty)

        _ = try await site.send(.mkcalendar, home + "neu%20%C3%A4/")
        try await put(site, calendar + "a.ics")
        let second = try await sync(site, token)
        #expect(hrefs(second) == [calendar, home + "neu%20%C3%A4/"])
        let next = try #require(second.syncToken)
        #expect(try await site.propfind(home, "<CS:getctag/>")[home]?.text(.getctag) == next)

        let rename = Body.proppatch("<set><prop><displayname>New</displayname></prop></set>")
        _ = try await site.send(.proppatch, home + "neu%20%C3%A4/", body: rename)
        let third = try await sync(site, next)
        #expect(hrefs(third) == [home + "neu%20%C3%A4/"])
        _ = try await site.send(.delete, home + "neu%20%C3%A4/")
        let fourth = try await sync(site, try #require(third.syncToken))
        #expect(hrefs(fourth, 404) == [home + "neu%20%C3%A4/"] && hrefs(fourth).isEmpty)
        #expect(try await sync(site, try #require(fourth.syncToken)).responses.isEmpty)
        // A client that was away for long hears of both.
        #expect(hrefs(try await sync(site, next), 404) == [home + "neu%20%C3%A4/"])
        #expect(try await sync(site, token).names == ["calendar"])
    }

    @Test func everythingBelowIsToldToWhoAsks() async throws {
        let site = try await Site()
        for name in ["one", "two"] {
            _ = try await site.send(.mkcalendar, home + name + "/")
            try await put(site, home + name + "/\(name).ics")
        }
        let first = try await sync(site, "", level: "infinite")
        #expect(
            hrefs(first) == [calendar, home + "one/", home + "one/one.ics", home + "two/", home + "two/two.ics"])
        #expect(first[home + "one/one.ics"]?.text(.getetag) != nil)
        let token = try #require(first.syncToken)
        #expect(try await sync(site, token, level: "infinite").responses.isEmpty)
        try await put(site, home + "one/one.ics", "changed")
        try await put(site, home + "one/more.ics")
        _ = try await site.send(.delete, home + "two/two.ics")
        let second = try await sync(site, token, level: "infinite")
        #expect(hrefs(second) == [home + "one/", home + "one/more.ics", home + "one/one.ics", home + "two/"])
        #expect(hrefs(second, 404) == [home + "two/two.ics"])
        _ = try await site.send(.delete, home + "one/")
        let third = try await sync(site, try #require(second.syncToken), level: "infinite")
        #expect(hrefs(third, 404) == [home + "one/"] && hrefs(third).isEmpty)
    }

    /// Whatever the limit, everything is told at last, and nothing that is not so.
    @Test(arguments: [1, 2, 3, 7])
    func aLimitLosesNothing(limit: Int) async throws {
        let site = try await Site()
        for name in ["one", "two", "three"] {
            _ = try await site.send(.mkcalendar, home + name + "/")
            for number in 0..<4 { try await put(site, home + name + "/\(name)\(number).ics") }
        }
        func collect(from start: String) async throws -> (known: Set<String>, gone: Set<String>, token: String) {
            var (known, gone, token): (Set<String>, Set<String>, String) = ([], [], start)
            for _ in 0..<60 {
                let part = try await sync(site, token, level: "infinite", limit: limit)
                token = try #require(part.syncToken)
                known.formUnion(hrefs(part))
                gone.formUnion(hrefs(part, 404))
                #expect(part.responses.count <= limit + 2, "the collection, and the note that there is more")
                guard part[home]?.status?.code == 507 else { return (known, gone, token) }
            }
            Issue.record("no end")
            return (known, gone, token)
        }
        let first = try await collect(from: "")
        #expect(first.known.count == 4 + 12 && first.gone.isEmpty)
        try await put(site, home + "one/one1.ics", "changed")
        _ = try await site.send(.delete, home + "two/two2.ics")
        _ = try await site.send(.delete, home + "three/")
        let second = try await collect(from: first.token)
        #expect(second.known == [home + "one/", home + "one/one1.ics", home + "two/"])
        #expect(second.gone == [home + "two/two2.ics", home + "three/"])
        #expect(try await sync(site, second.token, level: "infinite").responses.isEmpty)
    }

    @Test func whatOthersShareIsAmongThem() async throws {
        let site = try await Site(DAVOptions(autocreate: .defaults))
        for user in ["ada", "bob"] { _ = try await site.send(.propfind, "/", [.depth: "0"], user: user) }
        let own = "/bob/calendars/"
        let token = try #require(try await sync(site, "", on: own, user: "bob").syncToken)
        let grant = Body.acl("/bob/", "<read/>")
        #expect(try await site.send(.acl, "/ada/calendars/calendar/", body: grant, user: "ada").status == 200)
        let shared = own + "ada~calendar/"
        let second = try await sync(site, token, on: own, user: "bob")
        #expect(hrefs(second) == [shared])
        try await put(site, "/ada/calendars/calendar/a.ics", user: "ada")
        let third = try await sync(
            site, try #require(second.syncToken), level: "infinite", on: own, user: "bob")
        #expect(hrefs(third) == [shared, shared + "a.ics"])
        #expect(
            try await site.send(.acl, "/ada/calendars/calendar/", body: "<acl xmlns='DAV:'/>", user: "ada").status
                == 200)
        let fourth = try await sync(site, try #require(third.syncToken), on: own, user: "bob")
        #expect(hrefs(fourth, 404) == [shared])
        // What is not in a home is nobody's business there.
        let foreign = try await site.send(.report, "/ada/calendars/", body: Body.sync(""), user: "bob")
        #expect(foreign.status == 403)
    }

    @Test(arguments: [
        "nonsense", "data:,0;", "data:,;calendar=1", "data:,0123;../x=1", "data:,0123;a%2fb=1",
        "data:,0123;calendar=xyz",
        "data:,0123;a=1;a=2", "data:,0123;=1",
    ])
    func tokensOfNobodyStartOver(token: String) async throws {
        let site = try await Site()
        let answer = try await site.send(.report, home, body: Body.sync(token, level: "infinite"))
        #expect(answer.status == 403 && answer.condition == "{DAV:}valid-sync-token")
    }
}
