import DAVClient
import WebDAV
import XMLStream

/// What servers put into accounts by themselves. A restore has nothing to do there: the server makes it again, and lets
/// nobody write into it.
enum GeneratedCollection {
    /// - Returns: what it is, for a sentence; nil for what belongs to a person.
    static func description(of collection: CollectionSidecar) -> String? {
        let types = collection.elements.first { $0.name == .resourcetype }?.elements.map(\.name) ?? []
        if let purpose = types.compactMap(purpose).first { return purpose }
        return description(ofAddress: collection.href)
    }

    /// Whether it is no calendar at all, on whatever server.
    static func isMachinery(_ collection: CollectionSidecar) -> Bool {
        let types = collection.elements.first { $0.name == .resourcetype }?.elements.map(\.name) ?? []
        return types.contains { purpose($0) != nil }
    }

    private static func purpose(_ type: XMLName) -> String? {
        switch type.local {
        case "schedule-inbox": "the scheduling inbox"
        case "schedule-outbox": "the scheduling outbox"
        case "notification", "notifications": "the notifications"
        case "trash-bin": "the trash bin"
        case "deleted-calendar": "a calendar in the trash bin"
        default: nil
        }
    }

    private static func description(ofAddress href: String) -> String? {
        let segments = href.split(separator: "/", omittingEmptySubsequences: true)
        let last = segments.last.map(String.init) ?? ""
        // Nextcloud and ownCloud; the prefixes are theirs, and nobody else can make such names there.
        if last == "z-server-generated--system" { return "the address book of all users of the server" }
        if last.hasPrefix("z-server-generated--") || last.hasPrefix("z-app-generated--")
            || last.hasPrefix("app-generated--")
        {
            return "made by the server"
        }
        if last == "contact_birthdays" { return "made from the birthdays in the address books" }
        // Google: holidays, birthdays and the like are calendars of this domain, whoever has them.
        let domains = ["@group.v.calendar.google.com", "%40group.v.calendar.google.com"]
        if segments.contains(where: { segment in domains.contains { segment.lowercased().hasSuffix($0) } }) {
            return "made by Google"
        }
        return nil
    }

    /// The families of servers that know such collections, by what gives them away.
    enum Family: Hashable {
        case nextcloud
        case google
    }

    static func family(of collection: CollectionSidecar) -> Family? {
        if collection.href.lowercased().contains("group.v.calendar.google.com") { return .google }
        return description(ofAddress: collection.href) == nil ? nil : .nextcloud
    }

    static func isOn(_ family: Family, _ account: DAVAccount) -> Bool {
        switch family {
        case .google: return account.homes.values.joined().contains { $0.host.hasSuffix(".googleusercontent.com") }
        case .nextcloud:
            let namespaces: Set = ["http://nextcloud.com/ns", "http://owncloud.org/ns"]
            return account.homes.values.joined().contains { $0.path.contains("/remote.php/") }
                || account.collections.contains { $0.properties.contains { namespaces.contains($0.name.namespace) } }
        }
    }
}
