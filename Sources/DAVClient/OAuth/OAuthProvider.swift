/// Where a provider grants access, and as whom we ask (RFC 6749).
package struct OAuthProvider: Sendable {
    /// For messages and file names: `google`, or the host.
    package var name: String
    /// Where a person agrees, in a browser.
    package var authorizationURL: DAVURL?
    package var tokenURL: DAVURL
    /// Where a code for another device comes from (RFC 8628).
    package var deviceURL: DAVURL?
    package var scope: String?
    package var clientID: String
    /// Programs on people's machines keep no secrets; some providers want one all the same.
    package var clientSecret: String?
    /// What this provider wants beside the standard, in the request for a person's consent.
    package var extraParameters: [(name: String, value: String)] = []

    package init(name: String, tokenURL: DAVURL, clientID: String) {
        self.name = name
        self.tokenURL = tokenURL
        self.clientID = clientID
    }

    /// Providers whose addresses need not be looked up.
    package struct Known: Sendable {
        package let name: String
        package let authorization: String
        package let token: String
        package let device: String
        package let calendarScope: String?
        package let contactsScope: String?
        package let extraParameters: [(name: String, value: String)]
    }

    package static let known: [Known] = [
        Known(
            name: "google", authorization: "https://accounts.google.com/o/oauth2/v2/auth",
            token: "https://oauth2.googleapis.com/token", device: "https://oauth2.googleapis.com/device/code",
            calendarScope: "https://www.googleapis.com/auth/calendar",
            contactsScope: "https://www.googleapis.com/auth/carddav",
            // Without these there is no refresh token, or only the first time.
            extraParameters: [("access_type", "offline"), ("prompt", "consent")]),
        Known(
            name: "microsoft", authorization: "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
            token: "https://login.microsoftonline.com/common/oauth2/v2.0/token",
            device: "https://login.microsoftonline.com/common/oauth2/v2.0/devicecode", calendarScope: nil,
            contactsScope: nil, extraParameters: []),
    ]
}

/// What a provider gave out for one account.
package struct OAuthTokens: Codable, Hashable, Sendable {
    package var accessToken: String
    package var refreshToken: String?
    /// Seconds since 1970; nil when the provider does not say.
    package var expires: Int64?
    package var scope: String?

    package init(accessToken: String, refreshToken: String? = nil, expires: Int64? = nil, scope: String? = nil) {
        self.accessToken = accessToken
        self.refreshToken = refreshToken
        self.expires = expires
        self.scope = scope
    }

    private enum CodingKeys: String, CodingKey {
        case accessToken = "access_token"
        case refreshToken = "refresh_token"
        case expires
        case scope
    }
}

extension OAuthTokens: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "tokens" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Keeps the tokens of one account.
package protocol OAuthTokenStore: Sendable {
    /// nil before the first login.
    func read() async throws -> OAuthTokens?

    /// Puts what `change` makes of the present tokens in their place, durably, while nobody else can: neither another
    /// task nor another process.
    func update(_ change: (OAuthTokens?) async throws -> OAuthTokens) async throws -> OAuthTokens
}
