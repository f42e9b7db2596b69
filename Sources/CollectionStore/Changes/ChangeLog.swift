import GitObjects

/// Which names changed lately, and what state each token handed out means: answers "what has changed since" without
/// looking at the collection. Older states are looked up in git.
struct ChangeLog: Sendable {
    /// Names in the order of the changes; the first has the position `start`.
    private var names: [MemberName] = []
    private var start = 0
    private var positions: [StateToken: Int] = [:]

    /// Changes kept; then the older half goes.
    private static let capacity = 65_536

    var end: Int { start + names.count }

    mutating func append(_ name: MemberName) {
        names.append(name)
        guard names.count >= Self.capacity else { return }
        let half = Self.capacity / 2
        names.removeFirst(half)
        start += half
        positions = positions.filter { $0.value >= start }
    }

    /// The state after all changes so far has this token.
    mutating func mark(_ token: StateToken) { positions[token] = end }

    /// What changed after the state of that token, sorted; nil when the token is not known here.
    func names(since token: StateToken, until later: StateToken? = nil) -> [MemberName]? {
        guard let position = positions[token] else { return nil }
        let last = later.map { positions[$0] ?? end } ?? end
        guard position <= last, position >= start else { return nil }
        return Set(names[(position - start)..<(last - start)]).sorted()
    }
}

/// A state of a collection: a tree that git has, or so many changes after a commit that git has.
struct StateToken: Hashable, Sendable {
    var base: ObjectID
    /// nil: `base` is a tree. Else `base` is a commit, zero before the first one.
    var changes: Int?

    static func tree(_ id: ObjectID) -> StateToken { StateToken(base: id, changes: nil) }

    static func after(_ commit: ObjectID?, changes: Int) -> StateToken {
        StateToken(base: commit ?? .zero, changes: changes)
    }

    init(base: ObjectID, changes: Int?) {
        self.base = base
        self.changes = changes
    }

    /// `<tree>` or `<commit>.<changes>`.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard let first = parts.first, let base = ObjectID(hex: first) else { return nil }
        switch parts.count {
        case 1: self.init(base: base, changes: nil)
        case 2:
            guard let changes = Int(parts[1]), changes > 0, String(changes) == parts[1] else { return nil }
            self.init(base: base, changes: changes)
        default: return nil
        }
    }

    var text: String { changes.map { "\(base).\($0)" } ?? base.hex }
}
