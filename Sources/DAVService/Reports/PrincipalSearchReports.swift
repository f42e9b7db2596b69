import HTTPTypes
import WebDAV
import XMLStream

/// principal-property-search (RFC 3744, 9.4): people by name or address.
struct PrincipalPropertySearchReport: DAVReport {
    let name = XMLName.principalPropertySearch
    let kinds = ResourceKind.collections

    /// How many people one answer tells of.
    private static let maximumCount = 1_000

    func respond(_ root: XMLElement, _ resource: Resource, _ context: DAVContext) async throws -> DAVResponse {
        let request = try PrincipalSearchRequest(root)
        var writer = PropertyWriter(request.selection, context: context)
        var count = 0
        for principal in try await PrincipalDirectory(context).all() where matches(principal, request, context) {
            guard count < Self.maximumCount else {
                throw DAVError(
                    .insufficientStorage, .numberOfMatchesWithinLimits,
                    "More than \(Self.maximumCount) people match; ask for more of the name.")
            }
            count += 1
            try writer.write(principal)
        }
        return .multistatus(writer.finish())
    }

    private func matches(_ principal: Resource, _ request: PrincipalSearchRequest, _ context: DAVContext) -> Bool {
        let scope = PropertyScope(resource: principal, context: context)
        func holds(_ criterion: PrincipalSearchRequest.Criterion) -> Bool {
            let match = TextMatch(text: criterion.text, collation: .unicodeCasemap)
            return criterion.properties.allSatisfy { name in
                guard let value = PropertyRegistry.byName[name]?.value(scope) else { return false }
                let element = value.element(name)
                return ([element] + element.elements).contains { !$0.text.isEmpty && match.matches($0.text) }
            }
        }
        return request.isAnyOf ? request.criteria.contains(where: holds) : request.criteria.allSatisfy(holds)
    }
}

/// principal-search-property-set (RFC 3744, 9.5): what can be searched for.
struct PrincipalSearchPropertySetReport: DAVReport {
    let name = XMLName.principalSearchPropertySet
    let kinds = ResourceKind.collections

    private static let searchable: [(XMLName, String)] = [
        (.displayname, "Name"), (.calendarUserAddressSet, "Calendar address"), (.emailAddressSet, "E-mail address"),
    ]

    func respond(_ root: XMLElement, _ resource: Resource, _ context: DAVContext) async throws -> DAVResponse {
        var writer = XMLWriter(prefixes: DAVNamespace.prefixes)
        writer.declaration()
        writer.element(.principalSearchPropertySet) { writer in
            for (name, title) in Self.searchable {
                writer.element(.principalSearchProperty) { writer in
                    writer.element(.prop) { $0.empty(name) }
                    writer.element(.description, text: title, attributes: [XMLAttribute(.xmlLang, "en")])
                }
            }
        }
        return DAVResponse(
            status: .ok, headers: [.contentType: DAVResponse.xmlContentType], body: .bytes(writer.bytes))
    }
}
