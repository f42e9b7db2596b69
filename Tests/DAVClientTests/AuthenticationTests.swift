import DAVClient
import HTTPTypes
import Synchronization
import Testing

/// Digest (RFC 7616) and Bearer beside Basic.
@Suite struct AuthenticationTests {
    private static let base = DAVURL(scheme: .https, host: "dav.example.org")

    /// Answers in order; the last one for ever.
    private static func script(_ answers: DAVClientResponse...) -> ScriptedTransport {
        ScriptedTransport { _, number in answers[min(number, answers.count - 1)] }
    }

    private func client(_ credentials: DAVCredentials, _ transport: ScriptedTransport) throws -> DAVClient {
        try DAVClient(base: Self.base, credentials: credentials, transport: transport)
    }

    private func sent(_ transport: ScriptedTransport) -> [String] {
        transport.requests.map { $0.headers[.authorization] ?? "-" }
    }

    private func challenge(_ fields: String) -> DAVClientResponse {
        DAVClientResponse(status: .unauthorized, headers: [.wwwAuthenticate: fields])
    }

    private let ok = DAVClientResponse(status: .ok)

    @Test func challengesAreReadAsTheyAreWritten() {
        let all = AuthenticationChallenge.all(in: [
            "Negotiate abc==, Digest realm=\"a, \\\"b\\\"\", qop=\"auth, auth-int\",nonce=xyz , Basic realm=x",
            "Bearer",
        ])
        #expect(all.map(\.scheme) == ["negotiate", "digest", "basic", "bearer"])
        #expect(all[1].parameters == ["realm": "a, \"b\"", "qop": "auth, auth-int", "nonce": "xyz"])
        #expect(AuthenticationChallenge.all(in: ["", ",,,", "=", "\"", "a=b"]).count <= 2)
    }

    /// RFC 7616, section 3.9.1.
    @Test(arguments: [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ])
    func theExamplesOfTheStandard(algorithm: String, response: String) throws {
        let offer =
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=\(algorithm), "
            + "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
            + "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        let challenge = try #require(AuthenticationChallenge.all(in: [offer]).first)
        let answer = try #require(DigestAnswer(challenge))
        let field = answer.authorization(
            username: "Mufasa", password: "Circle of Life", method: "GET", target: "/dir/index.html", count: 1,
            clientNonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
        #expect(field.contains("response=\"\(response)\""))
        #expect(field.contains("nc=00000001") && field.contains("qop=auth,") && field.contains("username=\"Mufasa\""))
    }

    @Test func digestIsAnsweredWhereTheServerWantsIt() async throws {
        let offer =
            "Digest realm=\"r\", qop=\"auth\", algorithm=MD5, nonce=\"n1\", Digest realm=\"r\", qop=\"auth\", "
            + "algorithm=SHA-256, nonce=\"n1\", opaque=\"o\""
        let transport = Self.script(challenge(offer), ok, ok)
        let client = try client(.password(username: "Mufasa", password: "x"), transport)
        _ = try await client.options(Self.base)
        _ = try await client.options(Self.base)
        let headers = sent(transport)
        #expect(headers.count == 3)
        #expect(headers[0].hasPrefix("Basic "))
        #expect(headers[1].contains("algorithm=SHA-256") && headers[1].contains("nc=00000001"))
        #expect(headers[1].contains("opaque=\"o\""))
        #expect(headers[2].contains("nc=00000002"), "the nonce is used again, without another challenge")
    }

    @Test func aWrongPasswordIsNotTriedForEver() async throws {
        let offer = "Digest realm=\"r\", qop=\"auth\", nonce=\"n1\""
        let transport = Self.script(challenge(offer))
        let client = try client(.digest(username: "a", password: "x"), transport)
        await #expect(throws: DAVClientError(.authentication, "")) { try await client.options(Self.base) }
        #expect(sent(transport).count == 2)
        #expect(sent(transport)[0] == "-", "no password before there is a challenge")
    }

    @Test func aStaleNonceIsReplaced() async throws {
        let transport = Self.script(
            challenge("Digest realm=\"r\", qop=\"auth\", nonce=\"n1\""),
            challenge("Digest realm=\"r\", qop=\"auth\", nonce=\"n2\", stale=true"), ok)
        let client = try client(.digest(username: "a", password: "x"), transport)
        _ = try await client.options(Self.base)
        #expect(sent(transport)[2].contains("nonce=\"n2\""))
    }

    @Test func basicThatWasRefusedIsFinal() async throws {
        let transport = Self.script(challenge("Basic realm=x, Digest realm=x, nonce=y"))
        let client = try client(.password(username: "a", password: "x"), transport)
        await #expect(throws: DAVClientError(.authentication, "")) { try await client.options(Self.base) }
        #expect(sent(transport).count == 1)
    }

    @Test func digestNeedsNoTLSAndBearerDoes() throws {
        let plain = DAVURL(scheme: .http, host: "dav.example.org")
        let transport = Self.script(ok)
        #expect(throws: Never.self) {
            try DAVClient(base: plain, credentials: .digest(username: "a", password: "x"), transport: transport)
        }
        for credentials in [DAVCredentials.bearer(token: "t"), .password(username: "a", password: "x")] {
            #expect(throws: DAVClientError(.invalidConfiguration, "")) {
                try DAVClient(base: plain, credentials: credentials, transport: transport)
            }
            #expect("\(credentials)" == "credentials")
        }
    }
}
