import Crypto
import FoundationEssentials
import HTTPTypes

/// Talks to the token endpoint of a provider (RFC 6749, 7636, 8628).
package struct OAuthClient: Sendable {
    package let provider: OAuthProvider
    private let transport: any DAVTransport
    /// Seconds since 1970.
    private let now: @Sendable () -> Int64
    private let sleep: @Sendable (Duration) async throws -> Void

    package init(
        _ provider: OAuthProvider, transport: any DAVTransport,
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.provider = provider
        self.transport = transport
        self.now = now
        self.sleep = sleep
    }

    /// Whether tokens are of no more use, or will be in a minute.
    func isExpired(_ tokens: OAuthTokens) -> Bool { tokens.expires.map { $0 - 60 <= now() } ?? false }

    // MARK: With a browser

    /// A request for a person's consent, and the secrets that the answer must match.
    package struct Consent: Sendable {
        /// For the browser.
        package let address: String
        package let redirect: String
        let state: String
        let verifier: String
    }

    /// - Parameter redirect: where the browser brings the code to.
    package func consent(redirect: String, account: String?) throws(DAVClientError) -> Consent {
        guard let url = provider.authorizationURL else {
            throw DAVClientError(
                .invalidConfiguration, "There is no address where you could agree.", advice: "Set auth_url.")
        }
        let state = RandomText.make(bytes: 16)
        let verifier = RandomText.make(bytes: 48)
        var fields = [
            ("response_type", "code"), ("client_id", provider.clientID), ("redirect_uri", redirect), ("state", state),
            ("code_challenge", RandomText.base64URL(SHA256.hash(data: Array(verifier.utf8)))),
            ("code_challenge_method", "S256"),
        ]
        if let scope = provider.scope { fields.append(("scope", scope)) }
        if let account { fields.append(("login_hint", account)) }
        fields += provider.extraParameters.map { ($0.name, $0.value) }
        let separator = url.target.contains("?") ? "&" : "?"
        return Consent(
            address: url.description + separator + FormFields.encode(fields), redirect: redirect, state: state,
            verifier: verifier)
    }

    /// Trades what the browser brought for tokens.
    ///
    /// - Parameter query: of the address that the browser was sent to.
    package func tokens(for consent: Consent, query: String) async throws -> OAuthTokens {
        let fields = FormFields.decode(query)
        guard fields["state"] == consent.state else {
            throw DAVClientError(
                .protocolViolation, "The answer from the browser does not belong to this login.",
                advice: "Close old windows of it and try again.")
        }
        if let error = fields["error"] { throw refusal(error, fields["error_description"]) }
        guard let code = fields["code"], !code.isEmpty else {
            throw DAVClientError(.protocolViolation, "The browser brought no code.")
        }
        return try await tokens([
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", consent.redirect),
            ("code_verifier", consent.verifier),
        ])
    }

    // MARK: With another device

    /// What a person types on another device.
    package struct DeviceGrant: Sendable {
        package let userCode: String
        package let address: String
        /// The address with the code in it.
        package let completeAddress: String?
        let deviceCode: String
        let interval: Int64
        let deadline: Int64
    }

    package func deviceGrant() async throws -> DeviceGrant {
        guard let url = provider.deviceURL else {
            throw DAVClientError(
                .invalidConfiguration, "\(provider.name) has no login by device code.", advice: "Set device_url.")
        }
        let answer = try await post(url, provider.scope.map { [("scope", $0)] } ?? [])
        guard let device = answer.device_code, let code = answer.user_code,
            let address = answer.verification_uri ?? answer.verification_url
        else { throw unreadable(url) }
        return DeviceGrant(
            userCode: code, address: address, completeAddress: answer.verification_uri_complete, deviceCode: device,
            interval: max(1, min(answer.interval ?? 5, 60)),
            deadline: now() + max(60, min(answer.expires_in ?? 900, 3_600)))
    }

    /// Waits until the person has agreed.
    package func tokens(for grant: DeviceGrant) async throws -> OAuthTokens {
        var interval = grant.interval
        while now() < grant.deadline {
            try await sleep(.seconds(interval))
            do {
                return try await tokens([
                    ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", grant.deviceCode),
                ])
            } catch let refusal as Refusal {
                switch refusal.error {
                case "authorization_pending": continue
                case "slow_down": interval = min(interval + 5, 120)
                default: throw self.refusal(refusal.error, refusal.description)
                }
            }
        }
        throw DAVClientError(.authentication, "Nobody agreed in time.", advice: "Begin the login again.")
    }

    // MARK: Refreshing

    /// New tokens for old ones. A provider that gives out a new refresh token has forgotten the old one.
    func refreshed(_ tokens: OAuthTokens) async throws -> OAuthTokens {
        guard let refresh = tokens.refreshToken else {
            throw DAVClientError(
                .authentication, "The login at \(provider.name) has expired, and cannot be renewed by itself.",
                advice: Self.loginAdvice)
        }
        do {
            var fresh = try await self.tokens([("grant_type", "refresh_token"), ("refresh_token", refresh)])
            fresh.refreshToken = fresh.refreshToken ?? refresh
            fresh.scope = fresh.scope ?? tokens.scope
            return fresh
        } catch let refusal as Refusal {
            throw self.refusal(refusal.error, refusal.description)
        }
    }

    static let loginAdvice = "Log in again: fasti source login NAME."

    // MARK: Requests

    // The names are those of RFC 6749 and 8628.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    private struct Answer: Decodable {
        var access_token: String?
        var refresh_token: String?
        var expires_in: Int64?
        var scope: String?
        var token_type: String?
        var error: String?
        var error_description: String?
        var device_code: String?
        var user_code: String?
        var verification_uri: String?
        var verification_url: String?
        var verification_uri_complete: String?
        var interval: Int64?
    }

    /// The token endpoint said no.
    private struct Refusal: Error {
        let error: String
        let description: String?
    }

    private func tokens(_ fields: [(String, String)]) async throws -> OAuthTokens {
        let answer = try await post(provider.tokenURL, fields)
        guard let token = answer.access_token, !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw unreadable(provider.tokenURL) }
        if let type = answer.token_type, type.lowercased() != "bearer" {
            throw DAVClientError(.protocolViolation, "\(provider.name) gives tokens of a kind that is not known.")
        }
        return OAuthTokens(
            accessToken: token, refreshToken: answer.refresh_token,
            expires: answer.expires_in.map { now() + max(0, min($0, 10 * 365 * 86_400)) }, scope: answer.scope)
    }

    private func post(_ url: DAVURL, _ fields: [(String, String)]) async throws -> Answer {
        guard url.scheme == .https || url.isLoopback else {
            throw DAVClientError(
                .invalidConfiguration, "\(url.host) would get the login unencrypted.", advice: "Use its https address.")
        }
        var fields = fields + [("client_id", provider.clientID)]
        if let secret = provider.clientSecret { fields.append(("client_secret", secret)) }
        let request = DAVClientRequest(
            method: .post, url: url,
            headers: [.contentType: "application/x-www-form-urlencoded", .accept: "application/json"],
            body: Array(FormFields.encode(fields).utf8), responseLimit: 1 << 20)
        let response: DAVClientResponse
        do {
            // Once only: an answer that was lost may have used the refresh token up.
            response = try await transport.send(request)
        } catch let error as DAVTransportError {
            throw DAVClientError(.unavailable, error.reason, advice: "Check the network, then try again.")
        }
        guard response.status.code < 500, response.status.code != 429 else {
            throw DAVClientError(
                .unavailable, "POST \(url): \(response.status.code).", advice: "Try again later.",
                status: response.status)
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(response.body)) else {
            throw unreadable(url)
        }
        if let error = answer.error { throw Refusal(error: error, description: answer.error_description) }
        guard response.status.kind == .successful else { throw unreadable(url) }
        return answer
    }

    private func unreadable(_ url: DAVURL) -> DAVClientError {
        DAVClientError(
            .protocolViolation, "POST \(url): the answer is none of OAuth.", advice: "Check token_url and device_url.")
    }

    /// The standard's words (RFC 6749, section 5.2; RFC 8628, section 3.5) in ours.
    private func refusal(_ error: String, _ description: String?) -> DAVClientError {
        let words = description.map { text in
            " ("
                + String(
                    text.unicodeScalars.filter { $0.value >= 0x20 && $0.value < 0x7F }.prefix(200).map(Character.init))
                + ")"
        }
        let more = words ?? ""
        return switch error {
        case "invalid_grant":
            DAVClientError(
                .authentication,
                "The login at \(provider.name) is no longer valid: it was revoked, or not used for too long\(more).",
                advice: Self.loginAdvice)
        case "access_denied":
            DAVClientError(
                .authentication, "The login at \(provider.name) was declined\(more).", advice: Self.loginAdvice)
        case "expired_token":
            DAVClientError(.authentication, "Nobody agreed in time\(more).", advice: Self.loginAdvice)
        case "invalid_client", "unauthorized_client":
            DAVClientError(
                .authentication, "\(provider.name) does not know this program\(more).",
                advice: "Check client_id and client_secret.")
        case "invalid_scope":
            DAVClientError(
                .invalidConfiguration, "\(provider.name) does not grant that\(more).", advice: "Check service_scope.")
        default:
            DAVClientError(
                .authentication,
                "\(provider.name) refuses the login: \(String(error.unicodeScalars.filter(\.isASCII).prefix(60).map(Character.init)))\(more)."
            )
        }
    }
}

/// `application/x-www-form-urlencoded`.
enum FormFields {
    static func encode(_ fields: [(String, String)]) -> String {
        fields.map { "\(escape($0))=\(escape($1))" }.joined(separator: "&")
    }

    private static func escape(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default: result += PercentEncoding.escape(byte)
            }
        }
    }

    /// The first of each name.
    static func decode(_ text: String) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in text.prefix(16 << 10).split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let decoded = parts.map { part in
                String(decoding: PercentEncoding.decode(String(part.map { $0 == "+" ? " " : $0 })), as: UTF8.self)
            }
            if let name = decoded.first, fields[name] == nil { fields[name] = decoded.count > 1 ? decoded[1] : "" }
        }
        return fields
    }
}
