import HTTPTypes
import WebDAV

/// UNLOCK (RFC 4918, 9.11).
struct UnlockHandler: DAVHandler {
    func respond(_ context: DAVContext) async throws -> DAVResponse {
        let path = try context.collectionPath(context.target)
        try await context.require(.read, on: path)
        guard let field = context.request.headers[.lockToken], let token = Self.token(in: field) else {
            throw DAVError(.badRequest, "The Lock-Token header does not hold a token in angle brackets.")
        }
        guard let lock = context.locks.covering(path).first(where: { $0.token == token }) else {
            throw DAVError(
                .conflict, .lockTokenMatchesRequestURI, "There is no such lock on \(context.target.encoded).")
        }
        // Its owner may break a lock that somebody else has put on a collection (RFC 3744, 3.5).
        guard lock.principal == context.principal || context.owns(lock.root) else {
            throw Privilege.unlock.missing(at: context.href(lock.root, isCollection: lock.isCollection))
        }
        context.locks.remove(token)
        return DAVResponse(status: .noContent)
    }

    private static func token(in field: String) -> String? {
        let text = field.filter { $0 != " " && $0 != "\t" }
        guard text.hasPrefix("<"), text.hasSuffix(">"), text.utf8.count > 2 else { return nil }
        return String(text.dropFirst().dropLast())
    }
}
