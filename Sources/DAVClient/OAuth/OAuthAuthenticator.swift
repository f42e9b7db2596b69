package import HTTPTypes

/// Logs in with tokens that are renewed when they expire, and written back when they change.
package actor OAuthAuthenticator: DAVAuthenticator {
    private let client: OAuthClient
    private let store: any OAuthTokenStore
    private var known: OAuthTokens?
    /// Requests of several tasks wait for the same new token.
    private var renewal: Task<OAuthTokens, any Error>?

    package init(_ client: OAuthClient, store: any OAuthTokenStore) {
        self.client = client
        self.store = store
    }

    package nonisolated var canBeOverheard: Bool { true }

    package func authorization(_ method: HTTPRequest.Method, _ url: DAVURL) async throws -> String? {
        "Bearer \(try await token())"
    }

    /// A provider may take a token back before it expires.
    package func mayRetry(after challenges: [AuthenticationChallenge], sent: String?) async throws -> Bool {
        guard let known, sent == "Bearer \(known.accessToken)" else { return true }
        return try await renewed(insteadOf: known.accessToken).accessToken != known.accessToken
    }

    private func token() async throws -> String {
        let stored: OAuthTokens?
        if let known { stored = known } else { stored = try await store.read() }
        guard let stored else {
            throw DAVClientError(
                .authentication, "Nobody has logged in at \(client.provider.name) yet.",
                advice: "Log in: fasti source login NAME.")
        }
        known = stored
        if client.isExpired(stored) { return try await renewed(insteadOf: stored.accessToken).accessToken }
        return stored.accessToken
    }

    private func renewed(insteadOf old: String) async throws -> OAuthTokens {
        if let renewal { return try await renewal.value }
        let task = Task { [client, store] in
            try await store.update { current in
                // Another process may have been faster.
                if let current, current.accessToken != old, !client.isExpired(current) { return current }
                guard let current else {
                    throw DAVClientError(
                        .authentication, "The login at \(client.provider.name) is gone.",
                        advice: OAuthClient.loginAdvice)
                }
                return try await client.refreshed(current)
            }
        }
        renewal = task
        defer { renewal = nil }
        let tokens = try await task.value
        known = tokens
        return tokens
    }
}
