import Yams

/// Reading and writing the present form of the files, and reading the older ones.
extension EntryFile {
    /// The version that is written.
    static let version = "v1.0.0"

    /// - Parameters:
    ///   - text: the content of a file.
    ///   - fileName: its name, for errors and because the oldest form keeps all kinds in `plakar.yml`.
    init(kind: EntryKind, parsing text: String, fileName: String) throws(ConfigurationError) {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw ConfigurationError(
                .damaged, "\(fileName) is not valid YAML: \(Self.problem(error)).",
                advice: "Correct it in an editor, or move it away.")
        }
        guard let root, !Self.isNull(root) else {
            self.init(kind: kind)
            return
        }
        let top = try Self.mapping(root, in: fileName, what: "the file")
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
        } else if fileName == "plakar.yml" {
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
        if let node, !Self.isNull(node) {
            for (name, body) in try Self.mapping(node, in: fileName, what: "the list of \(kind.plural)") {
                var values: [String: String] = [:]
                for (key, value) in try Self.mapping(body, in: fileName, what: "the entry \"\(name)\"") {
                    guard let scalar = value.scalar else {
                        throw ConfigurationError(
                            .damaged, "\(fileName): \"\(key)\" of \"\(name)\" is not a single value.",
                            advice: "All values are strings.")
                    }
                    values[key] = Self.isNull(value) ? "" : scalar.string
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
        if let defaultName { top.append((Node("default"), Self.string(defaultName))) }
        let bodies = names.compactMap { name in
            entries[name].map { (Self.string(name), Self.node(for: $0)) }
        }
        top.append((Node(kind.plural), Node(bodies, .implicit, .block)))
        do {
            return try Yams.serialize(node: Node(top, .implicit, .block), width: -1, allowUnicode: true)
        } catch {
            throw ConfigurationError(.invalid, "\(kind.fileName) cannot be written: \(Self.problem(error)).")
        }
    }

    private static func node(for entry: Entry) -> Node {
        let pairs = entry.keys.compactMap { key in entry[key].map { (string(key), string($0)) } }
        return Node(pairs, .implicit, .block)
    }

    /// A scalar that is read back as this very string, also by programs that take `no` for a boolean.
    private static func string(_ text: String) -> Node { .scalar(text.represented()) }

    private static func isNull(_ node: Node) -> Bool {
        guard let scalar = node.scalar else { return false }
        return scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
    }

    private static func mapping(
        _ node: Node, in fileName: String, what: String
    ) throws(ConfigurationError) -> [(key: String, value: Node)] {
        guard let mapping = node.mapping else {
            throw ConfigurationError(.damaged, "\(fileName): \(what) is not a map of names to values.")
        }
        var pairs: [(String, Node)] = []
        for (key, value) in mapping {
            guard let key = key.scalar?.string else {
                throw ConfigurationError(.damaged, "\(fileName): a key is not a single value.")
            }
            pairs.append((key, value))
        }
        return pairs
    }

    /// Yams prints the offending line, which may be the one with the password: only the place is told.
    private static func problem(_ error: any Error) -> String {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "\(problem), line \(mark.line)"
        case .duplicatedKeysInMapping: "a key appears twice in one map"
        default: "it cannot be understood"
        }
    }
}

extension Entry {
    /// The entry as it stands in its file, without a line break at the end. Contains whatever the values contain.
    package var yaml: String {
        let pairs = keys.compactMap { key in
            self[key].map { (Node.scalar(key.represented()), Node.scalar($0.represented())) }
        }
        let node = Node([(.scalar(name.represented()), Node(pairs, .implicit, .block))], .implicit, .block)
        // Strings in maps can always be printed.
        let text = (try? Yams.serialize(node: node, width: -1, allowUnicode: true)) ?? ""
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}
