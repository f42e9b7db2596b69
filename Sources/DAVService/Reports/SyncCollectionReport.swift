import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

/// sync-collection (RFC 6578, 3): what has changed since a token.
struct SyncCollectionReport: DAVReport {
    let name = XMLName.syncCollection
    let kinds: ResourceKind = [.plainCollection, .calendar, .addressbook, .subscription, .scheduleInbox]

    func respond(_ root: XMLElement, _ resource: Resource, _ context: DAVContext) async throws -> DAVResponse {
        // Older drafts had the level in Depth; RFC 6578 wants 0, clients send 0, 1 or none.
        let depth = try Depth(header: context.request.headers[.depth], default: .zero)
        let request = try SyncCollectionRequest(root, depth: depth)
        guard let view = resource.collection else {
            throw DAVError(.forbidden, .supportedReport, "This directory does not keep track of changes.")
        }
        if request.isInfinite, resource.kind == .plainCollection {
            throw DAVError(
                .forbidden, .syncTraversalSupported, "Changes are told for one collection at a time: use sync-level 1.")
        }
        let changes = try await view.changes(since: request.token.map(SyncTokenURI.read), limit: request.limit)
        let data = try ObjectData(request.selection, resource: resource, context: context)
        var writer = PropertyWriter(request.selection, context: context)
        for member in changes.changed {
            let resource = context.resource(for: member, in: view)
            try await writer.write(resource, extra: data.values(for: resource))
        }
        for name in changes.removed {
            writer.write(context.href(view.path.appending(name), isCollection: false), status: .notFound)
        }
        if changes.isTruncated {
            writer.write(
                context.href(resource), status: .insufficientStorage,
                error: XMLElement(.numberOfMatchesWithinLimits),
                description: "There is more: ask again with the new token.")
        }
        return .multistatus(writer.finish(syncToken: SyncTokenURI.write(changes.token)))
    }
}
