import HTTPTypes
package import XMLStream

/// The body of principal-match (RFC 3744, 9.3).
package struct PrincipalMatchRequest: Hashable, Sendable {
    package enum Match: Hashable, Sendable {
        /// Principals that are the user, or groups the user is in.
        case selfPrincipal
        /// Resources that name the user in a property such as `DAV:owner`.
        case property(XMLName)
    }

    package let match: Match
    package let selection: PropertySelection

    package init(_ root: XMLElement) throws(DAVError) {
        if root.first(.selfPrincipal) != nil {
            match = .selfPrincipal
        } else if let name = root.first(.principalProperty)?.elements.first?.name {
            match = .property(name)
        } else {
            throw DAVError(.badRequest, "The principal-match has neither self nor principal-property.")
        }
        selection = try PropertySelection(in: root) ?? .listed([])
    }
}
