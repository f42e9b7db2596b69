import CollectionStore
import HTTPTypes
import WebDAV

/// DELETE (RFC 4918, 9.6): a member, or a collection with all it holds.
struct DeleteHandler: DAVHandler {
    func respond(_ context: DAVContext) async throws -> DAVResponse {
        if let share = try context.shownShare() { return try await leave(share, context) }
        let path = try context.collectionPath(context.target)
        try await context.require(.unbind, on: path)
        let resource = try await context.resource()
        let preconditions = try await Preconditions(context)
        try preconditions.check(resource)
        try preconditions.requireUnlocked(path, .tree)
        switch resource.content {
        case .member(let member, let view):
            try await context.storage.delete(
                member.name, in: view.path, if: preconditions.writeCondition, by: context.author)
        case .collection, .directory:
            try await context.requireRemovable(resource)
            guard try Depth(header: context.request.headers[.depth], default: .infinity) == .infinity else {
                throw DAVError(.badRequest, "A collection is deleted with all it holds: Depth can only be infinity.")
            }
            try await context.storage.deleteCollection(at: path, by: context.author)
        }
        context.locks.remove(within: path)
        return DAVResponse(status: .noContent)
    }

    /// Who deletes a calendar that somebody else has shared takes it from their own list.
    private func leave(_ share: CollectionPath, _ context: DAVContext) async throws -> DAVResponse {
        try await context.storage.updatePrincipal(at: context.principal) { $0.shares.removeAll { $0 == share } }
        context.shareTable.forget(context.principal)
        return DAVResponse(status: .noContent)
    }
}

extension DAVContext {
    /// The collection of somebody else that the target is the second address of, if it is one.
    func shownShare() throws(DAVError) -> CollectionPath? {
        guard !shares.isEmpty else { return nil }
        return (try? CollectionPath(segments: target.segments)).flatMap { shares.target(shownAt: $0) }
    }

    /// What discovery leans on stays.
    func requireRemovable(_ resource: Resource) async throws {
        let isFixed: Bool
        switch resource.kind {
        case .root, .principal, .scheduleInbox, .scheduleOutbox: isFixed = true
        default:
            let settings = try await self.resource(at: principal)?.settings ?? PrincipalSettings()
            let homes = (settings.calendarHomes + settings.addressbookHomes).compactMap {
                try? CollectionPath(principal.string + "/" + $0)
            }
            isFixed = principal.isWithin(resource.path) || homes.contains { $0.isWithin(resource.path) }
        }
        guard !isFixed else {
            throw DAVError(
                .forbidden, "\(href(resource)) is where programs look for calendars and contacts; it stays.")
        }
    }
}
