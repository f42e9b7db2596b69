import HTTPTypes
package import XMLStream

/// The body of MKCALENDAR (RFC 4791, 9.2) or of an extended MKCOL (RFC 5689, 5.1).
package struct MakeCollectionRequest: Hashable, Sendable {
    /// The elements of `DAV:resourcetype`; nil when the body does not set it.
    package let resourceType: [XMLName]?
    /// The other properties, in the order of the document.
    package let properties: [XMLElement]

    /// - Parameter root: `mkcalendar` or `DAV:mkcol`. An empty body sets nothing.
    package init(parsing body: [UInt8], root name: XMLName) throws(DAVError) {
        var resourceType: [XMLName]?
        var properties: [XMLElement] = []
        if !body.isEmpty {
            let root = try RequestBody.parse(body, root: name)
            for set in root.all(.set) {
                for property in try set.required(.prop).properties(language: set.language ?? root.language) {
                    if property.name == .resourcetype {
                        resourceType = property.elements.map(\.name)
                    } else {
                        properties.append(property)
                    }
                }
            }
            guard root.first(.remove) == nil else {
                throw DAVError(.badRequest, "A new collection has no properties that could be removed.")
            }
        }
        self.resourceType = resourceType
        self.properties = properties
    }
}
