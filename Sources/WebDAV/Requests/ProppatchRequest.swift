import HTTPTypes
package import XMLStream

/// One instruction of a PROPPATCH.
package enum PropertyUpdate: Hashable, Sendable {
    /// The property with its value; `xml:lang` of an ancestor is put on the element itself.
    case set(XMLElement)
    case remove(XMLName)

    package var name: XMLName {
        switch self {
        case .set(let element): element.name
        case .remove(let name): name
        }
    }
}

/// The body of PROPPATCH (RFC 4918, 14.19): instructions in the order of the document.
package struct ProppatchRequest: Hashable, Sendable {
    package let updates: [PropertyUpdate]

    package init(parsing body: [UInt8]) throws(DAVError) {
        let root = try RequestBody.parse(body, root: .propertyupdate)
        var updates: [PropertyUpdate] = []
        for child in root.elements where child.name == .set || child.name == .remove {
            let properties = try child.required(.prop).properties(language: child.language ?? root.language)
            for property in properties {
                updates.append(child.name == .set ? .set(property) : .remove(property.name))
            }
        }
        guard !updates.isEmpty else {
            throw DAVError(.badRequest, "The propertyupdate sets and removes nothing.")
        }
        self.updates = updates
    }
}

extension XMLElement {
    /// The properties inside `DAV:prop`, each with the `xml:lang` that is in force for it (RFC 4918, 4.3).
    func properties(language outer: String?) -> [XMLElement] {
        let inherited = language ?? outer
        return elements.map { property in
            guard property.language == nil, let inherited else { return property }
            var property = property
            property.attributes.append(XMLAttribute(.xmlLang, inherited))
            return property
        }
    }
}
