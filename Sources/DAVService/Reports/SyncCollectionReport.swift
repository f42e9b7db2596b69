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
        if resource.kind == .plainCollection {
            return try await TreeSynchronisation.respond(request, resource, context)
        }
        let changes = try await view.changes(since: request.token.map(SyncTokenURI.read), limit: request.limit)
        let listing = Listing(
            changes: changes, view: view, target: resource,
            data: try ObjectData(request.selection, resource: resource, context: context), context: context)
        let writer = PropertyWriter(request.selection, context: context)
        return try await SteppedAnswer.respond(
            writer, listing, syncToken: SyncTokenURI.write(changes.token), context)
    }

    private struct Listing: AnswerSteps {
        let changes: ChangeSet
        let view: any CollectionView
        let target: Resource
        let data: ObjectData
        let context: DAVContext
        fileprivate var position = 0

        mutating func next(_ writer: inout PropertyWriter) async throws -> Bool {
            try context.checkTime()
            guard position < changes.changed.count else { return finish(&writer) }
            repeat {
                let member = changes.changed[position]
                try writer.write(member, in: view, extra: try await data.values(of: member, in: view))
                position += 1
            } while position < changes.changed.count && writer.pendingCount < SteppedAnswer.pieceSize
            return true
        }

        /// What is not there any more, and whether there is more.
        private mutating func finish(_ writer: inout PropertyWriter) -> Bool {
            for name in changes.removed {
                writer.write(context.href(view.path.appending(name), isCollection: false), status: .notFound)
            }
            if changes.isTruncated { writer.writeTruncation(of: target, context) }
            return false
        }
    }
}
