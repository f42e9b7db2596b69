package import ConnectorKit
package import DAVClient

/// What the location and the options of a CalDAV or CardDAV account say, checked.
package struct DAVSettings: Sendable {
    package enum Role: Sendable {
        case source
        case destination
    }

    /// What happens to objects and collections that are there already.
    package enum Mode: String, Sendable, CaseIterable {
        /// Into a new collection, or into one that is empty.
        case new
        /// Adds what is missing and leaves the rest.
        case merge
        /// Adds what is missing and replaces what differs.
        case overwrite
        /// As `overwrite`, and removes what the snapshot does not have.
        case exact
    }

    package let base: DAVURL
    package let kinds: [DAVCollectionKind]
    package let credentials: DAVCredentials
    package let username: String?
    package var clientOptions: DAVClient.Options
    /// nil when the user did not say.
    package let mode: Mode?
    /// Where folders of the snapshot go, as far as the user said.
    package let map: RestoreMap
    /// Whether a scheduling server may send mail for restored events.
    package let sendsInvitations: Bool
    /// The name of the collection for objects that come without one.
    package let collectionName: String?
    /// Reads every object again even where its ETag says that it is unchanged.
    package let readsEverything: Bool
    /// How often every object is read again even where its ETag says that it is unchanged, in days; 0 for never.
    package let fullReadInterval: Int
    /// The share of objects that may be gone since the last snapshot without an alarm, in percent.
    package let lossLimit: Int
    package let identity: ConnectorIdentity

    static let schemes = ["caldav", "carddav", "dav"].flatMap { [$0, $0 + "+http"] } + ["caldavs", "carddavs"]

    /// - Throws: `ConnectorError.invalidConfiguration` that names the key and what it takes.
    package init(_ configuration: ConnectorConfiguration, role: Role) throws {
        let scheme = configuration.location.scheme
        let family = scheme.split(separator: "+")[0]
        // Who names a calendar account means the account: its address books are part of what could be lost.
        kinds =
            switch family {
            case "carddav", "carddavs": [.addressBook]
            default: [.calendar, .addressBook]
            }
        base = try Self.base(configuration.location)
        let options = OptionReader(configuration.options)
        try options.refuseUnknown(role)
        username = options.text("username")
        credentials = try Self.credentials(options, username)
        var client = DAVClient.Options()
        client.allowsPlainText = try options.flag("insecure")
        client.trustedHosts = options.list("trusted_hosts")
        clientOptions = client
        mode = try options.choice("mode", Mode.self)
        map = try RestoreMap(options.text("map") ?? "")
        sendsInvitations = try options.choice("invitations", Invitations.self) == .send
        readsEverything = try options.flag("full")
        fullReadInterval = try options.number("full_days", in: 0...36_500) ?? 30
        lossLimit = try options.number("max_loss", in: 0...100) ?? 50
        collectionName = options.text("collection")
        identity = Self.identity(kinds, base, username)
    }

    private enum Invitations: String, CaseIterable {
        case send
        case hold
    }

    // MARK: Location

    private static func base(_ location: Location) throws -> DAVURL {
        let rest = location.rest
        let lower = rest.lowercased()
        let parsed: DAVURL?
        if lower.hasPrefix("https://") || lower.hasPrefix("http://") {
            parsed = DAVURL(rest)
        } else {
            let isPlain = location.scheme.hasSuffix("+http")
            parsed = DAVURL(scheme: isPlain ? .http : .https, authorityAndTarget: rest[...])
        }
        guard let parsed else {
            let hasUser = rest.prefix { $0 != "/" }.contains("@")
            throw ConnectorError(
                .invalidConfiguration,
                "\"\(location.scheme):\" needs a host name, as in \(location.scheme)://cal.example.org.",
                advice: hasUser ? "Put user name and password into username= and password=, not into the address." : nil
            )
        }
        return parsed
    }

    private static func credentials(_ options: OptionReader, _ username: String?) throws -> DAVCredentials {
        switch (username, options.text("password")) {
        case (nil, nil): return .none
        case (let username?, let password?): return .basic(username: username, password: password)
        case (_?, nil):
            throw ConnectorError(
                .invalidConfiguration, "There is a username but no password.",
                advice: "Set password=, password_cmd= or password_file=.")
        case (nil, _?):
            throw ConnectorError(
                .invalidConfiguration, "There is a password but no username.", advice: "Set username=.")
        }
    }

    /// The three names that tie the snapshots of one account together. The types are ours alone, so that the engine
    /// behind plakar, whose own connector has the type `caldav` and another tree, never takes one of ours for a parent.
    private static func identity(
        _ kinds: [DAVCollectionKind], _ base: DAVURL, _ username: String?
    ) -> ConnectorIdentity {
        let type = kinds == [.addressBook] ? "dav-contacts" : "dav"
        let user = username.map { PercentEncoding.encode(segment: $0.utf8).replacingAt() + "@" } ?? ""
        let path = base.path == "/" ? "" : base.path
        return ConnectorIdentity(type: type, origin: user + base.authority + path, root: .root)
    }
}

extension String {
    /// The `@` of a user name written as `%40`, so that the one before the host stands out.
    fileprivate func replacingAt() -> String {
        reduce(into: "") { $0 += $1 == "@" ? "%40" : String($1) }
    }
}

/// Reads the flat options of a connector and says what is wrong with them.
private struct OptionReader {
    private let options: [String: String]

    init(_ options: [String: String]) { self.options = options }

    private static let shared: Set<String> = ["username", "password", "insecure", "trusted_hosts"]
    /// Resolved or used before a connector is made; here only so that they are not taken for mistakes.
    private static let foreign: Set<String> = ["location", "type", "name", "password_cmd", "password_file"]

    func refuseUnknown(_ role: DAVSettings.Role) throws {
        let own: Set<String> =
            role == .source ? ["full", "full_days", "max_loss"] : ["mode", "invitations", "collection", "map"]
        let known = Self.shared.union(own)
        let oauth = ["client_id", "client_secret", "auth_url", "token_url"].filter { options[$0] != nil }
        if let key = oauth.first {
            throw ConnectorError(
                .unsupported, "\(key) is set, but logging in with OAuth is not supported yet.",
                advice: "Use an application password where the provider offers one.")
        }
        guard let key = options.keys.filter({ !known.contains($0) && !Self.foreign.contains($0) }).min() else { return }
        throw ConnectorError(
            .invalidConfiguration, "There is no option \"\(key)\" here.",
            advice: "Known are \(known.sorted().joined(separator: ", ")).")
    }

    /// nil when missing or empty.
    func text(_ key: String) -> String? { options[key].flatMap { $0.isEmpty ? nil : $0 } }

    func list(_ key: String) -> [String] {
        (text(key) ?? "").split { $0 == "," || $0 == " " }.map(String.init)
    }

    /// Spelled as Go's parser takes it, since configurations are shared with plakar.
    func flag(_ key: String) throws -> Bool {
        switch text(key)?.lowercased() {
        case nil, "0", "f", "false", "no": return false
        case "1", "t", "true", "yes": return true
        default: throw ConnectorError(.invalidConfiguration, "\(key) must be true or false.")
        }
    }

    func number(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = text(key) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw ConnectorError(
                .invalidConfiguration, "\(key) must be a number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, _ type: Choice.Type
    ) throws -> Choice? where Choice.RawValue == String {
        guard let text = text(key) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ConnectorError(
                .invalidConfiguration, "\(key)=\(text) is not known.", advice: "It takes one of \(known).")
        }
        return choice
    }
}
