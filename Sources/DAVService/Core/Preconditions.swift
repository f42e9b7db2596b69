import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

/// The conditions of a request that changes something: those of HTTP, the `If` header of WebDAV, and the locks that the
/// request must know of.
///
/// For members the conditions are evaluated inside the writer, so that of several clients with the same condition only
/// one wins. What `If` says about other resources, and locks, is looked up before.
struct Preconditions: Sendable {
    private struct State: Sendable {
        var tag: EntityTag?
        var tokens: Set<String> = []
    }

    private let conditions: ConditionalRequest
    private let scheduleTag: EntityTag?
    private let ifHeader: IfHeader?
    /// By href as written in the header.
    private let others: [String: State]
    /// Of locks that cover the target.
    private let targetTokens: Set<String>
    private let context: DAVContext

    init(_ context: DAVContext) async throws {
        self.context = context
        conditions = context.conditions
        scheduleTag = try context.request.headers[.ifScheduleTagMatch].map { (text) throws(DAVError) in
            guard case .tags(let tags) = try EntityTagCondition(header: text), tags.count == 1 else {
                throw DAVError(.badRequest, "If-Schedule-Tag-Match holds exactly one tag.")
            }
            return tags[0]
        }
        ifHeader = try context.request.headers[.if].map { (text) throws(DAVError) in try IfHeader(header: text) }
        var others: [String: State] = [:]
        let target = try context.collectionPath(context.target)
        targetTokens = Set(context.locks.covering(target).map(\.token))
        for href in Set((ifHeader?.lists ?? []).compactMap(\.resource)) {
            guard let path = try? context.path(href: href) else { continue }
            var state = State(tokens: Set(context.locks.covering(path).map(\.token)))
            if try await context.mayRead(path) { state.tag = try await context.resource(at: path)?.entityTag }
            others[href] = state
        }
        self.others = others
    }

    var isEmpty: Bool { conditions.isEmpty && ifHeader == nil && scheduleTag == nil }

    // MARK: Locks

    /// Whether the client knows of a lock, and it is its own.
    func shows(_ lock: ActiveLock) -> Bool {
        lock.principal == context.principal && (ifHeader?.tokens.contains(lock.token) ?? false)
    }

    /// - Throws: 423 `lock-token-submitted` (RFC 4918, 16).
    func requireUnlocked(_ path: CollectionPath, _ change: LockTable.Change) throws(DAVError) {
        let locks = context.locks.guarding(path, change)
        guard !locks.isEmpty else { return }
        // Of several shared locks, one is enough.
        let byRoot = Dictionary(grouping: locks, by: \.root)
        let closed = byRoot.values.filter { !$0.contains(where: shows) }.compactMap(\.first)
        guard let first = closed.min(by: { $0.root.string < $1.root.string }) else { return }
        let hrefs = closed.map { context.href($0.root, isCollection: $0.isCollection) }.sorted()
        throw DAVError(
            .locked,
            "\(context.href(first.root, isCollection: first.isCollection)) is locked; the request has to show the "
                + "token of the lock in its If header.",
            condition: XMLElement(.lockTokenSubmitted, hrefs.map { XMLElement(.href, text: $0) }))
    }

    // MARK: Conditions

    /// For a member; called by the writer.
    var writeCondition: WriteCondition {
        guard !isEmpty else { return .any }
        return WriteCondition { member in
            hold(
                for: ConditionalRequest.Target(
                    tag: member.map { EntityTag($0.etag.hex) }, exists: member != nil,
                    lastModified: member?.lastModified))
        }
    }

    /// For what is there now.
    /// - Throws: 412.
    func check(_ resource: Resource) throws(DAVError) {
        try check(
            ConditionalRequest.Target(tag: resource.entityTag, exists: true, lastModified: resource.lastModified))
    }

    /// For a target where nothing is.
    func checkMissing() throws(DAVError) { try check(ConditionalRequest.Target(tag: nil, exists: false)) }

    private func check(_ target: ConditionalRequest.Target) throws(DAVError) {
        guard isEmpty || hold(for: target) else {
            throw DAVError(.preconditionFailed, "The conditions of the request do not hold.")
        }
    }

    private func hold(for target: ConditionalRequest.Target) -> Bool {
        guard conditions.evaluate(for: target, isRead: false) == .proceed else { return false }
        // Nothing here changes an object but its client, so that its schedule tag is its entity tag (RFC 6638, 3.2.10).
        if let scheduleTag, target.tag?.opaque != scheduleTag.opaque { return false }
        guard let ifHeader else { return true }
        return ifHeader.holds { href, state in
            let other = href.flatMap { others[$0] }
            switch state {
            case .token(let token):
                return href == nil ? targetTokens.contains(token) : other?.tokens.contains(token) ?? false
            case .tag(let tag):
                let current = href == nil ? target.tag : other?.tag
                return current.map { $0.matchesStrongly(tag) } ?? false
            }
        }
    }
}
