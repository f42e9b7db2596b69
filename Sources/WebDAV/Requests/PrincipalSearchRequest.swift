import HTTPTypes
package import XMLStream

/// The body of principal-property-search (RFC 3744, 9.4).
package struct PrincipalSearchRequest: Hashable, Sendable {
    /// All the properties must contain the text.
    package struct Criterion: Hashable, Sendable {
        package let properties: [XMLName]
        package let text: String
    }

    /// None: everybody is meant. The RFC wants one at least, python-caldav leaves it out to see all.
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
        self.criteria = criteria
        isAnyOf = root.attribute("test") == "anyof" && !criteria.isEmpty
        let selection = try PropertySelection(in: root) ?? .listed([])
        self.selection = selection == .listed([]) ? .listed(Self.misplaced(in: root)) : selection
    }

    /// python-caldav sends an empty `prop`, and what it wants beside it.
    private static func misplaced(in root: XMLElement) -> [XMLElement] {
        root.elements.filter { ![.propertySearch, .prop, .applyToPrincipalCollectionSet].contains($0.name) }
    }
}
