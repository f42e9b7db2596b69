import DAVClient
import HTTPTypes
import Synchronization
import Testing
import WebDAV
import XMLStream

/// Point 20: timeouts, Retry-After, back-off, and errors that say what to do.
@Suite struct PatienceTests {
    /// Runs GET requests against a script and records the pauses.
    private func get(
        attempts: Int = 4, _ script: @escaping @Sendable (Int) throws -> DAVClientResponse
    ) async throws -> (result: Result<DAVClient.Object, DAVClientError>, pauses: [Duration], requests: Int) {
        let pauses = Mutex<[Duration]>([])
        let transport = ScriptedTransport { _, number in try script(number) }
        let client = try client("https://cal.example.org/", transport) {
            $0.retry = RetryPolicy(attempts: attempts, sleep: { pause in pauses.withLock { $0.append(pause) } })
        }
        var result: Result<DAVClient.Object, DAVClientError>
        do {
            result = .success(try await client.get(client.base))
        } catch let error as DAVClientError {
            result = .failure(error)
        }
        return (result, pauses.withLock { $0 }, transport.requests.count)
    }

    @Test(arguments: [429, 502, 503, 504])
    func point20_busyServersAreAskedAgain(code: Int) async throws {
        let (result, pauses, requests) = try await get { $0 < 2 ? .status(code) : .status(200, body: "x") }
        #expect(try result.get().bytes == Array("x".utf8))
        #expect(requests == 3)
        #expect(pauses.count == 2 && pauses.allSatisfy { $0 > .zero && $0 <= .seconds(1) })
    }

    @Test func point20_retryAfterIsHonoured() async throws {
        let (_, pauses, _) = try await get { $0 == 0 ? .status(503, [.retryAfter: "17"]) : .status(200) }
        #expect(pauses == [.seconds(17)])
    }

    @Test func point20_retryAfterMayBeADate() async throws {
        let headers: HTTPFields = [
            .date: "Sun, 06 Nov 1994 08:49:37 GMT", .retryAfter: "Sun, 06 Nov 1994 08:50:07 GMT",
        ]
        let (_, pauses, _) = try await get { $0 == 0 ? .status(429, headers) : .status(200) }
        #expect(pauses == [.seconds(30)])
    }

    @Test func point20_anHourIsTooLongToWait() async throws {
        let (result, pauses, requests) = try await get { _ in .status(429, [.retryAfter: "3600"]) }
        #expect(throws: DAVClientError(.unavailable, "")) { try result.get() }
        #expect(pauses.isEmpty && requests == 1)
    }

    @Test func point20_lostConnectionsAreTriedAgainAndEnd() async throws {
        let (result, pauses, requests) = try await get { _ in throw DAVTransportError(.connection, "reset by peer") }
        #expect(throws: DAVClientError(.unavailable, "")) { try result.get() }
        #expect(requests == 4 && pauses.count == 3)
    }

    /// It may be at it still, and would begin anew for each further request.
    @Test func point20_aServerThatTakesTooLongIsAskedOnceMore() async throws {
        let (result, _, requests) = try await get { _ in throw DAVTransportError(.timeout, "no answer") }
        #expect(throws: DAVClientError(.unavailable, "")) { try result.get() }
        #expect(requests == 2)
    }

    @Test func untrustedCertificatesAreNotTriedAgain() async throws {
        let (result, _, requests) = try await get { _ in throw DAVTransportError(.security, "self-signed") }
        #expect(throws: DAVClientError(.security, "")) { try result.get() }
        #expect(requests == 1)
    }

    @Test func loginFailuresSayWhatToDo() async throws {
        let (result, _, requests) = try await get { _ in .status(401, [.wwwAuthenticate: "Basic realm=\"x\""]) }
        #expect(requests == 1)
        guard case .failure(let error) = result else {
            Issue.record("401 must fail")
            return
        }
        #expect(error.code == .authentication)
        #expect(error.advice?.contains("application password") == true)
        #expect(!"\(error)".contains("s3cret"))
        let (other, _, _) = try await get { _ in .status(401, [.wwwAuthenticate: "Bearer realm=\"x\""]) }
        guard case .failure(let error) = other else { return }
        #expect(error.advice?.contains("Bearer") == true)
    }

    @Test func refusalsCarryTheServersOwnWords() async throws {
        let body = """
            <?xml version="1.0"?><d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns">
            <c:no-uid-conflict xmlns:c="urn:ietf:params:xml:ns:caldav"><d:href>/c/x.ics</d:href></c:no-uid-conflict>
            <s:message>Calendar object with uid already exists.</s:message></d:error>
            """
        let (result, _, _) = try await get { _ in .status(409, body: body) }
        guard case .failure(let error) = result else { return }
        #expect(error.condition?.name.local == "no-uid-conflict")
        #expect(error.reason.contains("no-uid-conflict"))
        #expect(error.reason.contains("Calendar object with uid already exists."))
    }

    @Test func point09_webPagesAreNoListings() async throws {
        let transport = ScriptedTransport { _, _ in
            .status(200, [.contentType: "text/html; charset=utf-8"], body: "<html>Welcome to our WLAN</html>")
        }
        let client = try client("https://cal.example.org/", transport)
        await #expect(throws: DAVClientError(.protocolViolation, "")) {
            try await client.propfind(client.base, depth: .one, .all)
        }
    }

    @Test(arguments: [
        "", "<html>", "<d:multistatus xmlns:d=\"DAV:\"><d:response><d:href>/a</d:href>",
        "<d:multistatus xmlns:d=\"DAV:\"><d:response><d:href>/a</d:href></d:response></d:multistatus>",
        "<d:multistatus xmlns:d=\"DAV:\"><d:response><d:href>/c/</d:href><d:status>HTTP/1.1 507 Insufficient Storage"
            + "</d:status></d:response></d:multistatus>",
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><d:multistatus xmlns:d=\"DAV:\"/>",
    ])
    func point06_incompleteListingsAreErrors(body: String) async throws {
        let transport = ScriptedTransport { _, _ in .status(207, [.contentType: "text/xml"], body: body) }
        let client = try client("https://cal.example.org/", transport)
        await #expect(throws: DAVClientError(.protocolViolation, "")) {
            try await client.propfind(client.base, depth: .one, .all)
        }
    }
}
