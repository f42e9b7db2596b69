/// A named rule for `prune`: which snapshots it is about, and what is kept of them. Values are texts as on the command
/// line, so that "30 days" stays 30 days before each run.
package struct Policy: Hashable, Sendable {
    package let name: String
    /// By the name of the option: `tags`, `before`, `days`, `per-day`, `group-by`.
    package private(set) var values: [String: String]

    package init(name: String, values: [String: String] = [:]) {
        self.name = name
        self.values = values
    }

    package static let periods = [
        "minute", "hour", "day", "week", "month", "year", "monday", "tuesday", "wednesday", "thursday", "friday",
        "saturday", "sunday",
    ]

    /// Filters with one value each.
    static let texts = ["before", "since", "name", "category", "environment", "perimeter", "job", "dataset"]
    /// Filters with several values, separated by commas.
    static let lists = ["tags", "ids", "roots", "types", "origins", "data-classes"]

    /// All keys, in the order in which they are shown.
    package static let keys =
        texts + ["latest"] + lists + ["newest"] + periods.map { "\($0)s" } + periods.map { "per-\($0)" } + ["group-by"]

    package var sortedKeys: [String] { Self.keys.filter { values[$0] != nil } }

    package subscript(key: String) -> String? { values[key] }

    /// The key for what a person typed: `group_by` and `tag` are understood as well.
    package static func canonicalKey(_ text: String) throws(ConfigurationError) -> String {
        let key = text.lowercased().map { $0 == "_" ? "-" : String($0) }.joined()
        for candidate in [key, "\(key)s", "\(key)es"] where keys.contains(candidate) { return candidate }
        throw ConfigurationError(
            .invalid, "A policy has no key \"\(text)\".", advice: "Keys are \(keys.joined(separator: ", ")).")
    }

    /// - Throws: ``ConfigurationError/Code/invalid`` for a key or a number that makes no sense. Times are looked at by
    ///   who knows them.
    package mutating func set(_ key: String, to value: String) throws(ConfigurationError) {
        let key = try Self.canonicalKey(key)
        guard !value.isEmpty, !value.contains(where: \.isNewline) else {
            throw ConfigurationError(.invalid, "The value of \"\(key)\" is empty or has several lines.")
        }
        if Self.isNumber(key) {
            guard let number = Int(value), number >= 1 else {
                throw ConfigurationError(.invalid, "\"\(key)\" must be a number of at least 1, not \"\(value)\".")
            }
        }
        if key == "latest", value != "true", value != "false" {
            throw ConfigurationError(.invalid, "\"latest\" is true or false, not \"\(value)\".")
        }
        values[key] = value
    }

    /// - Throws: ``ConfigurationError/Code/notFound`` for a key that is not there.
    package mutating func unset(_ key: String) throws(ConfigurationError) {
        let key = try Self.canonicalKey(key)
        guard values.removeValue(forKey: key) != nil else {
            throw ConfigurationError(.notFound, "The policy \"\(name)\" has no key \"\(key)\".")
        }
    }

    private static func isNumber(_ key: String) -> Bool {
        key == "newest" || key.hasPrefix("per-") || periods.contains { "\($0)s" == key }
    }
}

/// The content of `policies.yml`.
package struct PolicyFile: Hashable, Sendable {
    package static let name = "policies.yml"

    package private(set) var policies: [String: Policy]

    package init(_ policies: [Policy] = []) {
        self.policies = Dictionary(policies.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    package var names: [String] { policies.keys.sorted() }

    /// - Throws: ``ConfigurationError/Code/notFound``, naming what there is.
    package func policy(_ text: String) throws(ConfigurationError) -> Policy {
        let name = try Entry.canonicalName(text)
        guard let policy = policies[name] else {
            let known = names.isEmpty ? "None is configured yet." : "Known: \(names.joined(separator: ", "))."
            throw ConfigurationError(
                .notFound, "There is no policy named \"\(name)\".", advice: "\(known) \"fasti policy add\" adds one.")
        }
        return policy
    }

    package mutating func add(_ policy: Policy) throws(ConfigurationError) {
        guard policies[policy.name] == nil else {
            throw ConfigurationError(
                .alreadyExists, "There is a policy named \"\(policy.name)\" already.",
                advice: "Change it with \"fasti policy set\", or remove it first.")
        }
        policies[policy.name] = policy
    }

    package mutating func change(
        _ text: String, _ body: (inout Policy) throws(ConfigurationError) -> Void
    ) throws(ConfigurationError) {
        var policy = try policy(text)
        try body(&policy)
        policies[policy.name] = policy
    }

    package mutating func remove(_ text: String) throws(ConfigurationError) {
        policies[try policy(text).name] = nil
    }
}
