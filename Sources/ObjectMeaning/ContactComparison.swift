import ContentLines
import VCard

/// What changed in a contact card, as predicates to its name.
struct ContactComparison {
    func predicates(_ old: [UInt8], _ new: [UInt8]) -> [String] {
        guard let a = (try? VCardObject(parsing: old))?.cards.first,
            let b = (try? VCardObject(parsing: new))?.cards.first
        else { return ["changed beyond what can be read"] }
        var found: [String] = []
        if a.displayName != b.displayName { found.append("is called \(quoted(b.displayName ?? "")) now") }
        for property in Self.properties { found += changes(property, a, b) }
        found += others(a, b)
        return found
    }

    /// Properties that a sentence can speak of.
    private struct Property {
        let name: String
        let title: String
        /// Whether the value is one that people read.
        var isShown = true
    }

    private static let properties = [
        Property(name: "TEL", title: "phone number"), Property(name: "EMAIL", title: "mail address"),
        Property(name: "ADR", title: "address"), Property(name: "ORG", title: "organisation"),
        Property(name: "TITLE", title: "title"), Property(name: "ROLE", title: "role"),
        Property(name: "BDAY", title: "birthday"), Property(name: "ANNIVERSARY", title: "anniversary"),
        Property(name: "NICKNAME", title: "nickname"), Property(name: "URL", title: "web page"),
        Property(name: "IMPP", title: "messenger"), Property(name: "CATEGORIES", title: "categories"),
        Property(name: "NOTE", title: "note", isShown: false), Property(name: "PHOTO", title: "photo", isShown: false),
        Property(name: "MEMBER", title: "member"), Property(name: "X-ADDRESSBOOKSERVER-MEMBER", title: "member"),
    ]

    private func changes(_ property: Property, _ a: VCard, _ b: VCard) -> [String] {
        let difference = ListDifference(values(property, a), values(property, b))
        let title = property.title
        guard property.isShown else {
            switch (difference.removed.isEmpty, difference.added.isEmpty) {
            case (true, true): return []
            case (true, false): return ["has a \(title) now"]
            case (false, true): return ["has no \(title) any more"]
            case (false, false): return ["'s \(title) changed"]
            }
        }
        if difference.removed.count == 1, difference.added.count == 1 {
            let (old, new) = (difference.removed[0], difference.added[0])
            if old.text == new.text { return ["'s \(title) \(quoted(old.text)) is for \(new.use) now, not \(old.use)"] }
            return ["'s \(title)\(new.inParentheses) changed from \(quoted(old.text)) to \(quoted(new.text))"]
        }
        return difference.added.map { "has a new \(title)\($0.inParentheses): \(quoted($0.text))" }
            + difference.removed.map { "no longer has the \(title)\($0.inParentheses) \(quoted($0.text))" }
    }

    private struct Value: Hashable {
        let text: String
        let types: [String]

        var inParentheses: String { types.isEmpty ? "" : " (\(types.joined(separator: ", ")))" }
        var use: String { types.isEmpty ? "anything" : types.joined(separator: ", ") }
    }

    private static let structured: Set<String> = ["ADR", "ORG"]
    private static let meaningfulTypes: Set<String> = ["home", "work", "cell", "fax", "pager", "main"]

    private func values(_ property: Property, _ card: VCard) -> [Value] {
        card.properties(named: property.name).map { line in
            let text =
                Self.structured.contains(property.name)
                ? line.structuredText.map { $0.joined(separator: " ") }.filter { !$0.isEmpty }.joined(separator: ", ")
                : line.decodedText
            let types = property.isShown ? line.types.filter(Self.meaningfulTypes.contains).sorted() : []
            return Value(text: text, types: types)
        }.filter { !$0.text.isEmpty }
    }

    /// What no sentence above speaks of.
    private func others(_ a: VCard, _ b: VCard) -> [String] {
        let told = Set(Self.properties.map(\.name)).union(["FN", "REV", "PRODID", "UID", "BEGIN", "END"])
        func lines(_ card: VCard) -> [String: [String]] {
            var found: [String: [String]] = [:]
            for line in card.properties where !told.contains(line.name) {
                found[line.name, default: []].append(line.decodedText)
            }
            return found.mapValues { $0.sorted() }
        }
        let (before, after) = (lines(a), lines(b))
        var names = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
        // The parts of the name follow the name.
        if a.displayName != b.displayName { names.remove("N") }
        guard !names.isEmpty else { return [] }
        return [": \(listed(names.sorted().prefix(6).map { shortened($0) })) changed"]
    }
}
