/// One state of a collection, immutable: what the writer published last when the request asked.
package protocol CollectionView: Sendable {
    var path: CollectionPath { get }
    var type: CollectionType { get }
    var properties: CollectionProperties { get }
    /// Also the ctag, and (quoted) the entity tag of the collection.
    var syncToken: SyncToken { get }
    /// Seconds since 1970: the time of the last commit, of the directory when there is none.
    var lastModified: Int64 { get }
    var memberCount: Int { get }

    /// All members in the order of their names' bytes.
    func members() async throws(CollectionStoreError) -> [Member]
    /// The same, a page at a time.
    func pages() async throws(CollectionStoreError) -> MemberPages
    func member(named name: MemberName) async throws(CollectionStoreError) -> Member?
    /// The member with that UID, nil when there is none.
    func member(uid: String) async throws(CollectionStoreError) -> Member?
    /// Exactly the bytes that were put.
    func content(of member: Member) async throws(CollectionStoreError) -> [UInt8]
    /// UID, component types, summary; cached.
    func facts(of member: Member) async throws(CollectionStoreError) -> MemberFacts
    /// The members that may have a component of that kind overlapping a time, in seconds since 1970 with the end
    /// exclusive, nil being open. No member that has one is left out.
    func candidates(
        component: String, start: Int64?, end: Int64?
    ) async throws(CollectionStoreError) -> [MemberCandidate]
    /// What changed since a token handed out before; nil asks for everything. `limit` is a maximum number of members
    /// reported. Throws `.invalidToken`.
    func changes(since token: SyncToken?, limit: Int?) async throws(CollectionStoreError) -> ChangeSet
}

/// A member that a search by time has found.
package struct MemberCandidate: Hashable, Sendable {
    package let member: Member
    /// Whether it is known to overlap, in every default time zone; else its content must be looked at.
    package let isCertain: Bool
    /// When its object takes place, as far as that is known.
    package let times: MemberTimes

    package init(member: Member, isCertain: Bool, times: MemberTimes = .unknown) {
        self.member = member
        self.isCertain = isCertain
        self.times = times
    }
}

extension CollectionView {
    package func pages() async throws(CollectionStoreError) -> MemberPages { MemberPages(try await members()) }

    /// Without an index, by what is known of each member.
    package func candidates(
        component: String, start: Int64?, end: Int64?
    ) async throws(CollectionStoreError) -> [MemberCandidate] {
        var candidates: [MemberCandidate] = []
        for member in try await members() {
            let facts = try await facts(of: member)
            guard facts.components.isEmpty || facts.components.contains(component) else { continue }
            let overlap = facts.times.overlap(start: start ?? .min, end: end ?? .max)
            guard overlap != false else { continue }
            candidates.append(
                MemberCandidate(member: member, isCertain: overlap == true && facts.components.count == 1))
        }
        return candidates
    }

    /// The display name clients are shown: the one set, else the last segment of the path.
    package var displayName: String { properties.displayName ?? path.name }

    /// Component types the calendar takes.
    package var supportedComponents: [String] {
        properties.supportedComponents ?? CollectionProperties.defaultComponents
    }
}
