package import CollectionStore
import HTTPTypes
import ICalendar
package import Logging
import Synchronization
import WebDAV
import XMLStream

/// CalDAV and CardDAV over a storage of collections: requests in, answers out, without sockets.
///
/// Authentication has happened before. The service never throws: every failure becomes an answer.
package struct DAVService: Sendable {
    let storage: any CollectionStorage
    let options: DAVOptions
    let logger: Logger
    let locks = LockTable()
    let shares = ShareTable()
    let quotas = QuotaTable()
    private let known = KnownPrincipals()

    package init(storage: any CollectionStorage, options: DAVOptions = DAVOptions(), logger: Logger) {
        CalendarScales.register(FoundationCalendarSystem.all)
        self.storage = storage
        self.options = options
        self.logger = logger
    }

    /// Whether a request may be answered before the client has logged in: the well-known addresses of RFC 6764, and
    /// OPTIONS, where discovery begins.
    package func isPublic(_ request: DAVRequest) -> Bool {
        request.method == .options || WellKnown.matches(request.target)
    }

    package func respond(to request: DAVRequest) async -> DAVResponse {
        if WellKnown.matches(request.target) {
            return WellKnown.redirect(to: RoutePrefix(options.routePrefix).root)
        }
        do {
            if request.method == .options, request.user == nil, options.singleUserPrincipal == nil {
                return OptionsHandler.anonymous
            }
            try Self.requirePlainBody(request)
            let context = try await DAVContext(request, service: self)
            try await createPrincipalIfMissing(context)
            guard let handler = HandlerTable.handlers[request.method] else {
                let path = try context.collectionPath(context.target)
                let kind = try await context.mayRead(path) ? try await context.resource(at: path)?.kind : nil
                throw HandlerTable.unsupported(request.method, kind: kind)
            }
            return try await handler.respond(context)
        } catch {
            return answer(to: error, request)
        }
    }

    /// What is stored is stored as it comes, so that it must not come compressed (RFC 9110, 8.4 and 15.5.16).
    private static func requirePlainBody(_ request: DAVRequest) throws(DAVError) {
        guard let coding = request.headers[.contentEncoding], coding.lowercased() != "identity" else { return }
        throw DAVError(
            .unsupportedMediaType, "Bodies are taken as they are, not in the encoding \(coding.prefix(32)).",
            headers: [.acceptEncoding: "identity"])
    }

    /// The answer to a request whose body is larger than any that is read. Its body is left out.
    package func refuseTooLarge(_ request: DAVRequest, limit: Int) async -> DAVResponse {
        let reason = "This server takes at most \(limit) bytes in one request."
        guard request.method == .put || request.method == .post,
            let context = try? await DAVContext(request, service: self),
            let path = try? context.collectionPath(context.target),
            let parent = request.method == .put ? path.parent : path,
            let type = try? await context.resource(at: parent)?.collection?.type
        else { return DAVResponse(DAVError(.contentTooLarge, reason), to: request.method) }
        let condition = type == .addressbook ? XMLName.carddavMaxResourceSize : .caldavMaxResourceSize
        return DAVResponse(DAVError(.contentTooLarge, condition, reason), to: request.method)
    }

    /// The answer to a request for whose body there is no room at the moment.
    package func refuseForNow(_ request: DAVRequest) -> DAVResponse {
        let reason = "Too much is being sent to this server at the moment; try again in a few seconds."
        return DAVResponse(
            DAVError(.serviceUnavailable, reason, headers: [.retryAfter: "5"]), to: request.method)
    }

    private func answer(to error: any Error, _ request: DAVRequest) -> DAVResponse {
        switch error {
        case let error as DAVError: return DAVResponse(error, to: request.method)
        case let error as CollectionStoreError:
            let mapped = DAVError(error)
            if mapped.status.kind == .serverError {
                logger.error("\(request.method.rawValue) failed: \(error.code): \(error.reason)")
            }
            return DAVResponse(mapped, to: request.method)
        case is CancellationError:
            return DAVResponse(DAVError(.serviceUnavailable, "The server is stopping."), to: request.method)
        default:
            logger.error("\(request.method.rawValue) failed: \(error)")
            return DAVResponse(
                DAVError(.internalServerError, "The server failed; its log says why."), to: request.method)
        }
    }

    private func createPrincipalIfMissing(_ context: DAVContext) async throws {
        guard options.autocreate != .never, !known.contains(context.principal) else { return }
        if case .missing = try await storage.node(at: context.principal) {
            try await createPrincipal(context)
        }
        known.insert(context.principal)
    }

    private func createPrincipal(_ context: DAVContext) async throws {
        do {
            switch options.autocreate {
            case .never: break
            case .principal: try await storage.createDirectory(at: context.principal)
            case .defaults: try await storage.createDefaults(principal: context.principal, by: context.author)
            }
        } catch {
            // Another request of the same user may have been first.
            guard error.code == .alreadyExists else { throw error }
        }
    }
}

/// Principals that have been seen, so that not every request looks for its own on the disk.
private final class KnownPrincipals: Sendable {
    private let paths = Mutex<Set<CollectionPath>>([])

    func contains(_ path: CollectionPath) -> Bool { paths.withLock { $0.contains(path) } }
    func insert(_ path: CollectionPath) { paths.withLock { _ = $0.insert(path) } }
}
