import CollectionStore
import DAVService
import HTTPTypes
import Testing
import WebDAV
import XMLStream

@Suite struct DiscoveryTests {
    /// What a client does that knows nothing but the host.
    @Test func aClientFindsEverythingFromTheHost() async throws {
        let site = try await Site()
        for method in [HTTPRequest.Method.propfind, .get, .options, .report] {
            for name in ["caldav", "carddav", "caldav/"] {
                let answer = try await site.send(method, "/.well-known/\(name)")
                #expect(answer.status == 308)
                #expect(answer.headers[.location] == "/")
            }
        }
        let root = try await site.propfind("/", "<current-user-principal/><resourcetype/>")
        let principal = try #require(root["/"]?.hrefs(in: .currentUserPrincipal).first)
        #expect(principal == "/user/")
        let properties =
            "<C:calendar-home-set/><CR:addressbook-home-set/><principal-URL/><C:calendar-user-address-set/><displayname/>"
        let person = try #require(try await site.propfind(principal, properties)[principal])
        #expect(person.hrefs(in: .calendarHomeSet) == ["/user/calendars/"])
        #expect(person.hrefs(in: .addressbookHomeSet) == ["/user/contacts/"])
        #expect(person.hrefs(in: .principalURL) == ["/user/"])
        #expect(person.hrefs(in: .calendarUserAddressSet).contains("/user/"))
        let home = try await site.propfind("/user/calendars/", depth: "1", "<resourcetype/><displayname/>")
        let types = home[calendar]?.property(.resourcetype)?.elements.map(\.name)
        #expect(types == [.collection, .calendar])
        let books = try await site.propfind("/user/contacts/", depth: "1", "<resourcetype/>")
        #expect(books[addressbook]?.property(.resourcetype)?.elements.map(\.name) == [.collection, .addressbook])
    }

    @Test func everyResourceTellsThePrincipal() async throws {
        let site = try await Site()
        _ = try await site.send(.put, calendar + "a.ics", body: Body.event(uid: "a", "DTSTART:20260101T100000Z"))
        let all = try await site.propfind("/", depth: "infinity", "<current-user-principal/><owner/>")
        #expect(all.responses.count >= 8)
        for response in all.responses {
            #expect(response.hrefs(in: .currentUserPrincipal) == ["/user/"])
            #expect(response.hrefs(in: .owner) == ["/user/"])
        }
    }

    @Test func calendarsTellWhatTheyCan() async throws {
        let site = try await Site()
        let response = try #require(
            try await site.propfind(
                calendar,
                "<supported-report-set/><C:supported-calendar-component-set/><CS:getctag/><sync-token/>"
                    + "<current-user-privilege-set/><C:supported-collation-set/><C:max-resource-size/><getetag/>")[
                    calendar])
        let reports = response.property(.supportedReportSet)?.elements.compactMap {
            $0.first(.report)?.elements.first?.name
        }
        #expect(
            Set(reports ?? []).isSuperset(of: [.calendarQuery, .calendarMultiget, .syncCollection, .freeBusyQuery]))
        #expect(reports?.contains(.addressbookQuery) == false)
        let components = response.property(.supportedCalendarComponentSet)?.elements.compactMap { $0.attribute("name") }
        #expect(Set(components ?? []).isSuperset(of: ["VEVENT", "VTODO"]))
        let tag = try #require(response.text(.getctag))
        #expect(response.text(.syncToken) == "data:,\(tag)")
        #expect(response.text(.getetag) == "\"\(tag)\"")
        let privileges = response.property(.currentUserPrivilegeSet)?.elements.compactMap { $0.elements.first?.name }
        #expect(Set(privileges ?? []).isSuperset(of: [.read, .write, .bind, .unbind, .writeContent, .writeProperties]))
    }

    @Test func onlyWhatIsTrueIsAnnounced() async throws {
        let site = try await Site()
        let answer = try await site.send(.options, calendar)
        #expect(answer.status == 200)
        let classes = (answer.headers[.dav] ?? "").split(separator: ",").map { $0.filter { $0 != " " } }
        #expect(
            Set(classes).isSuperset(of: [
                "1", "2", "3", "access-control", "calendar-access", "addressbook", "extended-mkcol",
            ]))
        #expect(!classes.contains("calendar-auto-schedule"))
        #expect(answer.headers[.allow]?.contains("REPORT") == true)
        let allowed = (answer.headers[.allow] ?? "").split(separator: ", ")
        #expect(Set(allowed).isSuperset(of: ["LOCK", "UNLOCK", "COPY", "MOVE", "ACL", "POST"]))
        #expect(!allowed.contains("PUT"))
        let refused = try await site.send(.patch, calendar)
        #expect(refused.status == 405)
        #expect(refused.headers[.allow]?.contains("PROPFIND") == true)
        #expect(try await site.send(try #require(HTTPRequest.Method("FROBNICATE")), calendar).status == 501)
    }

    @Test func aRoutePrefixStandsBeforeEveryHref() async throws {
        let site = try await Site(
            DAVOptions(routePrefix: "/dav/", singleUserPrincipal: try CollectionPath("/user/"), autocreate: .defaults))
        #expect(try await site.send(.propfind, "/.well-known/caldav").headers[.location] == "/dav/")
        let root = try await site.propfind("/dav/", "<current-user-principal/>")
        #expect(root["/dav/"]?.hrefs(in: .currentUserPrincipal) == ["/dav/user/"])
        let created = try await site.send(
            .put, "/dav" + calendar + "a.ics", body: Body.event(uid: "a", "DTSTART:20260101T100000Z"))
        #expect(created.status == 201)
        let answer = try await site.report(
            "/dav" + calendar, body: Body.multiget(["/dav" + calendar + "a.ics", "a.ics", calendar + "a.ics"]))
        let statuses = try answer.multistatus.responses.map { $0.status?.code ?? 200 }
        #expect(statuses == [200, 200, 404])
        #expect(try await site.send(.propfind, "/user/").status == 404)
    }

    @Test func expandPropertyFollowsHrefs() async throws {
        let site = try await Site()
        let body =
            "<expand-property xmlns='DAV:'><property name='current-user-principal'>"
            + "<property name='calendar-home-set' namespace='\(DAVNamespace.caldav)'/><property name='nothing'/>"
            + "</property></expand-property>"
        let answer = try await site.report("/", [.depth: "0"], body: body)
        #expect(answer.status == 207)
        let inner = try answer.multistatus["/"]?.property(.currentUserPrincipal)?.first(.response)
        #expect(inner?.first(.href)?.text == "/user/")
        #expect(inner?.all(.propstat).count == 2)
    }

    @Test func principalsAreFoundByName() async throws {
        let site = try await Site()
        func search(_ text: String) async throws -> Multistatus {
            let body =
                "<principal-property-search \(Body.namespaces)><property-search><prop><displayname/></prop>"
                + "<match>\(text)</match></property-search><prop><displayname/></prop></principal-property-search>"
            return try await site.report("/", [.depth: "0"], body: body).multistatus
        }
        #expect(try await search("USE").responses.map(\.hrefs) == [["/user/"]])
        #expect(try await search("nobody").responses.isEmpty)
    }
}

@Suite struct RightsTests {
    private func site() async throws -> Site { try await Site(DAVOptions(autocreate: .defaults)) }

    @Test func peopleSeeTheirOwnTreeOnly() async throws {
        let site = try await site()
        let event = Body.event(uid: "a", "DTSTART:20260101T100000Z")
        #expect(try await site.send(.put, "/alice/calendars/calendar/a.ics", body: event, user: "alice").status == 201)
        let root = try await site.propfind("/", depth: "1", "<current-user-principal/>", user: "bob")
        #expect(root.responses.flatMap(\.hrefs) == ["/", "/bob/"])
        #expect(root["/"]?.hrefs(in: .currentUserPrincipal) == ["/bob/"])
        let alices = "/alice/calendars/calendar/"
        for (method, target) in [
            (HTTPRequest.Method.get, alices + "a.ics"), (.propfind, alices), (.put, alices + "b.ics"),
            (.delete, alices + "a.ics"), (.proppatch, alices), (.mkcalendar, "/alice/calendars/x/"), (.report, alices),
            (.get, "/alice/calendars/calendar/none.ics"),
        ] {
            let answer = try await site.send(method, target, body: event, user: "bob")
            #expect(answer.status == 403, "\(method) \(target)")
            #expect(answer.condition == "{DAV:}need-privileges")
        }
        #expect(try await site.send(.get, alices + "a.ics", user: "alice").text == event)
        #expect(try await site.send(.put, "/a.ics", body: event, user: "bob").status == 403)
    }

    @Test func nobodyIsAskedToLogIn() async throws {
        let site = try await site()
        let answer = try await site.send(.propfind, "/")
        #expect(answer.status == 401)
        #expect(answer.headers[.wwwAuthenticate]?.hasPrefix("Basic ") == true)
        #expect(try await site.send(.options, "/alice/").status == 200)
        #expect(try await site.send(.propfind, "/.well-known/caldav").status == 308)
    }

    @Test(arguments: ["..", ".git", "a/b", "", "x\u{0}y"])
    func hostileUserNamesAreRefused(user: String) async throws {
        let answer = try await site().send(.propfind, "/", user: user)
        #expect([403, 401].contains(answer.status) || user.isEmpty)
        #expect(answer.status != 500)
    }

    /// As python-caldav's `search_principals` asks.
    @Test func aSearchWithoutCriteriaFindsEverybody() async throws {
        let site = try await Site(DAVOptions(autocreate: .defaults))
        for user in ["ada", "bob"] { _ = try await site.send(.propfind, "/", [.depth: "0"], user: user) }
        let body =
            "<principal-property-search \(Body.namespaces)><prop/><C:calendar-home-set/><displayname/></principal-property-search>"
        let answer = try await site.send(.report, "/", [.depth: "0"], body: body, user: "ada")
        #expect(answer.status == 207)
        let people = try answer.multistatus
        #expect(people.responses.flatMap(\.hrefs).sorted() == ["/ada/", "/bob/"])
        #expect(people["/ada/"]?.text(.displayname) == "ada")
        #expect(people["/ada/"]?.hrefs(in: .calendarHomeSet) == ["/ada/calendars/"])
    }
}
