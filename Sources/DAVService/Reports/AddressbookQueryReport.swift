import CollectionStore
import HTTPTypes
import VCard
import WebDAV
import XMLStream

/// addressbook-query (RFC 6352, 8.6): the cards that a filter lets through.
struct AddressbookQueryReport: DAVReport {
    let name = XMLName.addressbookQuery
    let kinds: ResourceKind = [.addressbook, .card]

    func respond(_ root: XMLElement, _ resource: Resource, _ context: DAVContext) async throws -> DAVResponse {
        let request = try AddressbookQueryRequest(root)
        let depth = try Depth(header: context.request.headers[.depth], default: .one)
        let data = try ObjectData(request.selection, resource: resource, context: context)
        var writer = PropertyWriter(request.selection, context: context)
        let candidates =
            if resource.member != nil { [resource] } else if depth == .zero { [Resource]() } else {
                try await context.children(of: resource).filter { $0.kind == .card }
            }
        var count = 0
        for candidate in candidates {
            try context.checkTime()
            guard case .member(let member, let view) = candidate.content else { continue }
            let content = try await view.content(of: member)
            guard let object = try? VCardObject(parsing: content), let card = object.cards.first,
                AddressbookFilterEvaluator.matches(card, request.filter)
            else { continue }
            if let limit = request.limit, count == limit {
                writer.write(
                    context.href(resource), status: .insufficientStorage,
                    error: XMLElement(.numberOfMatchesWithinLimits),
                    description: "More cards match than the \(limit) asked for.")
                break
            }
            count += 1
            try await writer.write(candidate, extra: data.values(for: candidate, content: content))
        }
        return .multistatus(writer.finish())
    }
}
