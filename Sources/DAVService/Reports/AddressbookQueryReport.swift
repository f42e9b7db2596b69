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
        var search = Search(request, target: resource, data: data, context: context)
        if case .member(let member, let view) = resource.content {
            search.pages = MemberPages([member])
            search.view = view
        } else if depth != .zero, let view = resource.collection, try await context.mayRead(resource.path) {
            search.pages = try await view.pages()
            search.view = view
        }
        return try await SteppedAnswer.respond(PropertyWriter(request.selection, context: context), search, context)
    }

    private struct Search: AnswerSteps {
        let request: AddressbookQueryRequest
        let target: Resource
        let data: ObjectData
        let context: DAVContext
        var view: (any CollectionView)?
        var pages = MemberPages([])
        private var page = 0
        private var waiting: ArraySlice<Member> = []
        private var count = 0

        init(_ request: AddressbookQueryRequest, target: Resource, data: ObjectData, context: DAVContext) {
            self.request = request
            self.target = target
            self.data = data
            self.context = context
        }

        mutating func next(_ writer: inout PropertyWriter) async throws -> Bool {
            guard let view else { return false }
            if waiting.isEmpty {
                guard page < pages.count else { return false }
                waiting = pages[page][...]
                page += 1
            }
            repeat {
                guard let member = waiting.popFirst() else { break }
                guard ResourceKind(of: member, in: view.type) == .card else { continue }
                try context.checkTime()
                let content = try await view.content(of: member)
                guard let object = try? VCardObject(parsing: content), let card = object.cards.first,
                    AddressbookFilterEvaluator.matches(card, request.filter)
                else { continue }
                if let limit = request.limit, count == limit {
                    writer.write(
                        context.href(target), status: .insufficientStorage,
                        error: XMLElement(.numberOfMatchesWithinLimits),
                        description: "More cards match than the \(limit) asked for.")
                    return false
                }
                count += 1
                try writer.write(
                    member, in: view, extra: try await data.values(of: member, in: view, content: content))
            } while writer.pendingCount < SteppedAnswer.pieceSize
            return true
        }
    }
}
