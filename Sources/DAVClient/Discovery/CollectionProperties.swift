import WebDAV
package import XMLStream

/// The properties of collections that are worth asking for by name, since many servers leave them out of `allprop`.
package enum CollectionProperties {
    package static let discovery: [XMLName] = [
        .resourcetype, .displayname, .currentUserPrincipal, .principalURL, .calendarHomeSet, .addressbookHomeSet,
        .calendarProxyReadFor, .calendarProxyWriteFor,
    ]

    package static let named: [XMLName] =
        [.resourcetype, .displayname, .owner, .currentUserPrivilegeSet, .syncToken, .supportedReportSet]
        + [
            "calendar-description", "calendar-timezone", "calendar-timezone-id", "supported-calendar-component-set",
            "supported-calendar-data", "schedule-calendar-transp", "max-resource-size", "min-date-time",
            "max-date-time", "default-alarm-vevent-datetime", "default-alarm-vevent-date",
            "default-alarm-vtodo-datetime", "default-alarm-vtodo-date",
        ].map(XMLName.init(caldav:))
        + ["addressbook-description", "supported-address-data", "max-resource-size"].map(XMLName.init(carddav:))
        + ["calendar-color", "calendar-order"].map(XMLName.init(apple:))
        + ["source", "shared-url", "invite"].map(XMLName.init(calendarServer:))
        + ["calendar-enabled", "invite"].map { XMLName("http://owncloud.org/ns", $0) }
        + ["owner-displayname", "order"].map { XMLName("http://nextcloud.com/ns", $0) }
        + [XMLName("http://inf-it.com/ns/ab/", "addressbook-color")]

    /// Properties that say nothing lasting about a collection: they would make every backup differ. For those of its
    /// content some servers read every object.
    package static let transient: Set<XMLName> = [
        .lockdiscovery, .supportedlock, .quotaUsedBytes, .quotaAvailableBytes, .getetag, .getcontentlength,
        .getcontenttype, .getlastmodified,
    ]

    /// Whether a property that a server has is worth asking for. A change tag is, where there is no sync token: each of
    /// the two costs some servers a look at every object.
    static func isLasting(_ name: XMLName) -> Bool { !transient.contains(name) && name.local != XMLName.getctag.local }

    /// The address in the source of a subscription: an href, or, on some servers, bare text.
    package static func feedAddress(_ properties: [XMLElement]) -> String? {
        guard let source = properties.first(where: { $0.name == .source }) else { return nil }
        let text = source.first(.href)?.trimmedText ?? source.trimmedText
        return text.isEmpty ? nil : text
    }

    /// Whether the privileges say that no member can be stored (RFC 3744, section 5.5); false where nothing is said.
    package static func isReadOnly(_ properties: [XMLElement]) -> Bool {
        let set = properties.first { $0.name == .currentUserPrivilegeSet }
        let privileges = (set?.all(.privilege) ?? []).flatMap { $0.elements.map(\.name) }
        return !privileges.isEmpty && Set(privileges).isDisjoint(with: [.all, .write, .bind, .writeContent])
    }

    /// Properties that a client may set on a collection that it restores, in an order that shows.
    package static func isSettable(_ name: XMLName, on kind: DAVCollectionKind) -> Bool {
        switch name.namespace {
        case DAVNamespace.dav: name == .displayname
        case DAVNamespace.apple: true
        case DAVNamespace.caldav: kind == .calendar && settableCalDAV.contains(name.local)
        case DAVNamespace.carddav: kind == .addressBook && name == .addressbookDescription
        case DAVNamespace.calendarServer: false
        case "http://owncloud.org/ns": name.local == "calendar-enabled"
        case "http://nextcloud.com/ns": name.local == "order"
        case "http://sabredav.org/ns", "http://xandikos.org/ns", "http://radicale.org/ns/": false
        default: !name.namespace.isEmpty
        }
    }

    private static let settableCalDAV: Set<String> = [
        "calendar-description", "calendar-timezone", "calendar-timezone-id", "schedule-calendar-transp",
        "default-alarm-vevent-datetime", "default-alarm-vevent-date", "default-alarm-vtodo-datetime",
        "default-alarm-vtodo-date",
    ]
}
