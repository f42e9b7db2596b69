import CollectionStore
import HTTPTypes
import Logging
import Synchronization
import WebDAV

/// One request and what answering it needs. Shared by reference, since every property of every member looks into it.
final class DAVContext: Sendable {
    let storage: any CollectionStorage
    let options: DAVOptions
    let logger: Logger
    let locks: LockTable
    let request: DAVRequest
    /// The target, without route prefix.
    let target: ResourcePath
    /// Where the person behind the request lives.
    let principal: CollectionPath
    /// Collections of others that appear among the person's own.
    let shares: Shares
    let shareTable: ShareTable
    let quotas: QuotaTable
    /// Who asks below their own principal sees shared collections there, who asks at the owner's sees them there.
    private let showsShares: Bool
    let preferences: Preferences
    let conditions: ConditionalRequest
    let prefix: RoutePrefix
    /// When the request has taken too long.
    private let deadline: Mutex<ContinuousClock.Instant>
    /// What the person may do with collections of others that this request has come upon.
    let knownAccess = Mutex<[CollectionPath: Access]>([:])

    init(_ request: DAVRequest, service: DAVService) async throws {
        storage = service.storage
        options = service.options
        logger = service.logger
        locks = service.locks
        shareTable = service.shares
        quotas = service.quotas
        prefix = RoutePrefix(service.options.routePrefix)
        self.request = request
        guard !request.target.contains("#") else {
            throw DAVError(.badRequest, "A request target has no fragment.")
        }
        target = try prefix.strip(try ResourcePath(parsing: request.target == "*" ? "/" : request.target))
        principal = try Self.principal(of: request, options: service.options)
        preferences = Preferences(request.headers)
        conditions = try ConditionalRequest(request.headers)
        deadline = Mutex(ContinuousClock.now + .seconds(service.options.maxSeconds))
        shares =
            service.options.singleUserPrincipal == nil
            ? try await service.shares.shares(of: principal, in: service.storage) : Shares()
        showsShares = !shares.isEmpty && target.segments.first == principal.segments.first
    }

    static func principal(of request: DAVRequest, options: DAVOptions) throws(DAVError) -> CollectionPath {
        if let principal = options.singleUserPrincipal { return principal }
        guard let user = request.user else {
            throw DAVError(
                .unauthorized, "This needs a user name and a password.",
                headers: [.wwwAuthenticate: "Basic realm=\"Fasti\", charset=\"UTF-8\""])
        }
        do {
            return try CollectionPath(segments: [user])
        } catch {
            throw DAVError(.forbidden, "The user name cannot be the name of a directory: \(error.reason)")
        }
    }

    /// To be called now and then by what may take long.
    /// - Throws: 507 `number-of-matches-within-limits` when the time is up.
    func checkTime() throws {
        try Task.checkCancellation()
        guard ContinuousClock.now < deadline.withLock({ $0 }) else {
            throw DAVError(
                .insufficientStorage, .numberOfMatchesWithinLimits,
                "The answer takes more than \(options.maxSeconds) seconds; ask for less at once.")
        }
    }

    /// The time that a client takes to receive something is not that of the request.
    func notCounting(_ wait: () async throws -> Void) async rethrows {
        let start = ContinuousClock.now
        try await wait()
        deadline.withLock { $0 += start.duration(to: .now) }
    }

    var author: ChangeAuthor {
        ChangeAuthor(user: request.user, userAgent: request.headers[.userAgent])
    }

    /// The query of the target, without question mark.
    var query: Substring? {
        request.target.firstIndex(of: "?").map { request.target[request.target.index(after: $0)...] }
    }

    // MARK: Where

    /// What the request is about.
    /// - Throws: 404 when nothing is there.
    func resource() async throws -> Resource {
        guard let resource = try await resource(at: try collectionPath(target)) else {
            throw DAVError(.notFound, "There is nothing at \(target.encoded).")
        }
        return resource
    }

    /// Where something is in the storage: what is shared with the person has a second address among their own.
    func collectionPath(_ path: ResourcePath) throws(DAVError) -> CollectionPath {
        do {
            return try shares.resolve(try CollectionPath(segments: path.segments))
        } catch {
            throw DAVError(.forbidden, error.reason)
        }
    }

    /// What a path names; nil when nothing is there.
    func resource(at path: CollectionPath) async throws -> Resource? {
        switch try await storage.node(at: path) {
        case .missing: nil
        case .directory(let view): Resource(path: path, content: .directory(view), kind: kind(ofDirectory: path))
        case .collection(let view): resource(for: view)
        case .member(let member, let view): resource(for: member, in: view)
        }
    }

    func resource(for view: any CollectionView) -> Resource {
        Resource(
            path: view.path, content: .collection(view),
            kind: isPrincipal(view.path) ? .principal : ResourceKind(view.type))
    }

    func resource(for member: Member, in view: any CollectionView) -> Resource {
        Resource(
            path: view.path.appending(member.name), content: .member(member, in: view),
            kind: ResourceKind(of: member, in: view.type))
    }

    private func kind(ofDirectory path: CollectionPath) -> ResourceKind {
        if isPrincipal(path) { return .principal }
        return path.isRoot ? .root : .directory
    }

    func isPrincipal(_ path: CollectionPath) -> Bool {
        if let single = options.singleUserPrincipal { return path == single }
        return path.parent?.isRoot ?? false
    }

    /// What lies directly below, as far as the user may see it: members first.
    func children(of resource: Resource) async throws -> [Resource] {
        var result: [Resource] = []
        if let view = resource.collection, try await mayRead(resource.path) {
            for member in try await view.members() { result.append(self.resource(for: member, in: view)) }
        }
        return result + (try await childCollections(of: resource))
    }

    /// Collections and directories directly below, as far as the user may see them.
    func childCollections(of resource: Resource) async throws -> [Resource] {
        var result: [Resource] = []
        guard resource.isCollection else { return result }
        for name in try await storage.children(of: resource.path) {
            guard let path = try? resource.path.appending(name), try await isVisible(path) else { continue }
            if let child = try await self.resource(at: path) { result.append(child) }
        }
        for path in shares.targets(shownIn: resource.path) where try await access(to: path) > .none {
            if let child = try await self.resource(at: path) { result.append(child) }
        }
        return result
    }

    // MARK: Addresses

    /// The href of a path, route prefix included.
    func href(_ path: CollectionPath, isCollection: Bool) -> String {
        prefix.add(ResourcePath(segments: shownPath(path).segments, isCollection: isCollection).encoded)
    }

    /// Where the person behind the request sees what is at a path.
    func shownPath(_ path: CollectionPath) -> CollectionPath { showsShares ? shares.shown(path) : path }

    func href(_ resource: Resource) -> String { href(resource.path, isCollection: resource.isCollection) }

    /// Reads an href of a request body, relative to the target.
    func path(href: String) throws(DAVError) -> CollectionPath {
        let absolute = try ResourcePath(href: href, relativeTo: prefix.path(target))
        return try collectionPath(try prefix.strip(absolute))
    }

    /// Where COPY and MOVE go.
    func destination() throws(DAVError) -> CollectionPath {
        let authorities = [request.authority, request.headers[.xForwardedHost]].compactMap { $0 }.filter { !$0.isEmpty }
        let destination = try Destination(header: request.headers[.destination], authorities: authorities)
        return try collectionPath(try prefix.strip(destination.path))
    }
}
