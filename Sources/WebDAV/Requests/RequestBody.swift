import HTTPTypes
package import XMLStream

/// Reads the XML bodies of requests.
package enum RequestBody {
    /// The root element of a body.
    /// - Throws: 400 for a body that is no XML, 403 `no-external-entities` for one with a DOCTYPE, 413 for one beyond
    ///   the limits.
    package static func parse(_ body: [UInt8], limits: XMLLimits = .request) throws(DAVError) -> XMLElement {
        do {
            return try XMLElement(parsing: body, limits: limits)
        } catch {
            throw DAVError(error)
        }
    }

    /// The root element, which must have this name.
    static func parse(_ body: [UInt8], root name: XMLName) throws(DAVError) -> XMLElement {
        let root = try parse(body)
        guard root.name == name else {
            throw DAVError(.badRequest, "The body is a \(root.name), not a \(name).")
        }
        return root
    }
}

extension XMLElement {
    /// The child that must be there.
    func required(_ name: XMLName) throws(DAVError) -> XMLElement {
        guard let child = first(name) else {
            throw DAVError(.badRequest, "The element \(self.name) lacks a \(name).")
        }
        return child
    }

    /// The attribute that must be there.
    func requiredAttribute(_ local: String) throws(DAVError) -> String {
        guard let value = attribute(local) else {
            throw DAVError(.badRequest, "The element \(name) lacks the attribute \(local).")
        }
        return value
    }

    /// An attribute that is `yes` or `no`.
    func flag(_ local: String) throws(DAVError) -> Bool {
        switch attribute(local) {
        case nil, "no": return false
        case "yes": return true
        default: throw DAVError(.badRequest, "The attribute \(local) of \(name) is neither yes nor no.")
        }
    }

    /// The hrefs directly inside, in their order.
    var hrefs: [String] {
        children.compactMap { child in
            guard case .element(let element) = child, element.name == .href else { return nil }
            return element.trimmedText
        }
    }

    /// The number in `name`, at least 1.
    func count(_ name: XMLName) throws(DAVError) -> Int {
        guard let value = Int(try required(name).trimmedText), value > 0 else {
            throw DAVError(.badRequest, "The \(name) is not a positive number.")
        }
        return value
    }
}
