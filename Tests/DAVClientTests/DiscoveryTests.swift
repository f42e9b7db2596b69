import DAVClient
import HTTPTypes
import Testing
import XMLStream

/// Point 1: everything of the account, found by itself, from whatever address its owner has.
@Suite struct DiscoveryTests {
    private static let calendarType = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>"
    private static let bookType = "<d:resourcetype><d:collection/><card:addressbook/></d:resourcetype>"
    private static let folder = "<d:resourcetype><d:collection/></d:resourcetype>"

    /// A server with all kinds of things in its homes.
    @Sendable private static func server(_ request: DAVClientRequest, _: Int) -> DAVClientResponse {
        let isListing = request.headers[HTTPField.Name("Depth") ?? .accept] == "1"
        let principal = "<d:current-user-principal><d:href>/p/anna/</d:href></d:current-user-principal>"
        switch request.url.path {
        case "/.well-known/caldav", "/.well-known/carddav": return .redirect(to: "/dav/", code: 301)
        case "/dav/": return .multistatus([("/dav/", folder + principal)])
        case "/p/anna/":
            return .multistatus([
                (
                    "/p/anna/",
                    principal + "<d:displayname>Anna</d:displayname>"
                        + "<c:calendar-home-set><d:href>/cal/anna/</d:href></c:calendar-home-set>"
                        + "<card:addressbook-home-set><d:href>/card/anna/</d:href></card:addressbook-home-set>"
                )
            ])
        case "/cal/anna/" where isListing:
            return .multistatus([
                ("/cal/anna/work/", calendarType + "<d:displayname>Work</d:displayname>"),
                ("/cal/anna/", folder),
                ("/cal/anna/inbox/", "<d:resourcetype><d:collection/><c:schedule-inbox/></d:resourcetype>"),
                ("/cal/anna/outbox/", "<d:resourcetype><d:collection/><c:schedule-outbox/></d:resourcetype>"),
                ("/cal/anna/feed/", "<d:resourcetype><d:collection/><cs:subscribed/></d:resourcetype>"),
                ("/cal/anna/group/", folder),
                ("/cal/anna/home%20%26%20garden/", calendarType),
            ])
        case "/cal/anna/group/": return .multistatus([("/cal/anna/group/nested/", calendarType)])
        case "/cal/anna/", "/cal/anna/work/":
            let type = request.url.path.hasSuffix("work/") ? calendarType : folder
            return .multistatus([(request.url.path, type + principal)])
        case "/card/anna/":
            return .multistatus([("/card/anna/", folder + principal), ("/card/anna/people/", bookType)])
        default: return .status(404)
        }
    }

    @Test(arguments: [
        "https://cal.example.org", "https://cal.example.org/", "https://cal.example.org/dav/",
        "https://cal.example.org/p/anna/", "https://cal.example.org/some/page",
    ])
    func point01_everyCollectionIsFound(address: String) async throws {
        let client = try client(address, ScriptedTransport(Self.server))
        let account = try await DAVDiscovery(client, kinds: [.calendar, .addressBook]).account()
        #expect(
            account.collections.map(\.href) == [
                "/cal/anna/group/nested/", "/cal/anna/home%20%26%20garden/", "/cal/anna/work/", "/card/anna/people/",
            ])
        #expect(account.collections.map(\.title) == ["nested", "home & garden", "Work", "people"])
        #expect(account.displayName == "Anna")
        #expect(account.onlyCollection == nil)
    }

    @Test func point05_schedulingCollectionsAreLeftOutAndNamed() async throws {
        let client = try client("https://cal.example.org/", ScriptedTransport(Self.server))
        let account = try await DAVDiscovery(client, kinds: [.calendar]).account()
        #expect(account.skipped.map(\.url.path) == ["/cal/anna/inbox/", "/cal/anna/outbox/", "/cal/anna/feed/"])
        #expect(account.collections.allSatisfy { $0.kind == .calendar })
    }

    @Test func point01_oneCollectionMayBeMeant() async throws {
        let client = try client("https://cal.example.org/cal/anna/work/", ScriptedTransport(Self.server))
        let account = try await DAVDiscovery(client, kinds: [.calendar, .addressBook]).account()
        #expect(account.collections.map(\.href) == ["/cal/anna/work/"])
        #expect(account.onlyCollection?.path == "/cal/anna/work/")
    }

    @Test func point01_oneHomeMayBeMeant() async throws {
        let client = try client("https://cal.example.org/card/anna/", ScriptedTransport(Self.server))
        let account = try await DAVDiscovery(client, kinds: [.calendar, .addressBook]).account()
        #expect(account.collections.map(\.href) == ["/card/anna/people/"])
    }

    @Test func point09_aFailedListingFailsDiscovery() async throws {
        for code in [401, 403, 404, 500, 503] {
            let transport = ScriptedTransport { request, number in
                request.url.path == "/cal/anna/" ? .status(code) : Self.server(request, number)
            }
            let client = try client("https://cal.example.org/", transport)
            await #expect(throws: DAVClientError.self) {
                try await DAVDiscovery(client, kinds: [.calendar]).account()
            }
        }
    }

    @Test func anUnauthenticatedPrincipalIsNoLogin() async throws {
        let transport = ScriptedTransport { _, _ in
            .multistatus([("/", "<d:current-user-principal><d:unauthenticated/></d:current-user-principal>")])
        }
        let client = try client("https://cal.example.org/", transport)
        await #expect(throws: DAVClientError(.authentication, "")) {
            try await DAVDiscovery(client, kinds: [.calendar]).account()
        }
    }

    @Test func aServerWithoutCalendarsSaysSo() async throws {
        let transport = ScriptedTransport { request, _ in
            request.url.path == "/" ? .multistatus([("/", Self.folder)]) : .status(404)
        }
        let client = try client("https://files.example.org/", transport)
        await #expect(throws: DAVClientError(.notFound, "")) {
            try await DAVDiscovery(client, kinds: [.calendar]).account()
        }
    }

    /// Point 2: all properties, and none of those that make a server read every object.
    @Test func point02_propertiesAreAskedForByTheirNames() async throws {
        let transport = ScriptedTransport { request, number in
            let body = String(decoding: request.body, as: UTF8.self)
            guard request.url.path == "/card/anna/" else { return Self.server(request, number) }
            if body.contains("propname") {
                return .multistatus([
                    ("/card/anna/", "<d:resourcetype/>"),
                    (
                        "/card/anna/people/",
                        "<d:resourcetype/><d:sync-token/><d:getetag/><d:getcontentlength/><cs:getctag/><x:mood xmlns:x=\"urn:x\"/>"
                    ),
                ])
            }
            return .multistatus([
                ("/card/anna/", Self.folder),
                (
                    "/card/anna/people/",
                    Self.bookType + "<d:sync-token>t:1</d:sync-token><x:mood xmlns:x=\"urn:x\">good</x:mood>"
                ),
            ])
        }
        let client = try client("https://cal.example.org/card/anna/", transport)
        let account = try await DAVDiscovery(client, kinds: [.addressBook]).account()
        let book = try #require(account.collections.first)
        #expect(book.text(XMLName("urn:x", "mood")) == "good")
        let bodies = transport.requests.filter { $0.url.path == "/card/anna/" && $0.headers[.depth1] == "1" }
            .map { String(decoding: $0.body, as: UTF8.self) }
        #expect(bodies.count == 2 && bodies[1].contains("mood"))
        #expect(
            !bodies.contains { body in
                ["allprop", "getcontentlength", "getetag", "getctag"].contains { body.contains($0) }
            })
    }

    @Test func point02_aServerThatKnowsNoNamesIsAskedForAll() async throws {
        let transport = ScriptedTransport { request, number in
            String(decoding: request.body, as: UTF8.self).contains("propname")
                ? .status(400) : Self.server(request, number)
        }
        let client = try client("https://cal.example.org/card/anna/", transport)
        _ = try await DAVDiscovery(client, kinds: [.addressBook]).account()
        #expect(transport.requests.contains { String(decoding: $0.body, as: UTF8.self).contains("allprop") })
    }

    /// Where there are no sync tokens, one request more asks for what stands in their place.
    @Test func point18_changeTagsAreAskedForWhereThereIsNothingElse() async throws {
        let transport = ScriptedTransport { request, number in
            guard String(decoding: request.body, as: UTF8.self).contains("getctag"), request.url.path == "/card/anna/"
            else { return Self.server(request, number) }
            return .multistatus([("/card/anna/people/", "<cs:getctag>7</cs:getctag>")])
        }
        let client = try client("https://cal.example.org/card/anna/", transport)
        let account = try await DAVDiscovery(client, kinds: [.addressBook]).account()
        #expect(account.collections.first?.changeTag == "7")
    }
}

extension HTTPField.Name {
    fileprivate static var depth1: HTTPField.Name { HTTPField.Name("Depth") ?? .accept }
}
