import HTTPTypes
package import XMLStream

/// The body of ACL (RFC 3744, 8.1): the entries that shall hold from now on.
package struct ACLRequest: Hashable, Sendable {
    /// Whom an entry is about (RFC 3744, 5.5.1).
    package enum Principal: Hashable, Sendable {
        /// As written by the client.
        case href(String)
        case all
        case authenticated
        case unauthenticated
        case selfPrincipal
        case property(XMLName?)
    }

    package struct Entry: Hashable, Sendable {
        package let principal: Principal
        package let isInverted: Bool
        package let isGrant: Bool
        package let privileges: [XMLName]
        /// Given back as the server said it: not the client's to change.
        package let isFixed: Bool
    }

    package let entries: [Entry]

    private static let maximumEntries = 1_000

    /// - Throws: 400 for other bodies than `acl`, 403 `limited-number-of-aces`.
    package init(parsing body: [UInt8]) throws(DAVError) {
        let root = try RequestBody.parse(body, root: .acl)
        var entries: [Entry] = []
        for ace in root.all(.ace) { entries.append(try Entry(ace)) }
        guard entries.count <= Self.maximumEntries else {
            throw DAVError(.forbidden, .limitedNumberOfAces, "At most \(Self.maximumEntries) entries are kept.")
        }
        self.entries = entries
    }
}

extension ACLRequest.Entry {
    fileprivate init(_ ace: XMLElement) throws(DAVError) {
        let inverted = ace.first(.invert)
        isInverted = inverted != nil
        principal = try ACLRequest.Principal((inverted ?? ace).required(.principal))
        let grant = ace.first(.grant)
        isGrant = grant != nil
        guard let rights = grant ?? ace.first(.deny) else {
            throw DAVError(.badRequest, "An entry neither grants nor denies.")
        }
        privileges = rights.all(.privilege).flatMap { $0.elements.map(\.name) }
        isFixed = ace.first(.protected) != nil || ace.first(.inherited) != nil
    }
}

extension ACLRequest.Principal {
    fileprivate init(_ element: XMLElement) throws(DAVError) {
        guard let first = element.elements.first else {
            throw DAVError(.badRequest, "The principal of an entry is empty.")
        }
        switch first.name {
        case .href: self = .href(first.trimmedText)
        case .all: self = .all
        case .authenticated: self = .authenticated
        case .unauthenticated: self = .unauthenticated
        case .selfPrincipal: self = .selfPrincipal
        case .property: self = .property(first.elements.first?.name)
        default: throw DAVError(.badRequest, "The principal of an entry is a \(first.name), which means nobody.")
        }
    }
}
