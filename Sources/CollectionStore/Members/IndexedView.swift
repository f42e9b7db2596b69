import GitObjects
import Synchronization

/// One published state of a journaled collection: a table of its members, which may be ahead of what git has.
final class IndexedView: LocalCollectionView {
    let path: CollectionPath
    let type: CollectionType
    let properties: CollectionProperties
    let lastModified: Int64
    let table: MemberTable
    let token: StateToken
    /// What the repository had when this was published.
    let base: CollectionState
    private let source: MemberSource

    init(
        path: CollectionPath, base: CollectionState, table: MemberTable, token: StateToken, lastModified: Int64,
        source: MemberSource
    ) {
        self.path = path
        type = base.metadata.type ?? Self.guessedType(table)
        properties = base.metadata.properties
        self.lastModified = lastModified
        self.table = table
        self.token = token
        var base = base
        // Only who commits needs it, and it is large.
        base.index = nil
        self.base = base
        self.source = source
    }

    /// As `CollectionState.guessedType`.
    private static func guessedType(_ table: MemberTable) -> CollectionType {
        table.lastNonNil { record -> CollectionType? in
            switch record.name.contentType {
            case "text/calendar": .calendar
            case "text/vcard": .addressbook
            default: nil
            }
        } ?? .other
    }

    var syncToken: SyncToken { SyncToken(token.text) }
    var memberCount: Int { table.count }

    // MARK: Members

    func members() async throws(CollectionStoreError) -> [Member] {
        var members: [Member] = []
        members.reserveCapacity(table.count)
        table.visit { members.append($0.member) }
        return members
    }

    func pages() async throws(CollectionStoreError) -> MemberPages {
        MemberPages(count: table.pageCount) { [table] index in table.page(index).map(\.member) }
    }

    func member(named name: MemberName) async throws(CollectionStoreError) -> Member? { table[name]?.member }

    func memberNow(named name: MemberName) throws(CollectionStoreError) -> Member? { table[name]?.member }

    func member(uid: String) async throws(CollectionStoreError) -> Member? {
        table.records.first { $0.uid == uid }?.member
    }

    func content(of member: Member) async throws(CollectionStoreError) -> [UInt8] {
        try await source.content(of: member.etag.blob)
    }

    func contentAtOnce(of member: Member) -> [UInt8]? { source.contentAtOnce(of: member.etag.blob) }

    func facts(of member: Member) async throws(CollectionStoreError) -> MemberFacts {
        if let record = table[member.name], record.id == member.etag.blob {
            var facts = MemberFacts()
            (facts.uid, facts.components, facts.times) = (record.uid, record.components, record.times)
            return facts
        }
        return ContentRules.facts(of: try await content(of: member), named: member.name)
    }

    func candidates(
        component: String, start: Int64?, end: Int64?
    ) async throws(CollectionStoreError) -> [MemberCandidate] {
        let (lower, upper) = (start ?? .min, end ?? .max)
        var candidates: [MemberCandidate] = []
        table.visit { record in
            guard record.components.isEmpty || record.components.contains(component) else { return }
            // The times are those of all components of the object.
            switch record.times.overlap(start: lower, end: upper) {
            case false?: return
            case true?:
                candidates.append(
                    MemberCandidate(
                        member: record.member, isCertain: record.components.count == 1, times: record.times))
            case nil: candidates.append(MemberCandidate(member: record.member, isCertain: false))
            }
        }
        return candidates
    }

    // MARK: Changes

    func changes(since token: SyncToken?, limit: Int?) async throws(CollectionStoreError) -> ChangeSet {
        let progress = try JournalProgress(token)
        // A client in the middle of a truncated list gets the rest of that list, then asks again.
        let target = progress.target ?? self.token
        var names: [MemberName]
        if let base = progress.base {
            if let recent = source.history.recentNames(since: base, until: target) {
                names = recent
            } else {
                names = try await DiskQueue.shared.run { () throws(CollectionStoreError) in
                    try self.source.history.names(since: base, in: self.table, head: self.base.head.commit)
                }
            }
        } else {
            guard limit != nil || progress.after != nil else {
                return ChangeSet(changed: try await members(), removed: [], token: syncToken, isTruncated: false)
            }
            names = []
            table.visit { names.append($0.name) }
        }
        if let after = progress.after { names = Array(names.drop { !(after < $0) }) }
        var changes = ChangeSet(changed: [], removed: [], token: SyncToken(target.text), isTruncated: false)
        if let limit, names.count > limit {
            changes.isTruncated = true
            if let last = limit > 0 ? names[limit - 1] : progress.after {
                changes.token = JournalProgress.token(from: progress.base, to: target, after: last)
            } else {
                // Nothing may be told, so nothing is known afterwards either.
                changes.token = token ?? changes.token
            }
            names.removeSubrange(max(limit, 0)...)
        }
        for name in names {
            if let record = table[name] { changes.changed.append(record.member) } else { changes.removed.append(name) }
        }
        return changes
    }
}

/// Where the views of a collection read what the table does not have.
struct MemberSource: Sendable {
    let repository: GitRepository
    let cache: ContentCache
    let pending = PendingContents()
    let history: ChangeHistory

    init(_ published: PublishedView) {
        repository = published.repository
        cache = published.cache
        history = ChangeHistory(published.repository)
    }

    /// Larger members are not worth keeping a thread of the network from its other connections. In bytes.
    private static let atOnceLimit = 64 << 10

    private func contentInMemory(of id: ObjectID) -> [UInt8]? { cache.content(of: id) ?? pending[id] }

    /// From memory, or from a pack of which the system has that place in memory; nil when something would have to be
    /// waited for.
    func contentAtOnce(of id: ObjectID) -> [UInt8]? {
        if let content = contentInMemory(of: id) { return content }
        // In a pack made by git most members are differences from others, one from the other.
        let keepNeighbour: ((GitObject) -> Void)? =
            cache.hasRoom
            ? { object in cache.insert(object.content, for: ObjectID(hashing: object.content, as: object.kind)) } : nil
        let found = repository.objects.readAtOnce(id, as: .blob, limit: Self.atOnceLimit, passing: keepNeighbour)
        if let found { cache.insert(found, for: id) }
        return found
    }

    func content(of id: ObjectID) async throws(CollectionStoreError) -> [UInt8] {
        if let content = contentAtOnce(of: id) { return content }
        return try await DiskQueue.shared.run { () throws(CollectionStoreError) in try self.contentNow(of: id) }
    }

    /// Blocking.
    func contentNow(of id: ObjectID) throws(CollectionStoreError) -> [UInt8] {
        if let content = contentInMemory(of: id) { return content }
        let content = try withGit { () throws(GitError) in try repository.objects.read(id, as: .blob) }
        cache.insert(content, for: id)
        return content
    }
}
