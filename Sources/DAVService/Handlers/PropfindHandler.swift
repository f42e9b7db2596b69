import HTTPTypes
import WebDAV

/// PROPFIND (RFC 4918, 9.1).
struct PropfindHandler: DAVHandler {
    func respond(_ context: DAVContext) async throws -> DAVResponse {
        let path = try context.collectionPath(context.target)
        try context.require(.read, on: path)
        let resource = try await context.resource()
        let depth = try Depth(header: context.request.headers[.depth], default: .infinity)
        let request = try PropfindRequest(parsing: context.request.body)
        var writer = PropertyWriter(request.selection, context: context)
        if !context.preferences.depthNoRoot || depth == .zero { try writer.write(resource) }
        if depth != .zero { try await writeChildren(of: resource, deep: depth == .infinity, &writer, context) }
        var response = DAVResponse.multistatus(writer.finish())
        if context.preferences.isMinimal { response.headers[.preferenceApplied] = "return=minimal" }
        return response
    }

    private func writeChildren(
        of resource: Resource, deep: Bool, _ writer: inout PropertyWriter, _ context: DAVContext
    ) async throws {
        try Task.checkCancellation()
        for child in try await context.children(of: resource) {
            try writer.write(child)
            if deep, child.isCollection { try await writeChildren(of: child, deep: true, &writer, context) }
        }
    }
}
