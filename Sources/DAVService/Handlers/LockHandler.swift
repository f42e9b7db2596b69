import CollectionStore
import FoundationEssentials
import HTTPTypes
import WebDAV
import XMLStream

/// LOCK (RFC 4918, 9.10): takes a lock, or gives one more time.
struct LockHandler: DAVHandler {
    func respond(_ context: DAVContext) async throws -> DAVResponse {
        let path = try context.collectionPath(context.target)
        let resource = try await context.resource(at: path)
        try await context.require(resource == nil ? .bind : .writeContent, on: path)
        let preconditions = try await Preconditions(context)
        let timeout = Self.timeout(context.request.headers[.timeout])
        guard let request = try LockRequest(parsing: context.request.body) else {
            return try refresh(path, preconditions, timeout, context)
        }
        let depth = try Depth(header: context.request.headers[.depth], default: .infinity)
        guard depth != .one else { throw DAVError(.badRequest, "The Depth of a lock is 0 or infinity.") }
        if let resource { try preconditions.check(resource) } else { try preconditions.checkMissing() }
        if resource == nil { try await requirePlace(for: path, preconditions, context) }
        let lock = ActiveLock(
            token: "urn:uuid:" + UUID().uuidString.lowercased(), root: path,
            isCollection: resource?.isCollection ?? false, scope: request.scope,
            isDeep: depth == .infinity && resource?.isCollection == true, owner: request.owner,
            principal: context.principal, timeout: timeout, expires: LockTable.now + Int64(timeout))
        let conflicts = try context.locks.add(lock)
        guard conflicts.isEmpty else { return try refuse(lock, conflicts, context) }
        do {
            let created = resource == nil ? try await createEmpty(path, context) : false
            return answer(lock, created ? .created : .ok, context)
        } catch {
            context.locks.remove(lock.token)
            throw error
        }
    }

    /// What the client wishes for, within bounds. RFC 4918, 10.7 lets the server decide.
    private static func timeout(_ header: String?) -> Int {
        switch LockTimeout(header: header) {
        case .seconds(let seconds): min(max(seconds, 1), LockTable.longestTimeout)
        case .infinite: LockTable.longestTimeout
        case nil: LockTable.usualTimeout
        }
    }

    /// RFC 4918, 9.10.2: the lock is named by the If header; the target is anything it covers.
    private func refresh(
        _ path: CollectionPath, _ preconditions: Preconditions, _ timeout: Int, _ context: DAVContext
    ) throws(DAVError) -> DAVResponse {
        let own = context.locks.covering(path).filter { preconditions.shows($0) }
        guard let known = own.first, let lock = context.locks.refresh(known.token, timeout: timeout) else {
            throw DAVError(
                .preconditionFailed, .lockTokenMatchesRequestURI,
                "LOCK without a body gives a lock more time; the If header has to name one that holds here.")
        }
        var response = answer(lock, .ok, context)
        response.headers[.lockToken] = nil
        return response
    }

    private func requirePlace(
        for path: CollectionPath, _ preconditions: Preconditions, _ context: DAVContext
    ) async throws {
        guard let parent = path.parent, let around = try await context.resource(at: parent), around.isCollection else {
            throw DAVError(.conflict, "The collection around \(context.target.encoded) does not exist; make it first.")
        }
        guard around.collection != nil else {
            throw DAVError(.forbidden, "Nothing can be stored in the plain directory \(context.href(around)).")
        }
        try preconditions.requireUnlocked(path, .binding)
    }

    /// RFC 4918, 7.3: locking a name where nothing is makes an empty resource. In calendars and address books, where
    /// nothing empty can be, only the name is kept free for whoever holds the lock.
    private func createEmpty(_ path: CollectionPath, _ context: DAVContext) async throws -> Bool {
        guard let parent = path.parent, let view = try await context.resource(at: parent)?.collection,
            view.type == .other
        else { return false }
        return try await context.storage.put(
            [], as: try MemberName(path.name), in: parent, if: .any, by: context.author
        ).created
    }

    /// 423, or 207 when the obstacle is below the target (RFC 4918, 9.10.9).
    private func refuse(
        _ lock: ActiveLock, _ conflicts: [ActiveLock], _ context: DAVContext
    ) throws(DAVError) -> DAVResponse {
        let hrefs = conflicts.map { context.href($0.root, isCollection: $0.isCollection) }
        let condition = XMLElement(.noConflictingLock, hrefs.map { XMLElement(.href, text: $0) })
        guard conflicts.allSatisfy({ $0.root != lock.root && $0.root.isWithin(lock.root) }) else {
            throw DAVError(
                .locked, "Another lock is in the way: \(hrefs.joined(separator: ", ")).", condition: condition)
        }
        var writer = MultistatusWriter()
        for href in hrefs { writer.response(href, status: .locked, error: XMLElement(.noConflictingLock)) }
        writer.response(context.href(lock.root, isCollection: true), status: .failedDependency)
        return .multistatus(writer.finish())
    }

    private func answer(_ lock: ActiveLock, _ status: HTTPResponse.Status, _ context: DAVContext) -> DAVResponse {
        var writer = XMLWriter(prefixes: DAVNamespace.prefixes)
        writer.declaration()
        writer.element(.prop) { writer in
            writer.element(XMLElement(.lockdiscovery, [context.element(of: lock)]))
        }
        return DAVResponse(
            status: status, headers: [.contentType: DAVResponse.xmlContentType, .lockToken: "<\(lock.token)>"],
            body: .bytes(writer.bytes))
    }
}

extension DAVContext {
    /// `DAV:activelock`.
    func element(of lock: ActiveLock) -> XMLElement {
        lock.element(now: LockTable.now, href: href(lock.root, isCollection: lock.isCollection))
    }
}
