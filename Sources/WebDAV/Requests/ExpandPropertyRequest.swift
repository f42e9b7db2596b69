package import XMLStream

/// The body of expand-property (RFC 3253, 3.8).
package struct ExpandPropertyRequest: Hashable, Sendable {
    /// A property; the resources that its hrefs name are asked for `children`.
    package struct Property: Hashable, Sendable {
        package let name: XMLName
        package let children: [Property]
    }

    package let properties: [Property]

    package init(_ root: XMLElement) throws(DAVError) {
        properties = try Self.properties(in: root)
    }

    private static func properties(in element: XMLElement) throws(DAVError) -> [Property] {
        var result: [Property] = []
        for child in element.all(.property) {
            let name = XMLName(
                child.attribute("namespace") ?? DAVNamespace.dav, try child.requiredAttribute("name"))
            result.append(Property(name: name, children: try properties(in: child)))
        }
        return result
    }
}
