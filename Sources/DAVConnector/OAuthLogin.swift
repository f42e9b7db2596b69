package import ConnectorKit
package import DAVClient

/// Brings a person's consent home: once in a browser, and the tokens keep the account open from then on.
package struct OAuthLogin: Sendable {
    package let provider: OAuthProvider
    package let account: String?
    /// 0 for any that is free.
    package let redirectPort: Int
    private let client: OAuthClient
    private let store: any OAuthTokenStore

    /// - Throws: `ConnectorError` when the account logs in with a password, or not at all.
    package init(_ configuration: ConnectorConfiguration, transport: any DAVTransport) throws {
        // What is particular to destinations says nothing about the login.
        var configuration = configuration
        for key in ["mode", "invitations", "collection", "map"] { configuration.options[key] = nil }
        let settings = try DAVSettings(configuration, role: .source)
        guard case .oauth(let provider, let account, let tokens) = settings.login else {
            throw ConnectorError(
                .invalidConfiguration, "This account does not log in with OAuth.",
                advice: "Set name=google or name=microsoft, or token_url=, auth_url= and client_id=.")
        }
        self.provider = provider
        self.account = account
        redirectPort = settings.redirectPort
        client = OAuthClient(provider, transport: transport)
        store = try DAVLogin.store(tokens)
    }

    /// - Parameter show: gives the person the address to open.
    package func inBrowser(show: (_ address: String) throws -> Void) async throws {
        try await connecting {
            let receiver = try RedirectReceiver(port: redirectPort)
            let consent = try client.consent(redirect: receiver.address, account: account)
            try show(consent.address)
            let query = try await receiver.query()
            try await keep { try await client.tokens(for: consent, query: query) }
        }
    }

    /// For machines that no browser can reach: the person brings the address back by hand.
    ///
    /// - Parameter ask: shows the address to open, and returns the one that the browser ended at.
    package func byHand(ask: (_ address: String) throws -> String) async throws {
        try await connecting {
            let port = redirectPort == 0 ? 8_765 : redirectPort
            let consent = try client.consent(redirect: "http://127.0.0.1:\(port)/", account: account)
            let address = try ask(consent.address)
            let query = address.split(separator: "?", maxSplits: 1).last.map(String.init) ?? ""
            try await keep { try await client.tokens(for: consent, query: query) }
        }
    }

    /// - Parameter show: gives the person the address to open on any device, the code to type there, and, if there is
    ///   one, the address that has the code in it.
    package func onOtherDevice(show: (_ address: String, _ code: String, _ complete: String?) throws -> Void)
        async throws
    {
        try await connecting {
            let grant = try await client.deviceGrant()
            try show(grant.address, grant.userCode, grant.completeAddress)
            try await keep { try await client.tokens(for: grant) }
        }
    }

    private func keep(_ tokens: () async throws -> OAuthTokens) async throws {
        let fresh = try await tokens()
        _ = try await store.update { _ in fresh }
    }
}
