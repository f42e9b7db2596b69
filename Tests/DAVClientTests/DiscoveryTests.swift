import DAVClient
import HTTPTypes
import Testing

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
}
