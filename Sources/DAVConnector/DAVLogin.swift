import ConnectorKit
package import DAVClient

/// How an account is logged in to, as its options say it.
package enum DAVLogin: Sendable {
    case none
    case password(username: String, password: String)
    /// Only by proof, never by sending the password.
    case digest(username: String, password: String)
    case token(String)
    /// - Parameter tokens: the file that keeps the tokens; nil where nothing can be kept.
    case oauth(OAuthProvider, account: String?, tokens: String?)

    package func credentials(_ transport: any DAVTransport) throws -> DAVCredentials {
        switch self {
        case .none: .none
        case .password(let username, let password): .password(username: username, password: password)
        case .digest(let username, let password): .digest(username: username, password: password)
        case .token(let token): .bearer(token: token)
        case .oauth(let provider, _, let tokens):
            DAVCredentials(
                OAuthAuthenticator(OAuthClient(provider, transport: transport), store: try Self.store(tokens)))
        }
    }

    static func store(_ path: String?) throws -> any OAuthTokenStore {
        guard let path else {
            throw ConnectorError(
                .invalidConfiguration, "There is no folder that could keep the tokens of this login.",
                advice: "Give the account a name: fasti source add NAME LOCATION ...")
        }
        return TokenFile(path: path)
    }

    private enum Method: String, CaseIterable {
        case basic
        case digest
        case bearer
    }

    /// - Parameter kinds: what access is asked for.
    static func read(
        _ options: OptionReader, username: String?, kinds: [DAVCollectionKind], stateDirectory: String?
    ) throws -> DAVLogin {
        let method = try options.choice("auth", Method.self)
        if let token = options.text("token") { return .token(token) }
        if let provider = try provider(options, kinds) {
            return .oauth(
                provider, account: username,
                tokens: stateDirectory.map { "\($0)/\(fileName(provider, username)).json" })
        }
        if options.text("name") == "apple", options.text("password") == nil {
            throw ConnectorError(
                .invalidConfiguration, "Apple gives programs no login of this kind.",
                advice: "Make an app-specific password at account.apple.com, and set username= and password_cmd=.")
        }
        switch (username, options.text("password")) {
        case (nil, nil): return .none
        case (let username?, let password?):
            return method == .digest
                ? .digest(username: username, password: password) : .password(username: username, password: password)
        case (_?, nil):
            throw ConnectorError(
                .invalidConfiguration, "There is a username but no password.",
                advice: "Set password=, password_cmd= or password_file=, or name= or token_url= for a login with OAuth."
            )
        case (nil, _?):
            throw ConnectorError(
                .invalidConfiguration, "There is a password but no username.", advice: "Set username=.")
        }
    }

    /// One file for each account at a provider, so that a source and a destination share their login.
    private static func fileName(_ provider: OAuthProvider, _ username: String?) -> String {
        let text = "\(username ?? "account") \(provider.name) \(provider.clientID.prefix(24))"
        let name = MemberName.name(forSegment: PercentEncoding.encode(segment: text.utf8), ending: nil)
        return String(name.map { $0 == " " ? "_" : $0 })
    }

    private static func provider(_ options: OptionReader, _ kinds: [DAVCollectionKind]) throws -> OAuthProvider? {
        let name = options.text("name")
        let known = OAuthProvider.known.first { $0.name == name }
        if let name, known == nil, name != "apple", options.text("token_url") == nil {
            throw ConnectorError(
                .invalidConfiguration, "The provider \"\(name)\" is not known.",
                advice: "Known are apple, google, microsoft; others need token_url=, auth_url= and client_id=.")
        }
        guard known != nil || options.text("token_url") != nil else {
            guard let key = ["auth_url", "device_url", "client_id"].first(where: { options.text($0) != nil }) else {
                return nil
            }
            throw ConnectorError(
                .invalidConfiguration, "\(key) is set, but there is no token_url.",
                advice: "Set token_url=, or name=google or name=microsoft.")
        }
        guard let tokenURL = DAVURL(options.text("token_url") ?? known?.token ?? "") else {
            throw ConnectorError(.invalidConfiguration, "token_url is no address.")
        }
        guard let clientID = options.text("client_id") else {
            throw ConnectorError(
                .invalidConfiguration, "A login with OAuth needs client_id.",
                advice:
                    "Register a program of your own with the provider, as a desktop application, and set client_id= "
                    + "and client_secret_cmd=.")
        }
        var provider = OAuthProvider(name: name ?? tokenURL.host, tokenURL: tokenURL, clientID: clientID)
        provider.clientSecret = options.text("client_secret")
        provider.authorizationURL = try address("auth_url", options) ?? known.flatMap { DAVURL($0.authorization) }
        provider.deviceURL = try address("device_url", options) ?? known.flatMap { DAVURL($0.device) }
        let scopes = [
            kinds.contains(.calendar) ? known?.calendarScope : nil,
            kinds.contains(.addressBook) ? known?.contactsScope : nil,
        ].compactMap { $0 }
        provider.scope = options.text("service_scope") ?? (scopes.isEmpty ? nil : scopes.joined(separator: " "))
        provider.extraParameters = known?.extraParameters ?? []
        return provider
    }

    private static func address(_ key: String, _ options: OptionReader) throws -> DAVURL? {
        guard let text = options.text(key) else { return nil }
        guard let url = DAVURL(text) else {
            throw ConnectorError(.invalidConfiguration, "\(key) is no address.", advice: "It begins with https://.")
        }
        return url
    }
}
