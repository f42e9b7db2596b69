import ConnectorKit
import DAVClient
import WebDAV
import XMLStream

/// Which collection of the destination each folder of the snapshot goes to, where the user says so.
package struct RestoreMap: Hashable, Sendable {
    package struct Rule: Hashable, Sendable {
        /// A path in the snapshot, the name of a folder, or the name of a collection.
        let folder: String
        /// An address, the last part of one, or the name of a collection; also the name of a new one.
        let collection: String
    }

    package let rules: [Rule]

    /// Reads `FOLDER=COLLECTION`, several with line ends or commas between them. The last `=` counts, since names of
    /// folders may have some.
    ///
    /// - Throws: `ConnectorError.invalidConfiguration` for anything else.
    package init(_ text: String) throws {
        rules = try text.split(whereSeparator: { $0 == "\n" || $0 == "," }).map { part in
            let trimmed = part.drop { $0 == " " }
            guard let equals = trimmed.lastIndex(of: "="), equals > trimmed.startIndex,
                trimmed.index(after: equals) < trimmed.endIndex
            else {
                throw ConnectorError(
                    .invalidConfiguration, "map has \"\(part)\", which is not FOLDER=COLLECTION.",
                    advice: "As in map=work=private.")
            }
            return Rule(
                folder: String(trimmed[..<equals]), collection: String(trimmed[trimmed.index(after: equals)...]))
        }
    }

    /// - Returns: nil when no rule speaks of the folder.
    func collection(for source: RestoreSource) -> String? {
        rules.first { rule in
            rule.folder == source.directory.description
                || rule.folder == String(source.directory.description.dropFirst())
                || rule.folder == printable(source.directory.name) || rule.folder == source.title
                || (rule.folder == "/" && source.directory.isRoot)
        }?.collection
    }

    /// Says which rules fit nothing: a mistyped name must not pass for a restore to the right place.
    func requireUse(by sources: [RestoreSource]) throws {
        for rule in rules where !sources.contains(where: { RestoreMap(rules: [rule]).collection(for: $0) != nil }) {
            let known = sources.map(\.title).sorted().joined(separator: ", ")
            throw ConnectorError(
                .invalidConfiguration, "map names \"\(rule.folder)\", but the snapshot has nothing called so.",
                advice: "It has \(known).")
        }
    }

    private init(rules: [Rule]) { self.rules = rules }

    /// The collection of an account that a rule means; nil when there is none of that name.
    ///
    /// - Throws: when several have it.
    static func find(
        _ name: String, _ kind: DAVCollectionKind, in account: DAVAccount, base: DAVURL
    ) throws -> DAVCollection? {
        let address = name.contains("/") ? base.resolving(name) : nil
        let all = account.collections
        if let address, let found = all.first(where: { $0.url.isSameResource(as: address.asCollection) }) {
            return try fitting(found, kind, name)
        }
        let segment = PercentEncoding.encode(segment: Array(name.utf8))
        let named = all.filter { $0.kind == kind && ($0.url.lastSegment == segment || $0.url.lastSegment == name) }
        if let found = named.first, named.count == 1 { return try fitting(found, kind, name) }
        let titled = all.filter { $0.kind == kind && $0.displayName == name }
        guard titled.count < 2 else {
            throw ConnectorError(
                .invalidConfiguration, "\(titled.count) collections are called \"\(name)\".",
                advice: "Name the address: \(titled.map(\.url.path).joined(separator: " or ")).")
        }
        if let found = titled.first { return try fitting(found, kind, name) }
        if address != nil {
            throw ConnectorError(
                .notFound, "There is no \(kind.noun) at \(name).", advice: "A name without / makes one.")
        }
        return nil
    }

    private static func fitting(_ found: DAVCollection, _ kind: DAVCollectionKind, _ name: String) throws
        -> DAVCollection
    {
        guard !found.types.contains(.subscribed) else {
            throw ConnectorError(
                .invalidConfiguration, "\(name) is a subscription, whose events come from elsewhere.",
                advice: "Name another calendar; one that is not there is made.")
        }
        guard found.kind == kind else {
            throw ConnectorError(.invalidConfiguration, "\(name) is no \(kind.noun), but \(article(found.kind.noun)).")
        }
        return found
    }
}

/// "a calendar", "an address book"
func article(_ noun: String) -> String { (noun.first.map { "aeiou".contains($0) } == true ? "an " : "a ") + noun }
