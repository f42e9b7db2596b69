import HTTPTypes
import WebDAV
import XMLStream

/// expand-property (RFC 3253, 3.8): properties, and properties of the resources that their hrefs name.
struct ExpandPropertyReport: DAVReport {
    let name = XMLName.expandProperty
    let kinds = ResourceKind.all

    /// How many resources one answer may tell of.
    private static let maximumResources = 1_000
    /// How far hrefs are followed.
    private static let maximumDepth = 8

    func respond(_ root: XMLElement, _ resource: Resource, _ context: DAVContext) async throws -> DAVResponse {
        let request = try ExpandPropertyRequest(root)
        var remaining = Self.maximumResources
        let response = try await expand(resource, request.properties, depth: 0, &remaining, context)
        var writer = XMLWriter(prefixes: DAVNamespace.prefixes)
        writer.declaration()
        writer.element(XMLElement(.multistatus, [response]))
        return .multistatus(writer.bytes)
    }

    private func expand(
        _ resource: Resource, _ properties: [ExpandPropertyRequest.Property], depth: Int, _ remaining: inout Int,
        _ context: DAVContext
    ) async throws -> XMLElement {
        remaining -= 1
        guard remaining >= 0, depth <= Self.maximumDepth else {
            throw DAVError(
                .insufficientStorage, .numberOfMatchesWithinLimits, "The properties lead to too many resources.")
        }
        var found: [XMLElement] = []
        var missing: [XMLElement] = []
        let scope = PropertyScope(resource: resource, context: context)
        for property in properties {
            guard let value = PropertyRegistry.byName[property.name]?.value(scope) else {
                missing.append(XMLElement(property.name))
                continue
            }
            guard case .elements(let elements) = value, !property.children.isEmpty else {
                found.append(value.element(property.name))
                continue
            }
            var expanded: [XMLElement] = []
            for element in elements {
                guard element.name == .href, let path = try? context.path(href: element.trimmedText),
                    try await context.mayRead(path), let target = try await context.resource(at: path)
                else {
                    expanded.append(element)
                    continue
                }
                expanded.append(try await expand(target, property.children, depth: depth + 1, &remaining, context))
            }
            found.append(XMLElement(property.name, expanded))
        }
        var parts = [XMLElement(.href, text: context.href(resource))]
        if !found.isEmpty || missing.isEmpty { parts.append(propstat(.ok, found)) }
        if !missing.isEmpty, !context.preferences.isMinimal || found.isEmpty {
            parts.append(propstat(.notFound, missing))
        }
        return XMLElement(.response, parts)
    }

    private func propstat(_ status: HTTPResponse.Status, _ properties: [XMLElement]) -> XMLElement {
        XMLElement(
            .propstat, [XMLElement(.prop, properties), XMLElement(.status, text: status.line)])
    }
}

extension PropertyValue {
    func element(_ name: XMLName) -> XMLElement {
        switch self {
        case .text(let text): XMLElement(name, text: text)
        case .elements(let elements): XMLElement(name, elements)
        case .element(let element): element
        }
    }
}
