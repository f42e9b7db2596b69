/// The content of `sources.yml`, `destinations.yml` or `stores.yml`.
package struct EntryFile: Hashable, Sendable {
    package let kind: EntryKind
    /// The store that is used when none is named; only stores have one.
    package var defaultName: String?
    package private(set) var entries: [String: Entry]

    package init(kind: EntryKind, defaultName: String? = nil, entries: [Entry] = []) {
        self.kind = kind
        self.defaultName = defaultName
        self.entries = Dictionary(entries.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    package var names: [String] { entries.keys.sorted() }

    /// The entry for what a person typed, with or without `@`.
    ///
    /// - Throws: ``ConfigurationError/Code/notFound``, naming what there is.
    package func entry(_ text: String) throws(ConfigurationError) -> Entry {
        let name = try Entry.canonicalName(text)
        guard let entry = entries[name] else {
            let known = names.isEmpty ? "None is configured yet." : "Known: \(names.joined(separator: ", "))."
            throw ConfigurationError(
                .notFound, "There is no \(kind.rawValue) named \"\(name)\".",
                advice: "\(known) \"fasti \(kind.rawValue) add\" adds one.")
        }
        return entry
    }

    package mutating func add(_ entry: Entry) throws(ConfigurationError) {
        guard entries[entry.name] == nil else {
            throw ConfigurationError(
                .alreadyExists, "There is a \(kind.rawValue) named \"\(entry.name)\" already.",
                advice: "Change it with \"fasti \(kind.rawValue) set\", or remove it first.")
        }
        guard !entry.location.isEmpty else {
            throw ConfigurationError(.invalid, "\"\(entry.name)\" needs a location.")
        }
        entries[entry.name] = entry
    }

    package mutating func change(
        _ text: String, _ body: (inout Entry) throws(ConfigurationError) -> Void
    ) throws(ConfigurationError) {
        var entry = try entry(text)
        try body(&entry)
        entries[entry.name] = entry
    }

    /// Makes room for an entry of the same name.
    mutating func remove(keepingDefault name: String) throws(ConfigurationError) {
        let defaultName = defaultName
        try remove(name)
        self.defaultName = defaultName
    }

    package mutating func remove(_ text: String) throws(ConfigurationError) {
        let name = try entry(text).name
        entries[name] = nil
        if defaultName == name { defaultName = nil }
    }
}
