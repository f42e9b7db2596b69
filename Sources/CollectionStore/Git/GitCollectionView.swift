import GitObjects
import Synchronization

/// A view of a collection on this machine's disk.
protocol LocalCollectionView: CollectionView {
    /// Blocks for one small file at most.
    func memberNow(named name: MemberName) throws(CollectionStoreError) -> Member?
    /// nil when something would have to be waited for.
    func contentAtOnce(of member: Member) -> [UInt8]?
}

/// One published state of a collection that is a git repository.
final class GitCollectionView: LocalCollectionView {
    let path: CollectionPath
    let state: CollectionState
    private let repository: GitRepository
    private let cache: ContentCache
    private let listed: Mutex<[Member]?>

    /// `members` when the list is known already.
    init(
        path: CollectionPath, state: CollectionState, repository: GitRepository, cache: ContentCache,
        members: [Member]? = nil
    ) {
        self.path = path
        self.state = state
        self.repository = repository
        self.cache = cache
        listed = Mutex(members)
    }

    /// The same state without git's index, which is large and which only its writer needs.
    var withoutIndex: GitCollectionView {
        guard state.index != nil else { return self }
        var state = state
        state.index = nil
        return GitCollectionView(path: path, state: state, repository: repository, cache: cache, members: listedMembers)
    }

    var type: CollectionType { state.type }
    var properties: CollectionProperties { state.metadata.properties }
    var syncToken: SyncToken { SyncToken(tree: state.treeID) }
    var lastModified: Int64 { state.lastCommit }

    var memberCount: Int {
        if let members = listedMembers { return members.count }
        return state.tree.lazy.compactMap(CollectionState.memberName).count
    }

    // MARK: Members

    /// The list, when somebody has asked for it already.
    var listedMembers: [Member]? { listed.withLock { $0 } }

    func members() async throws(CollectionStoreError) -> [Member] {
        if let members = listedMembers { return members }
        let members = try await DiskQueue.shared.run { () throws(CollectionStoreError) in
            var members: [Member] = []
            members.reserveCapacity(self.state.tree.count)
            for entry in self.state.tree {
                if let name = CollectionState.memberName(of: entry) {
                    members.append(try self.member(name, entry))
                }
            }
            return members
        }
        listed.withLock { $0 = members }
        return members
    }

    func member(named name: MemberName) async throws(CollectionStoreError) -> Member? {
        try memberNow(named: name)
    }

    /// Blocks for one small file at most.
    func memberNow(named name: MemberName) throws(CollectionStoreError) -> Member? {
        guard let entry = state.entry(of: name) else { return nil }
        return try member(name, entry)
    }

    func member(_ name: MemberName, _ entry: TreeEntry) throws(CollectionStoreError) -> Member {
        let etag = ETag(entry.id)
        // The index knows size and time as long as it speaks of the same blob. git writes a size of 0 for files it is
        // not sure about.
        if let indexed = state.index?.entry(named: entry.name), indexed.id == entry.id {
            let time = indexed.modified.seconds == 0 ? state.lastCommit : indexed.modified.seconds
            if indexed.size != 0 {
                return Member(name: name, etag: etag, size: Int(indexed.size), lastModified: time)
            }
            return Member(name: name, etag: etag, size: try size(of: entry.id), lastModified: time)
        }
        return Member(name: name, etag: etag, size: try size(of: entry.id), lastModified: state.lastCommit)
    }

    private func size(of id: ObjectID) throws(CollectionStoreError) -> Int {
        if let size = cache.size(of: id) { return size }
        return try contentNow(of: id).count
    }

    // MARK: Content

    func content(of member: Member) async throws(CollectionStoreError) -> [UInt8] {
        let id = member.etag.blob
        if let content = cache.content(of: id) { return content }
        return try await DiskQueue.shared.run { () throws(CollectionStoreError) in try self.contentNow(of: id) }
    }

    func contentAtOnce(of member: Member) -> [UInt8]? { cache.content(of: member.etag.blob) }

    func contentNow(of id: ObjectID) throws(CollectionStoreError) -> [UInt8] {
        if let content = cache.content(of: id) { return content }
        let content = try withGit { () throws(GitError) in try repository.objects.read(id, as: .blob) }
        cache.insert(content, for: id)
        return content
    }

    func facts(of member: Member) async throws(CollectionStoreError) -> MemberFacts {
        if let facts = cache.facts(of: member.etag.blob) { return facts }
        return try await DiskQueue.shared.run { () throws(CollectionStoreError) in
            try self.factsNow(of: member.etag.blob, named: member.name)
        }
    }

    func factsNow(of id: ObjectID, named name: MemberName) throws(CollectionStoreError) -> MemberFacts {
        if let facts = cache.facts(of: id) { return facts }
        let facts = ContentRules.facts(of: try contentNow(of: id), named: name)
        cache.insert(facts, for: id)
        return facts
    }

    func member(uid: String) async throws(CollectionStoreError) -> Member? {
        try await DiskQueue.shared.run { () throws(CollectionStoreError) in
            for entry in self.state.tree {
                guard let name = CollectionState.memberName(of: entry) else { continue }
                if try self.factsNow(of: entry.id, named: name).uid == uid { return try self.member(name, entry) }
            }
            return nil
        }
    }

    // MARK: Changes

    func changes(since token: SyncToken?, limit: Int?) async throws(CollectionStoreError) -> ChangeSet {
        try await DiskQueue.shared.run { () throws(CollectionStoreError) in
            try self.changesNow(since: token, limit: limit)
        }
    }

    private func changesNow(since token: SyncToken?, limit: Int?) throws(CollectionStoreError) -> ChangeSet {
        let progress =
            try token.map { token throws(CollectionStoreError) in try SyncProgress(token) }
            ?? SyncProgress(base: GitRepository.emptyTree)
        let old = try tree(of: progress.base)
        // A client in the middle of a truncated list gets the rest of that list, then asks again.
        let targetID = progress.target ?? state.treeID
        let isCurrent = targetID == state.treeID
        let new = isCurrent ? state.tree : try tree(of: targetID)
        var changes = ChangeSet(changed: [], removed: [], token: SyncToken(tree: targetID), isTruncated: false)
        var reported = 0
        var last: [UInt8] = []
        for difference in Self.byName(new.differences(from: old)) {
            if let after = progress.after, !after.lexicographicallyPrecedes(difference.name) { continue }
            let before = difference.old.flatMap(CollectionState.memberName)
            let now = difference.new.flatMap(CollectionState.memberName)
            guard before != nil || now != nil else { continue }
            if let limit, reported >= limit {
                changes.isTruncated = true
                let next = SyncProgress(
                    base: progress.base, target: targetID, after: reported == 0 ? progress.after : last)
                changes.token = next.token
                return changes
            }
            if let now, let entry = difference.new {
                changes.changed.append(try member(now, entry))
            } else if let before {
                changes.removed.append(before)
            }
            reported += 1
            last = difference.name
        }
        return changes
    }

    /// In the order of names, and a name that was a file and is a directory now (or the reverse) as one difference.
    private static func byName(_ differences: [TreeDifference]) -> [TreeDifference] {
        var result: [TreeDifference] = []
        for difference in differences.sorted(by: { $0.name.lexicographicallyPrecedes($1.name) }) {
            if let previous = result.last, previous.name == difference.name {
                result[result.count - 1] = TreeDifference(
                    old: previous.old ?? difference.old, new: previous.new ?? difference.new)
            } else {
                result.append(difference)
            }
        }
        return result
    }

    private func tree(of id: ObjectID) throws(CollectionStoreError) -> SpliceableTree {
        if id == state.treeID { return state.tree }
        do {
            return try repository.tree(id)
        } catch  where error.code == .notFound || error.code == .corrupt {
            throw CollectionStoreError(.invalidToken, "The state \(id) of \(path) is not stored (any more).")
        } catch {
            throw CollectionStoreError(error)
        }
    }
}
