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
            try writer.write(resource, extra: try await Quota.values(for: resource, selection, context))
        }
        if depth != .zero {
            try await writeChildren(of: resource, selection, deep: depth == .infinity, &writer, context)
        }
        var response = DAVResponse.multistatus(writer.finish())
        var applied: [String] = []
        if context.preferences.isMinimal { applied.append("return=minimal") }
        if context.preferences.depthNoRoot { applied.append("depth-noroot") }
        if !applied.isEmpty { response.headers[.preferenceApplied] = applied.joined(separator: ", ") }
        return response
    }

    private func writeChildren(
        of resource: Resource, _ selection: PropertySelection, deep: Bool, _ writer: inout PropertyWriter,
        _ context: DAVContext
    ) async throws {
        try context.checkTime()
        for child in try await context.children(of: resource) {
            if child.isCollection {
                try writer.write(child, extra: try await Quota.values(for: child, selection, context))
                if deep { try await writeChildren(of: child, selection, deep: true, &writer, context) }
            } else {
                try writer.write(child)
            }
        }
    }
}
