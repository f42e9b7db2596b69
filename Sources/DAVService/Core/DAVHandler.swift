import HTTPTypes
import WebDAV

/// Answers one method. Handlers keep one order: where, may they, preconditions, what do they want, one write, say so.
protocol DAVHandler: Sendable {
    func respond(_ context: DAVContext) async throws -> DAVResponse
}

/// Which handler answers which method.
enum HandlerTable {
    static let handlers: [HTTPRequest.Method: any DAVHandler] = [
        .options: OptionsHandler(),
        .get: GetHandler(),
        .head: GetHandler(),
        .put: PutHandler(),
        .delete: DeleteHandler(),
        .post: PostHandler(),
        .copy: CopyHandler(),
        .move: MoveHandler(),
        .lock: LockHandler(),
        .unlock: UnlockHandler(),
        .propfind: PropfindHandler(),
        .proppatch: ProppatchHandler(),
        .mkcol: MkcolHandler(),
        .mkcalendar: MkcalendarHandler(),
        .report: ReportHandler(),
        .acl: ACLHandler(),
    ]

    /// In the order in which they are announced.
    private static let order: [HTTPRequest.Method] = [
        .options, .get, .head, .put, .post, .delete, .copy, .move, .lock, .unlock, .propfind, .proppatch, .mkcol,
        .mkcalendar, .report, .acl,
    ]

    /// The value of `Allow` for a resource of that kind, nil for a path where nothing is.
    static func allow(_ kind: ResourceKind?) -> String {
        methods(kind).map(\.rawValue).joined(separator: ", ")
    }

    static func methods(_ kind: ResourceKind?) -> [HTTPRequest.Method] { order.filter { isAllowed($0, on: kind) } }

    private static func isAllowed(_ method: HTTPRequest.Method, on kind: ResourceKind?) -> Bool {
        guard let kind else { return [.options, .put, .lock, .mkcol, .mkcalendar].contains(method) }
        let isMember = ResourceKind.members.contains(kind)
        switch method {
        case .put: return isMember
        case .mkcol, .mkcalendar: return false
        case .delete: return isMember || kind == .directory || ResourceKind.stores.contains(kind)
        case .copy, .move, .lock, .unlock: return isMember || ResourceKind.stores.contains(kind)
        case .post, .acl: return ResourceKind.stores.contains(kind)
        default: return true
        }
    }

    /// The answer to methods that nobody implements: 405 for those the client may know from a standard, else 501.
    static func unsupported(_ method: HTTPRequest.Method, kind: ResourceKind?) -> DAVError {
        let known: [HTTPRequest.Method] = [.patch, .trace, .connect]
        return DAVError(
            known.contains(method) ? .methodNotAllowed : .notImplemented,
            "The method \(method.rawValue) is not supported here.",
            headers: [.allow: allow(kind)])
    }
}
