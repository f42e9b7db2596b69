internal import BackupEngine
internal import FastiConfiguration

extension SnapshotSelection {
    /// What a policy means at this moment; says how its times were understood.
    ///
    /// - Throws: ``ConfigurationError/Code/damaged`` for a value that cannot be understood: half a policy could remove
    ///   too much.
    init(_ policy: Policy, at moment: Moment, _ context: CommandContext) throws(ConfigurationError) {
        self.init(try policy.selection(at: moment))
        for key in ["since", "before"] {
            guard let text = policy[key], let time = TimeExpression(text) else { continue }
            context.note("policy \(policy.name), \(key) \(text): \(time.understood(at: moment))")
        }
    }

    private init(_ other: SnapshotSelection) { self = other }
}

extension Policy {
    func selection(at moment: Moment) throws(ConfigurationError) -> SnapshotSelection {
        var filter = SnapshotFilter()
        filter.before = try time("before")?.instant(at: moment)
        filter.since = try time("since")?.instant(at: moment)
        filter.name = self["name"]
        filter.category = self["category"]
        filter.environment = self["environment"]
        filter.perimeter = self["perimeter"]
        filter.job = self["job"]
        filter.dataset = self["dataset"]
        filter.latestOnly = self["latest"] == "true"
        filter.tags = items("tags")
        filter.identifiers = items("ids").map { $0.lowercased() }
        filter.roots = items("roots")
        filter.types = items("types")
        filter.origins = items("origins")
        filter.dataClasses = items("data-classes")
        var rules = RetentionRules()
        rules.newest = self["newest"].flatMap { Int($0) }
        for period in RetentionPeriod.allCases {
            rules[period] = RetentionRules.Rule(
                keep: self["\(period.rawValue)s"].flatMap { Int($0) },
                cap: self["per-\(period.rawValue)"].flatMap { Int($0) })
        }
        var grouping: SnapshotGrouping?
        if let text = self["group-by"] {
            grouping = SnapshotGrouping(rawValue: text)
            if grouping == nil {
                let known = SnapshotGrouping.allCases.map(\.rawValue).joined(separator: ", ")
                throw ConfigurationError(
                    .damaged, "The policy \"\(name)\" groups by \"\(text)\".", advice: "It can be one of \(known).")
            }
        }
        return SnapshotSelection(filter: filter, retention: rules, grouping: grouping)
    }

    private func items(_ key: String) -> [String] { CommaList.items(self[key] ?? "") }

    private func time(_ key: String) throws(ConfigurationError) -> TimeExpression? {
        guard let text = self[key] else { return nil }
        guard let time = TimeExpression(text) else {
            throw ConfigurationError(
                .damaged, "The policy \"\(name)\" has a \"\(key)\" that is no time: \"\(text)\".",
                advice: "Write a date, or how long ago: \"30 days\".")
        }
        return time
    }
}
