package import HTTPTypes

/// How requests prove who sends them. Never printed: its description says only whether there are any.
package struct DAVCredentials: Sendable {
    private let authenticator: (any DAVAuthenticator)?

    package static let none = DAVCredentials(nil)

    package init(_ authenticator: (any DAVAuthenticator)?) { self.authenticator = authenticator }

    /// User name and password: Basic (RFC 7617) from the first request on, Digest (RFC 7616) where a server wants that.
    package static func password(username: String, password: String) -> DAVCredentials {
        DAVCredentials(PasswordAuthenticator(username: username, password: password, sendsPassword: true))
    }

    /// Only a proof of the password ever travels, which no plain connection gives away.
    package static func digest(username: String, password: String) -> DAVCredentials {
        DAVCredentials(PasswordAuthenticator(username: username, password: password, sendsPassword: false))
    }

    /// A token that somebody else keeps fresh (RFC 6750).
    package static func bearer(token: String) -> DAVCredentials { DAVCredentials(BearerAuthenticator(token: token)) }

    package var isEmpty: Bool { authenticator == nil }

    /// Whether whoever listens on a plain connection could log in with what he hears.
    package var canBeOverheard: Bool { authenticator?.canBeOverheard ?? false }

    /// The value of the Authorization field; nil for a request without.
    func authorization(_ method: HTTPRequest.Method, _ url: DAVURL) async throws -> String? {
        try await authenticator?.authorization(method, url)
    }

    /// Learns from an answer with status 401.
    ///
    /// - Returns: whether the same request may succeed now.
    func mayRetry(after response: DAVClientResponse, sent: String?) async throws -> Bool {
        guard let authenticator else { return false }
        return try await authenticator.mayRetry(
            after: AuthenticationChallenge.all(in: response.headers[values: .wwwAuthenticate]), sent: sent)
    }
}

extension DAVCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { isEmpty ? "no credentials" : "credentials" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// One way to log in.
package protocol DAVAuthenticator: Sendable {
    var canBeOverheard: Bool { get }

    /// The value of the Authorization field; nil for a request without. Asynchronous, since tokens may need a refresh.
    func authorization(_ method: HTTPRequest.Method, _ url: DAVURL) async throws -> String?

    /// Learns from the challenges of an answer with status 401.
    ///
    /// - Parameter sent: the Authorization field of the request.
    /// - Returns: whether the same request may succeed now.
    func mayRetry(after challenges: [AuthenticationChallenge], sent: String?) async throws -> Bool
}

struct BearerAuthenticator: DAVAuthenticator {
    let token: String

    var canBeOverheard: Bool { true }

    func authorization(_ method: HTTPRequest.Method, _ url: DAVURL) -> String? { "Bearer \(token)" }

    func mayRetry(after challenges: [AuthenticationChallenge], sent: String?) -> Bool { false }
}
