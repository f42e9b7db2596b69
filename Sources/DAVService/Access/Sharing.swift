import CollectionStore

/// Changes who may use a collection, and puts it into the homes of those who may.
struct Sharing {
    private let context: DAVContext

    init(_ context: DAVContext) { self.context = context }

    func set(_ grants: [AccessGrant], on path: CollectionPath) async throws {
        try await change(path) { $0 = grants }
    }

    /// The collection says who may do what; the list in somebody's home only says where to look.
    func change(_ path: CollectionPath, _ body: @escaping @Sendable (inout [AccessGrant]) -> Void) async throws {
        let before = try await grantees(of: path)
        try await context.storage.updateProperties(at: path, by: context.author) { body(&$0.grants) }
        let after = try await grantees(of: path)
        for principal in after.subtracting(before) {
            try await context.storage.updatePrincipal(at: principal) { settings in
                if !settings.shares.contains(path) { settings.shares.append(path) }
            }
        }
        for principal in before.subtracting(after) {
            // Who has no account any more has no list either.
            try? await context.storage.updatePrincipal(at: principal) { $0.shares.removeAll { $0 == path } }
        }
        for principal in before.union(after) { context.shareTable.forget(principal) }
    }

    /// The lists go with a collection that has been given another place.
    func follow(from path: CollectionPath, to target: CollectionPath) async throws {
        for principal in try await grantees(of: target) {
            try? await context.storage.updatePrincipal(at: principal) { settings in
                settings.shares = settings.shares.map { share in
                    guard share.isWithin(path) else { return share }
                    let rest = share.segments.dropFirst(path.segments.count)
                    return (try? CollectionPath(segments: target.segments + rest)) ?? share
                }
            }
            context.shareTable.forget(principal)
        }
    }

    private func grantees(of path: CollectionPath) async throws -> Set<CollectionPath> {
        let grants = try await context.resource(at: path)?.collection?.properties.grants ?? []
        return Set(
            grants.compactMap { grant in
                if case .principal(let path) = grant.grantee { path } else { nil }
            })
    }
}
