import WebDAV
package import XMLStream

/// What discovery found out about an account.
package struct DAVAccount: Sendable {
    /// The principal, if the server has such a thing.
    package var principal: DAVURL?
    package var displayName: String?
    /// Where the collections of each kind lie; the same address may be home of both.
    package var homes: [DAVCollectionKind: [DAVURL]] = [:]
    /// Whether the server named no home, so that the given address is taken for one.
    package var hasGuessedHomes = false
    /// Every calendar and address book that was found, in the order of their addresses.
    package var collections: [DAVCollection] = []
    /// Collections that were left out on purpose.
    package var skipped: [Skipped] = []
    /// Principals that let this account act for them (calendar-proxy).
    package var delegators: [DAVURL] = []
    /// What the homes list and does not show: it may be a calendar.
    package var hidden: [(url: DAVURL, status: Int)] = []
    /// The one collection that the address named; then nothing else is looked for.
    package var onlyCollection: DAVURL?
    /// The address that the user gave, when nothing is there and the server had to be asked for the account instead.
    package var emptyAddress: DAVURL?
    /// What went wrong without making the result incomplete.
    package var remarks: [String] = []

    package struct Skipped: Hashable, Sendable {
        package var url: DAVURL
        /// "the scheduling inbox", "a subscription".
        package var what: String
    }
}

/// A calendar or an address book, with everything its server says about it.
package struct DAVCollection: Sendable {
    package var kind: DAVCollectionKind
    /// As the server wrote it.
    package var href: String
    package var url: DAVURL
    /// Sorted by namespace and name, one of each.
    package var properties: [XMLElement]
    /// Whether it belongs to somebody else.
    package var isShared = false
    /// The last segment of the principal for whom this account acts; nil for its own collections.
    package var delegator: String?

    package subscript(_ name: XMLName) -> XMLElement? { properties.first { $0.name == name } }

    package func text(_ name: XMLName) -> String? {
        guard let text = self[name]?.trimmedText, !text.isEmpty else { return nil }
        return text
    }

    package var displayName: String? { text(.displayname) }

    package var types: [XMLName] { self[.resourcetype]?.elements.map(\.name) ?? [] }

    /// Whether it only stands for a calendar elsewhere, of which the server shows nothing.
    package var isFeed: Bool { types.contains(.subscribed) && !types.contains(.calendar) && feedAddress != nil }

    /// Where the events of a subscription come from, as its owner wrote it.
    package var feedAddress: String? { CollectionProperties.feedAddress(properties) }

    /// Whether the server says that this account must not store objects in it. One that says nothing lets us try.
    package var isReadOnly: Bool { CollectionProperties.isReadOnly(properties) }

    /// A value that changes when a member does; nil when the server has none.
    package var changeTag: String? { text(.getctag) ?? text(.syncToken) }

    /// The name for people: display name, else the decoded last segment.
    package var title: String {
        displayName ?? String(decoding: PercentEncoding.decode(url.lastSegment), as: UTF8.self)
    }
}
