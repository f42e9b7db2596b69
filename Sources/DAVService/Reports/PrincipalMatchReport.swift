import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

/// principal-match (RFC 3744, 9.3): who am I, and what here is mine?
struct PrincipalMatchReport: DAVReport {
    let name = XMLName.principalMatch
    let kinds = ResourceKind.collections

    func respond(_ root: XMLElement, _ resource: Resource, _ context: DAVContext) async throws -> DAVResponse {
        guard try Depth(header: context.request.headers[.depth], default: .zero) == .zero else {
            throw DAVError(.badRequest, "The Depth of principal-match is 0; it looks at everything below by itself.")
        }
        let request = try PrincipalMatchRequest(root)
        var writer = PropertyWriter(request.selection, context: context)
        switch request.match {
        case .selfPrincipal:
            if context.principal.isWithin(resource.path), let own = try await context.resource(at: context.principal) {
                try writer.write(own)
            }
        case .property(let name):
            try await visit(resource, naming: name, &writer, context)
        }
        return .multistatus(writer.finish())
    }

    /// Resources whose property holds the address of the user.
    private func visit(
        _ resource: Resource, naming name: XMLName, _ writer: inout PropertyWriter, _ context: DAVContext
    ) async throws {
        try context.checkTime()
        let scope = PropertyScope(resource: resource, context: context)
        if let value = PropertyRegistry.byName[name]?.value(scope) {
            let hrefs = value.element(name).all(.href).map(\.trimmedText)
            if hrefs.contains(where: { (try? context.path(href: $0)) == context.principal }) {
                try writer.write(resource)
            }
        }
        for child in try await context.children(of: resource) {
            try await visit(child, naming: name, &writer, context)
        }
    }
}

/// acl-principal-prop-set (RFC 3744, 9.2): properties of those whom the entries of a resource are about.
struct ACLPrincipalPropSetReport: DAVReport {
    let name = XMLName.aclPrincipalPropSet
    let kinds = ResourceKind.all

    func respond(_ root: XMLElement, _ resource: Resource, _ context: DAVContext) async throws -> DAVResponse {
        try await context.require(.readAcl, on: resource.path)
        guard try Depth(header: context.request.headers[.depth], default: .zero) == .zero else {
            throw DAVError(.badRequest, "The Depth of acl-principal-prop-set is 0.")
        }
        let selection = try PropertySelection(ofReport: root)
        var writer = PropertyWriter(selection, context: context)
        var paths: [CollectionPath] = []
        if let owner = context.owner(of: resource.path) { paths.append(owner) }
        for grant in resource.collection?.properties.grants ?? [] {
            if case .principal(let path) = grant.grantee, !paths.contains(path) { paths.append(path) }
        }
        for path in paths {
            if let principal = try await context.resource(at: path) { try writer.write(principal) }
        }
        return .multistatus(writer.finish())
    }
}
