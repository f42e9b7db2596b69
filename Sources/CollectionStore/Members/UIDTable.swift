import GitObjects
import Synchronization

/// Which member has which UID. Belongs to the writer: it is the only one that must know before it changes something.
struct UIDTable: Sendable {
    private var names: [String: Set<MemberName>] = [:]

    /// Reads every member once; facts come from the cache where it has them.
    init(_ tree: SpliceableTree, _ view: GitCollectionView) throws(CollectionStoreError) {
        for entry in tree {
            guard let name = CollectionState.memberName(of: entry) else { continue }
            if let uid = try view.factsNow(of: entry.id, named: name).uid { insert(uid, name) }
        }
    }

    /// Another member than `name` that has the UID, nil when there is none.
    func holder(of uid: String, otherThan name: MemberName) -> MemberName? {
        names[uid]?.filter { $0 != name }.min()
    }

    mutating func insert(_ uid: String, _ name: MemberName) { names[uid, default: []].insert(name) }

    mutating func remove(_ uid: String, _ name: MemberName) {
        names[uid]?.remove(name)
        if names[uid]?.isEmpty == true { names[uid] = nil }
    }
}

/// Where the table lies between two batches. Only one writer takes it at a time; taking it out, instead of looking at it,
/// keeps its storage from being copied at each change.
final class UIDTableBox: Sendable {
    private struct State {
        var table: UIDTable?
        var tree: ObjectID?
    }

    private let state = Mutex(State())

    /// The table, if it is that of this tree.
    func take(for tree: ObjectID) -> UIDTable? {
        state.withLock { state in
            defer { state = State() }
            return state.tree == tree ? state.table : nil
        }
    }

    func put(_ table: UIDTable?, for tree: ObjectID) { state.withLock { $0 = State(table: table, tree: tree) } }
}
