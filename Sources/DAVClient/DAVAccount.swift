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
    /// What the homes list and does not show: it may be a calendar.
    package var hidden: [(url: DAVURL, status: Int)] = []
    /// The one collection that the address named; then nothing else is looked for.
    package var onlyCollection: DAVURL?
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

    package subscript(_ name: XMLName) -> XMLElement? { properties.first { $0.name == name } }

    package func text(_ name: XMLName) -> String? {
        guard let text = self[name]?.trimmedText, !text.isEmpty else { return nil }
        return text
    }

    package var displayName: String? { text(.displayname) }

    /// A value that changes when a member does; nil when the server has none.
    package var changeTag: String? { text(.getctag) ?? text(.syncToken) }

    /// The name for people: display name, else the decoded last segment.
    package var title: String {
        displayName ?? String(decoding: PercentEncoding.decode(url.lastSegment), as: UTF8.self)
    }
}
