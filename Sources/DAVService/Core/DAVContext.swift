import CollectionStore
import HTTPTypes
import Logging
import WebDAV

/// One request and what answering it needs. Shared by reference, since every property of every member looks into it.
final class DAVContext: Sendable {
    let storage: any CollectionStorage
    let options: DAVOptions
    let logger: Logger
    let request: DAVRequest
    /// The target, without route prefix.
    let target: ResourcePath
    /// Where the person behind the request lives.
    let principal: CollectionPath
    let preferences: Preferences
    let conditions: ConditionalRequest
    let prefix: RoutePrefix

    init(_ request: DAVRequest, service: DAVService) throws(DAVError) {
        storage = service.storage
        options = service.options
        logger = service.logger
        prefix = RoutePrefix(service.options.routePrefix)
        self.request = request
        guard !request.target.contains("#") else {
            throw DAVError(.badRequest, "A request target has no fragment.")
        }
        target = try prefix.strip(try ResourcePath(parsing: request.target == "*" ? "/" : request.target))
        principal = try Self.principal(of: request, options: service.options)
        preferences = Preferences(request.headers)
        conditions = try ConditionalRequest(request.headers)
    }

    private static func principal(of request: DAVRequest, options: DAVOptions) throws(DAVError) -> CollectionPath {
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

    var author: ChangeAuthor {
        ChangeAuthor(user: request.user, userAgent: request.headers[.userAgent])
    }

    /// The query of the target, without question mark.
    var query: Substring? {
        request.target.firstIndex(of: "?").map { request.target[request.target.index(after: $0)...] }
    }

    // MARK: 1. Where

    /// What the request is about.
    /// - Throws: 404 when nothing is there.
    func resource() async throws -> Resource {
        guard let resource = try await resource(at: try collectionPath(target)) else {
            throw DAVError(.notFound, "There is nothing at \(target.encoded).")
        }
        return resource
    }

    func collectionPath(_ path: ResourcePath) throws(DAVError) -> CollectionPath {
        do {
            return try CollectionPath(segments: path.segments)
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

    private func isPrincipal(_ path: CollectionPath) -> Bool {
        if let single = options.singleUserPrincipal { return path == single }
        return path.parent?.isRoot ?? false
    }

    /// What lies directly below, as far as the user may see it: members first.
    func children(of resource: Resource) async throws -> [Resource] {
        var result: [Resource] = []
        if let view = resource.collection {
            for member in try await view.members() { result.append(self.resource(for: member, in: view)) }
        }
        guard resource.isCollection else { return result }
        for name in try await storage.children(of: resource.path) {
            guard let path = try? resource.path.appending(name), mayRead(path) || principal.isWithin(path) else {
                continue
            }
            if let child = try await self.resource(at: path) { result.append(child) }
        }
        return result
    }

    // MARK: 2. May they

    /// Whether the user owns what is at the path.
    func owns(_ path: CollectionPath) -> Bool {
        options.singleUserPrincipal != nil || path.isWithin(principal)
    }

    /// Owners read all they own; everybody sees the root, where discovery begins.
    func mayRead(_ path: CollectionPath) -> Bool { owns(path) || path.isRoot }

    /// - Throws: 403 `need-privileges` (RFC 3744, 7.1.1).
    func require(_ privilege: Privilege, on path: CollectionPath) throws(DAVError) {
        guard privilege == .read ? mayRead(path) : owns(path) else {
            throw privilege.missing(at: href(path, isCollection: true))
        }
    }

    // MARK: Addresses

    /// The href of a path, route prefix included.
    func href(_ path: CollectionPath, isCollection: Bool) -> String {
        prefix.add(ResourcePath(segments: path.segments, isCollection: isCollection).encoded)
    }

    func href(_ resource: Resource) -> String { href(resource.path, isCollection: resource.isCollection) }

    /// Reads an href of a request body, relative to the target.
    func path(href: String) throws(DAVError) -> CollectionPath {
        let absolute = try ResourcePath(href: href, relativeTo: prefix.path(target))
        return try collectionPath(try prefix.strip(absolute))
    }
}
