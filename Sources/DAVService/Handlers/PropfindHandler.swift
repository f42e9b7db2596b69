import CollectionStore
import HTTPTypes
import WebDAV

/// PROPFIND (RFC 4918, 9.1).
struct PropfindHandler: DAVHandler {
    func respond(_ context: DAVContext) async throws -> DAVResponse {
        let path = try context.collectionPath(context.target)
        try await context.require(.discover, on: path)
        let resource = try await context.resource()
        let depth = try Depth(header: context.request.headers[.depth], default: .infinity)
        let request = try PropfindRequest(parsing: context.request.body)
        var writer = PropertyWriter(request.selection, context: context)
        let selection = request.selection
        if !context.preferences.depthNoRoot || depth == .zero {
            try writer.write(resource, extra: try await context.lookedUp(for: resource, selection))
        }
        var walk = Walk(selection: selection, isDeep: depth == .infinity, context: context)
        if depth != .zero { walk.add(.below(resource)) }
        var response = try await SteppedAnswer.respond(writer, walk, context)
        var applied: [String] = []
        if context.preferences.isMinimal { applied.append("return=minimal") }
        if context.preferences.depthNoRoot { applied.append("depth-noroot") }
        if !applied.isEmpty { response.headers[.preferenceApplied] = applied.joined(separator: ", ") }
        return response
    }

    /// What is below the target, members before collections.
    private struct Walk: AnswerSteps {
        enum Item {
            case below(Resource)
            case members(any CollectionView, MemberPages, page: Int)
            case collection(Resource)
        }

        let selection: PropertySelection
        let isDeep: Bool
        let context: DAVContext
        /// The last comes next.
        private var waiting: [Item] = []

        init(selection: PropertySelection, isDeep: Bool, context: DAVContext) {
            self.selection = selection
            self.isDeep = isDeep
            self.context = context
        }

        mutating func add(_ item: Item) { waiting.append(item) }

        mutating func next(_ writer: inout PropertyWriter) async throws -> Bool {
            try context.checkTime()
            switch waiting.popLast() {
            case nil: return false
            case .below(let resource):
                for child in try await context.childCollections(of: resource).reversed() { add(.collection(child)) }
                guard let view = resource.collection, try await context.mayRead(resource.path) else { break }
                let pages = try await view.pages()
                if pages.count > 0 { add(.members(view, pages, page: 0)) }
            case .members(let view, let pages, let page):
                for member in pages[page] { try writer.write(member, in: view) }
                if page + 1 < pages.count { add(.members(view, pages, page: page + 1)) }
            case .collection(let child):
                try writer.write(child, extra: try await context.lookedUp(for: child, selection))
                if isDeep { add(.below(child)) }
            }
            return true
        }
    }
}
