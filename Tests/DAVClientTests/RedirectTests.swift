import DAVClient
import HTTPTypes
import Testing
import WebDAV

/// Where requests may go, and that the password stays at home.
@Suite struct RedirectTests {
    private static let listing = DAVClientResponse.multistatus([("/dav/", "<d:displayname>x</d:displayname>")])

    /// Sends one PROPFIND to `from`, is redirected to `to`, and returns the requests of other hosts and the outcome.
    private func follow(
        from: String, to: String, code: Int = 302, trusted: [String] = []
    ) async throws -> (requests: [DAVClientRequest], error: DAVClientError?) {
        let transport = ScriptedTransport { _, number in number == 0 ? .redirect(to: to, code: code) : Self.listing }
        let client = try client(from, transport) {
            $0.trustedHosts = trusted
            $0.allowsPlainText = true
        }
        do {
            _ = try await client.propfind(client.base, depth: .zero, .all)
            return (transport.requests, nil)
        } catch let error as DAVClientError {
            return (transport.requests, error)
        }
    }

    @Test(arguments: [
        ("https://cal.example.org/", "https://evil.example.net/"),
        ("https://cal.example.org/", "https://example.org/"),
        ("https://cal.example.org/", "https://other.example.org/"),
        ("https://cal.example.org/", "https://cal.example.org:8443/"),
        ("https://cal.example.org/", "https://cal.example.org.evil.net/"),
        ("https://cal.example.org/", "https://evilcal.example.org/"),
        ("https://cal.example.org/", "https://sub.cal.example.org:8443/"),
        ("https://cal.example.org/", "http://sub.cal.example.org/"),
        ("https://cal.example.org/", "//evil.example.net/x"),
        ("https://10.0.0.1/", "https://1.10.0.0.1/"),
        ("http://cal.example.org:8080/", "https://cal.example.org/"),
        ("http://cal.example.org/", "http://cal.example.org:8080/"),
        ("https://cal.icloud.com.example.org/", "https://p42-caldav.icloud.com/"),
    ])
    func nothingIsSentToStrangers(from: String, to: String) async throws {
        let (requests, error) = try await follow(from: from, to: to)
        #expect(error?.code == .redirect)
        #expect(requests.count == 1, "the second request, with or without the password, must not be sent")
        #expect(error.map { !"\($0)".contains("s3cret") } == true)
    }

    @Test(arguments: [
        ("https://cal.example.org/", "https://cal.example.org/dav/", "https://cal.example.org/dav/"),
        ("https://cal.example.org/", "/dav/", "https://cal.example.org/dav/"),
        ("https://example.org/", "https://dav.example.org/x/", "https://dav.example.org/x/"),
        ("http://example.org/", "https://example.org/x/", "https://example.org/x/"),
        ("https://caldav.icloud.com/", "https://p42-caldav.icloud.com/1/", "https://p42-caldav.icloud.com/1/"),
        ("https://cal.example.org/", "http://cal.example.org/dav/", "https://cal.example.org/dav/"),
    ])
    func credentialsFollowTheOwner(from: String, to: String, reached: String) async throws {
        for code in [301, 302, 303, 307, 308] {
            let (requests, error) = try await follow(from: from, to: to, code: code)
            #expect(error == nil)
            #expect(requests.map(\.url.description).last == reached)
            #expect(requests.allSatisfy { $0.headers[.authorization] != nil })
            #expect(requests.allSatisfy { $0.method.rawValue == "PROPFIND" && !$0.body.isEmpty })
        }
    }

    @Test func namedHostsAreTrusted() async throws {
        let to = "https://dav.provider.example:8443/"
        #expect(try await follow(from: "https://a.example/", to: to).error?.code == .redirect)
        #expect(try await follow(from: "https://a.example/", to: to, trusted: ["dav.provider.example"]).error == nil)
        let below = try await follow(
            from: "https://a.example/", to: "https://p1.provider.example/", trusted: [".provider.example"])
        #expect(below.error == nil)
    }

    @Test func circlesEnd() async throws {
        let transport = ScriptedTransport { request, _ in .redirect(to: request.url.target == "/a" ? "/b" : "/a") }
        let client = try client("https://cal.example.org/", transport)
        await #expect(throws: DAVClientError(.redirect, "")) { try await client.get(client.base) }
        #expect(transport.requests.count < 12)
    }

    @Test func passwordsNeedTLSUnlessTheUserInsists() throws {
        let transport = ScriptedTransport { _, _ in .status(200) }
        #expect(throws: DAVClientError(.invalidConfiguration, "")) {
            try client("http://cal.example.org/", transport)
        }
        #expect(throws: Never.self) { try client("http://127.0.0.1:5232/", transport) }
        #expect(throws: Never.self) { try client("http://localhost/", transport) }
        #expect(throws: Never.self) { try client("http://[::1]/", transport) }
        #expect(throws: DAVClientError(.invalidConfiguration, "")) { try client("http://127.evil.org/", transport) }
        #expect(throws: Never.self) { try client("http://cal.example.org/", transport) { $0.allowsPlainText = true } }
    }

    @Test func credentialsNeverPrint() {
        let credentials = DAVCredentials.password(username: "anna", password: "s3cret")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped] { #expect(!text.contains("s3cret")) }
    }
}
