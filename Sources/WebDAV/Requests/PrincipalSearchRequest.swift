import HTTPTypes
package import XMLStream

/// The body of principal-property-search (RFC 3744, 9.4).
package struct PrincipalSearchRequest: Hashable, Sendable {
    /// All the properties must contain the text.
    package struct Criterion: Hashable, Sendable {
        package let properties: [XMLName]
        package let text: String
    }

    package let criteria: [Criterion]
    /// Whether one criterion is enough; an attribute that Apple's clients send.
    package let isAnyOf: Bool
    package let selection: PropertySelection

    package init(_ root: XMLElement) throws(DAVError) {
        var criteria: [Criterion] = []
        for search in root.all(.propertySearch) {
            criteria.append(
                Criterion(
                    properties: try search.required(.prop).elements.map(\.name),
                    text: try search.required(.match).trimmedText))
        }
        guard !criteria.isEmpty else {
            throw DAVError(.badRequest, "The search has no property-search.")
        }
        self.criteria = criteria
        isAnyOf = root.attribute("test") == "anyof"
        selection = try PropertySelection(in: root) ?? .listed([])
    }
}
