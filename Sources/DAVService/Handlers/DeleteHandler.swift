import CollectionStore
import HTTPTypes
import WebDAV

/// DELETE (RFC 4918, 9.6): a member, or a collection with all it holds.
struct DeleteHandler: DAVHandler {
    func respond(_ context: DAVContext) async throws -> DAVResponse {
        let path = try context.collectionPath(context.target)
        try context.require(.unbind, on: path)
        let resource = try await context.resource()
        let preconditions = try await Preconditions(context)
        switch resource.content {
        case .member(let member, let view):
            try await context.storage.delete(
                member.name, in: view.path, if: preconditions.writeCondition, by: context.author)
        case .collection, .directory:
            try await requireDeletable(resource, context)
            guard try Depth(header: context.request.headers[.depth], default: .infinity) == .infinity else {
                throw DAVError(.badRequest, "A collection is deleted with all it holds: Depth can only be infinity.")
            }
            try preconditions.check(resource)
            try await context.storage.deleteCollection(at: path, by: context.author)
        }
        return DAVResponse(status: .noContent)
    }

    /// What discovery leans on stays.
    private func requireDeletable(_ resource: Resource, _ context: DAVContext) async throws {
        let isFixed: Bool
        switch resource.kind {
        case .root, .principal, .scheduleInbox, .scheduleOutbox: isFixed = true
        default:
            let settings = try await context.resource(at: context.principal)?.settings ?? PrincipalSettings()
            let homes = (settings.calendarHomes + settings.addressbookHomes).compactMap {
                try? CollectionPath(context.principal.string + "/" + $0)
            }
            isFixed = context.principal.isWithin(resource.path) || homes.contains { $0.isWithin(resource.path) }
        }
        guard !isFixed else {
            throw DAVError(
                .forbidden, "\(context.href(resource)) is where programs look for calendars and contacts; it stays.")
        }
    }
}
