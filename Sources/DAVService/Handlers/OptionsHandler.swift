import HTTPTypes
import WebDAV

/// OPTIONS (RFC 9110, 9.3.7; RFC 4918, 10.1): what can be done, and by which standards.
struct OptionsHandler: DAVHandler {
    /// Only what is true.
    static let complianceClasses =
        "1, 2, 3, access-control, extended-mkcol, add-member, sync-collection, quota, calendar-access, "
        + "calendar-no-timezone, calendar-availability, addressbook"

    /// For clients that have not logged in: nothing about what exists.
    static let anonymous = response(allow: HandlerTable.handlers.keys.map(\.rawValue).sorted().joined(separator: ", "))

    func respond(_ context: DAVContext) async throws -> DAVResponse {
        let path = try context.collectionPath(context.target)
        guard try await context.access(to: path) > .none else { return Self.anonymous }
        return Self.response(allow: HandlerTable.allow(try await context.resource(at: path)?.kind))
    }

    private static func response(allow: String) -> DAVResponse {
        DAVResponse(status: .ok, headers: [.dav: complianceClasses, .allow: allow])
    }
}
