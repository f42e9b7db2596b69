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

    /// What a restore does with files that the old server kept beside events.
    package enum AttachmentWay: String, Sendable, CaseIterable {
        /// The new server keeps them likewise (RFC 8607).
        case managed
        /// They become part of the events.
        case inline
        /// They stay in the snapshot, and the events keep the old addresses.
        case keep
    }

    /// What a restore does with what was a subscription to a calendar elsewhere.
    package enum SubscriptionWay: String, Sendable, CaseIterable {
        /// It is subscribed again where the server can; elsewhere its events become a calendar.
        case renew
        /// Its events become a calendar, as they were.
        case copy
    }

    /// What a restore does with what nobody can write into on the destination.
    package enum ReadOnlyWay: String, Sendable, CaseIterable {
        case skip
        /// Into a new collection.
        case copy
    }

    package private(set) var base: DAVURL
    /// The domain of the mail address that stands in place of an address; its own records say where its calendars are.
    package let mailDomain: String?
    package let kinds: [DAVCollectionKind]
    package let login: DAVLogin
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
    package let choice: CollectionChoice
    /// Whether files are read that a server keeps beside events.
    package let keepsAttachments: Bool
    /// nil for what the server can do.
    package let attachmentWay: AttachmentWay?
    package let subscriptionWay: SubscriptionWay
    package let readOnlyWay: ReadOnlyWay
    /// An absolute path; nil when nothing can be remembered.
    let stateDirectory: String?
    /// Where a browser brings the code of a login; 0 for any port that is free.
    package let redirectPort: Int
    /// Name servers to ask in place of those of this machine.
    private let nameServers: [String]
    /// Something about the account that is worth telling.
    package private(set) var remark: String?
    package let identity: ConnectorIdentity

    static let schemes = ["caldav", "carddav", "dav"].flatMap { [$0, $0 + "+http"] } + ["caldavs", "carddavs"]

    /// - Throws: `ConnectorError.invalidConfiguration` that names the key and what it takes.
    package init(_ configuration: ConnectorConfiguration, role: Role) throws {
        let scheme = configuration.location.scheme
        let options = OptionReader(configuration.options)
        try options.refuseUnknown(role)
        let provider = options.text("name")
        kinds = Self.kinds(scheme, provider)
        let address = try Self.address(configuration.location, options, kinds)
        base = address.base
        mailDomain = address.mailDomain
        username = options.text("username") ?? address.mailAddress
        login = try DAVLogin.read(
            options, username: username, kinds: kinds, stateDirectory: configuration.stateDirectory)
        redirectPort = try options.number("redirect_port", in: 0...65_535) ?? 0
        nameServers = options.list("resolver")
        keepsAttachments = try role == .source ? options.flag("attachments", default: true) : true
        attachmentWay = try role == .destination ? options.choice("attachments", AttachmentWay.self) : nil
        subscriptionWay =
            try role == .destination ? options.choice("subscriptions", SubscriptionWay.self) ?? .renew : .renew
        readOnlyWay = try role == .destination ? options.choice("readonly", ReadOnlyWay.self) ?? .skip : .skip
        stateDirectory = configuration.stateDirectory
        var choice = CollectionChoice()
        choice.included = options.names("include")
        choice.excluded = options.names("exclude")
        choice.takesShared = try options.flag("shared", default: true)
        // A restore wants to know them all, so as not to write into one.
        choice.takesSubscribed = try role == .destination || options.flag("subscribed")
        choice.takesDelegated = try options.flag("delegated")
        self.choice = choice
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
        identity = Self.identity(scheme, address.mailDomain ?? base.authority, base.path, username)
    }

    private enum Invitations: String, CaseIterable {
        case send
        case hold
    }

    // MARK: Location

    private static func kinds(_ scheme: String, _ provider: String?) -> [DAVCollectionKind] {
        let family = scheme.split(separator: "+").first.map(String.init) ?? scheme
        if family.hasPrefix("carddav") { return [.addressBook] }
        // These providers keep contacts on another host, as a source of its own.
        if provider == "google" || provider == "apple" { return [.calendar] }
        // Who names a calendar account means the account: its address books are part of what could be lost.
        return [.calendar, .addressBook]
    }

    private struct Address {
        var base: DAVURL
        var mailAddress: String?
        var mailDomain: String?
    }

    private static func address(
        _ location: Location, _ options: OptionReader, _ kinds: [DAVCollectionKind]
    ) throws -> Address {
        if let base = providerBase(location, options, kinds) { return Address(base: base) }
        let rest = location.rest
        let lower = rest.lowercased()
        let isPlain = location.scheme.hasSuffix("+http")
        if let domain = mailDomain(rest),
            let base = DAVURL(scheme: isPlain ? .http : .https, authorityAndTarget: domain[...])
        {
            return Address(base: base, mailAddress: rest, mailDomain: domain)
        }
        let parsed: DAVURL?
        if lower.hasPrefix("https://") || lower.hasPrefix("http://") {
            parsed = DAVURL(rest)
        } else {
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
        return Address(base: parsed)
    }

    /// The domain of `anna@example.org`; nil for anything else.
    private static func mailDomain(_ text: String) -> String? {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[0].contains(where: { ":/?# ".contains($0) }),
            parts[1].contains("."), parts[1].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"/:?#".utf8.contains($0) })
        else { return nil }
        return parts[1].lowercased()
    }

    /// Where providers keep calendars that are known by name; plakar ignores the location then as well.
    private static func providerBase(
        _ location: Location, _ options: OptionReader, _ kinds: [DAVCollectionKind]
    ) -> DAVURL? {
        let isCalendar = kinds.contains(.calendar)
        switch options.text("name") {
        case "google":
            guard isCalendar else { return DAVURL("https://www.googleapis.com/.well-known/carddav") }
            let user = PercentEncoding.encode(segment: (options.text("username") ?? "").utf8)
            return DAVURL("https://apidata.googleusercontent.com/caldav/v2/\(user)/user/")
        case "apple" where location.rest.isEmpty || location.rest == "/":
            return DAVURL(isCalendar ? "https://caldav.icloud.com/" : "https://contacts.icloud.com/")
        default: return nil
        }
    }

    /// Asks where the calendars of a mail domain are (RFC 6764). A domain that does not say keeps its own name.
    ///
    /// - Throws: when the domain points to a host that somebody else may own: then the user must say that it is right.
    package func resolved() async throws -> DAVSettings {
        guard let mailDomain, let kind = kinds.first else { return self }
        return try await connecting {
            var settings = self
            let lookup = ServiceLookup(try DNSResolver(servers: nameServers))
            let mayUsePlainText = clientOptions.allowsPlainText || base.scheme == .http
            guard let found = try await lookup.find(mailDomain, kind: kind, mayUsePlainText: mayUsePlainText) else {
                return settings
            }
            let trusted = found.host == mailDomain || found.host.hasSuffix("." + mailDomain)
            guard trusted || clientOptions.trustedHosts.contains(found.host) else {
                throw DAVClientError(
                    .redirect,
                    "\(mailDomain) says that its calendars are at \(found.host), which does not get the password yet.",
                    advice: "If that is your provider, set trusted_hosts=\(found.host).")
            }
            settings.base = DAVURL(
                scheme: found.usesTLS ? .https : .http, host: found.host, port: found.port, target: found.path ?? "/")
            if kinds.count > 1,
                let contacts = try? await lookup.find(mailDomain, kind: .addressBook, mayUsePlainText: mayUsePlainText),
                contacts.host != found.host
            {
                settings.remark =
                    "The address books of \(mailDomain) are at \(contacts.host): they need a source of their own, "
                    + "carddav://\(username ?? mailDomain)."
            }
            return settings
        }
    }

    /// The three names that tie the snapshots of one account together. The types are ours alone, so that the engine
    /// behind plakar, whose own connector has the type `caldav` and another tree, never takes one of ours for a parent.
    private static func identity(
        _ scheme: String, _ authority: String, _ basePath: String, _ username: String?
    ) -> ConnectorIdentity {
        let type = scheme.hasPrefix("carddav") ? "dav-contacts" : "dav"
        let user = username.map { PercentEncoding.encode(segment: $0.utf8).replacingAt() + "@" } ?? ""
        let path = basePath == "/" ? "" : basePath
        return ConnectorIdentity(type: type, origin: user + authority + path, root: .root)
    }
}

extension String {
    /// The `@` of a user name written as `%40`, so that the one before the host stands out.
    fileprivate func replacingAt() -> String {
        reduce(into: "") { $0 += $1 == "@" ? "%40" : String($1) }
    }
}
