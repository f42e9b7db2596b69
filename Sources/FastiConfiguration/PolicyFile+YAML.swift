internal import Yams

/// `policies.yml` in plakar's form (plakar command line, section 6.1).
extension PolicyFile {
    static let version = "v1.0.0"

    init(parsing text: String) throws(ConfigurationError) {
        let file = Self.name
        guard let root = try YAMLText.compose(text, fileName: file) else {
            self.init()
            return
        }
        let top = try YAMLText.mapping(root, in: file, what: "the file")
        if let version = top.first(where: { $0.key == "version" })?.value.scalar?.string, version != Self.version {
            throw ConfigurationError(
                .incompatible, "\(file) has version \(version); this program knows \(Self.version).",
                advice: "Use a newer version of this program.")
        }
        guard let list = top.first(where: { $0.key == "policies" })?.value, !YAMLText.isNull(list) else {
            self.init()
            return
        }
        var policies: [Policy] = []
        for (name, body) in try YAMLText.mapping(list, in: file, what: "the list of policies") {
            policies.append(try Policy(name: name, node: body))
        }
        self.init(policies)
    }

    func yaml() throws(ConfigurationError) -> String {
        let bodies = names.compactMap { name in policies[name].map { (YAMLText.string(name), $0.node) } }
        let top: [(Node, Node)] = [(Node("version"), Node(Self.version)), (Node("policies"), YAMLText.map(bodies))]
        return try YAMLText.serialize(YAMLText.map(top), fileName: Self.name)
    }
}

extension Policy {
    init(name: String, node: Node) throws(ConfigurationError) {
        self.init(name: name)
        guard !YAMLText.isNull(node) else { return }
        let file = PolicyFile.name
        for (key, value) in try YAMLText.mapping(node, in: file, what: "the policy \"\(name)\"") {
            guard !YAMLText.isNull(value) else { continue }
            switch key {
            case "filters":
                for (key, value) in try YAMLText.mapping(value, in: file, what: "the filters of \"\(name)\"") {
                    try setFilter(key, value)
                }
            case "periods":
                for (period, rule) in try YAMLText.mapping(value, in: file, what: "the periods of \"\(name)\"") {
                    guard Policy.periods.contains(period) else { throw unknown("period", period) }
                    for (key, value) in try YAMLText.mapping(rule, in: file, what: "\"\(period)\" of \"\(name)\"") {
                        try setRule(period, key, value)
                    }
                }
            case "newest", "group_by": try set(key, to: value.scalar?.string ?? "")
            default: throw unknown("key", key)
            }
        }
    }

    private mutating func setRule(_ period: String, _ key: String, _ value: Node) throws(ConfigurationError) {
        let text = value.scalar?.string ?? ""
        // plakar writes 0 for "no rule".
        guard text != "0" else { return }
        switch key {
        case "keep": try set("\(period)s", to: text)
        case "cap": try set("per-\(period)", to: text)
        default: throw unknown("key of a period", key)
        }
    }

    private mutating func setFilter(_ key: String, _ value: Node) throws(ConfigurationError) {
        guard !YAMLText.isNull(value) else { return }
        let texts = value.sequence.map { $0.compactMap { $0.scalar?.string } } ?? [value.scalar?.string ?? ""]
        guard texts.contains(where: { !$0.isEmpty }) else { return }
        if key == "ignore_tags" {
            let all = [self["tags"]].compactMap(\.self) + texts.map { "!\($0)" }
            try set("tags", to: all.joined(separator: ","))
        } else if key == "tags", let excluded = self["tags"] {
            try set("tags", to: (texts + [excluded]).joined(separator: ","))
        } else if key != "latest" || texts != ["false"] {
            try set(key, to: texts.joined(separator: ","))
        }
    }

    private func unknown(_ what: String, _ key: String) -> ConfigurationError {
        ConfigurationError(
            .damaged,
            "\(PolicyFile.name): the policy \"\(name)\" has a \(what) \"\(key)\" that this program does not know.",
            advice: "A rule that is half understood could remove too much; correct it or remove it.")
    }

    fileprivate var node: Node {
        var top: [(Node, Node)] = []
        let filters = filterNodes
        if !filters.isEmpty { top.append((Node("filters"), YAMLText.map(filters))) }
        let periods = Policy.periods.compactMap { period -> (Node, Node)? in
            let rule = [("keep", "\(period)s"), ("cap", "per-\(period)")].compactMap { name, key in
                self[key].map { (Node(name), Node($0)) }
            }
            return rule.isEmpty ? nil : (Node(period), YAMLText.map(rule))
        }
        if !periods.isEmpty { top.append((Node("periods"), YAMLText.map(periods))) }
        if let newest = self["newest"] { top.append((Node("newest"), Node(newest))) }
        if let grouping = self["group-by"] { top.append((Node("group_by"), YAMLText.string(grouping))) }
        return YAMLText.map(top)
    }

    private var filterNodes: [(Node, Node)] {
        var filters = Policy.texts.compactMap { key in self[key].map { (Node(key), YAMLText.string($0)) } }
        if self["latest"] == "true" { filters.append((Node("latest"), Node("true"))) }
        for key in Policy.lists {
            guard let items = self[key]?.split(separator: ",").map(String.init), !items.isEmpty else { continue }
            let name = key == "data-classes" ? "data_classes" : key
            let excluded = key == "tags" ? items.filter { $0.hasPrefix("!") } : []
            let wanted = items.filter { !excluded.contains($0) }
            if !wanted.isEmpty { filters.append((Node(name), Self.list(wanted))) }
            if !excluded.isEmpty {
                filters.append((Node("ignore_tags"), Self.list(excluded.map { String($0.dropFirst()) })))
            }
        }
        return filters
    }

    private static func list(_ items: [String]) -> Node { Node(items.map(YAMLText.string), .implicit, .block) }
}

extension Policy {
    /// The policy as it stands in its file, without a line break at the end.
    package var yaml: String {
        let text = (try? YAMLText.serialize(YAMLText.map([(YAMLText.string(name), node)]), fileName: name)) ?? ""
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}

extension ConfigurationFolder {
    /// The policies; an absent file has none.
    package func readPolicies() throws(ConfigurationError) -> PolicyFile {
        guard let bytes = try PrivateFile.read("\(path)/\(PolicyFile.name)") else { return PolicyFile() }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(.damaged, "\(path)/\(PolicyFile.name) is not UTF-8 text.")
        }
        return try PolicyFile(parsing: text)
    }

    /// Changes the policies as a whole or not at all; concurrent changes wait for each other.
    package func editPolicies(
        _ change: (inout PolicyFile) throws(ConfigurationError) -> Void
    ) throws(ConfigurationError) {
        try PrivateFile.createFolder(path)
        let lock = try FileLock(path: "\(path)/.lock")
        defer { lock.release() }
        let before = try readPolicies()
        var file = before
        try change(&file)
        if file != before { try PrivateFile.write(Array(file.yaml().utf8), to: "\(path)/\(PolicyFile.name)") }
    }
}
