/// Which snapshots are worth keeping. A snapshot that any rule keeps is kept.
package struct RetentionRules: Hashable, Sendable {
    /// The newest ones, whenever they were made.
    package var newest: Int?
    private var rules: [RetentionPeriod: Rule] = [:]

    package struct Rule: Hashable, Sendable {
        /// How many of the last periods that have snapshots; nil for all of them.
        package var keep: Int?
        /// How many of the newest snapshots of each period; nil for all of them.
        package var cap: Int?

        package init(keep: Int? = nil, cap: Int? = nil) {
            self.keep = keep
            self.cap = cap
        }

        /// Neither number makes no rule.
        package var isEmpty: Bool { keep == nil && cap == nil }
    }

    package init() {}

    package subscript(period: RetentionPeriod) -> Rule {
        get { rules[period] ?? Rule() }
        set { rules[period] = newValue.isEmpty ? nil : newValue }
    }

    package var isEmpty: Bool { newest == nil && rules.isEmpty }

    /// The periods that have a rule, shortest first.
    package var periods: [RetentionPeriod] { RetentionPeriod.allCases.filter { rules[$0] != nil } }
}
