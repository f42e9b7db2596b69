internal import Yams

/// Reading and writing the present form of the files, and reading the older ones.
extension EntryFile {
    /// The version that is written.
    static let version = "v1.0.0"

    /// - Parameters:
    ///   - text: the content of a file.
    ///   - fileName: its name, for errors and because the oldest form keeps all kinds in `plakar.yml`.
    init(kind: EntryKind, parsing text: String, fileName: String) throws(ConfigurationError) {
        guard let root = try YAMLText.compose(text, fileName: fileName) else {
            self.init(kind: kind)
            return
        }
        let top = try YAMLText.mapping(root, in: fileName, what: "the file")
        if let version = top.first(where: { $0.key == "version" })?.value.scalar?.string {
            guard version == Self.version else {
                throw ConfigurationError(
                    .incompatible, "\(fileName) has version \(version); this program knows \(Self.version).",
                    advice: "Use a newer version of this program.")
            }
            let stored = top.first { $0.key == kind.plural }?.value
            try self.init(
                kind: kind, defaultName: top.first { $0.key == "default" }?.value.scalar?.string,
                entries: stored, fileName: fileName)
        } else if fileName == "plakar.yml"
            || top.contains(where: { ["default-repo", "repositories", "remotes"].contains($0.key) })
        {
            let isStore = kind == .store
            try self.init(
                kind: kind,
                defaultName: isStore ? top.first { $0.key == "default-repo" }?.value.scalar?.string : nil,
                entries: top.first { $0.key == (isStore ? "repositories" : "remotes") }?.value, fileName: fileName)
        } else {
            try self.init(kind: kind, defaultName: nil, entries: root, fileName: fileName)
        }
    }

    private init(
        kind: EntryKind, defaultName: String?, entries node: Node?, fileName: String
    ) throws(ConfigurationError) {
        var defaultName = defaultName.flatMap { $0.isEmpty ? nil : $0.hasPrefix("@") ? String($0.dropFirst()) : $0 }
        var entries: [Entry] = []
        if let node, !YAMLText.isNull(node) {
            for (name, body) in try YAMLText.mapping(node, in: fileName, what: "the list of \(kind.plural)") {
                var values: [String: String] = [:]
                for (key, value) in try YAMLText.mapping(body, in: fileName, what: "the entry \"\(name)\"") {
                    guard let scalar = value.scalar else {
                        throw ConfigurationError(
                            .damaged, "\(fileName): \"\(key)\" of \"\(name)\" is not a single value.",
                            advice: "All values are strings.")
                    }
                    values[key] = YAMLText.isNull(value) ? "" : scalar.string
                }
                if values.removeValue(forKey: ".isDefault") == "true" { defaultName = defaultName ?? name }
                entries.append(Entry(name: name, values: values))
            }
        }
        self.init(kind: kind, defaultName: kind == .store ? defaultName : nil, entries: entries)
    }

    /// The file in its present form. Entries are sorted by name, so that a change touches few lines.
    func yaml() throws(ConfigurationError) -> String {
        var top: [(Node, Node)] = [(Node("version"), Node(Self.version))]
        if let defaultName { top.append((Node("default"), YAMLText.string(defaultName))) }
        let bodies = names.compactMap { name in
            entries[name].map { (YAMLText.string(name), Self.node(for: $0)) }
        }
        top.append((Node(kind.plural), YAMLText.map(bodies)))
        return try YAMLText.serialize(YAMLText.map(top), fileName: kind.fileName)
    }

    private static func node(for entry: Entry) -> Node {
        YAMLText.map(
            entry.keys.compactMap { key in entry[key].map { (YAMLText.string(key), YAMLText.string($0)) } })
    }
}

extension Entry {
    /// The entry as it stands in its file, without a line break at the end. Contains whatever the values contain.
    package var yaml: String {
        let pairs = keys.compactMap { key in self[key].map { (YAMLText.string(key), YAMLText.string($0)) } }
        let node = YAMLText.map([(YAMLText.string(name), YAMLText.map(pairs))])
        // Strings in maps can always be printed.
        let text = (try? YAMLText.serialize(node, fileName: name)) ?? ""
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}
