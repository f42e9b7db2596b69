import HTTPTypes
package import XMLStream

/// The filter of addressbook-query (RFC 6352, 10.5).
package struct AddressbookFilter: Hashable, Sendable {
    package enum Test: String, Sendable {
        case anyOf = "anyof"
        case allOf = "allof"

        init(_ element: XMLElement) throws(DAVError) {
            guard let test = Test(rawValue: element.attribute("test") ?? "anyof") else {
                throw AddressbookFilter.invalid("The test of a \(element.name.local) is neither anyof nor allof.")
            }
            self = test
        }
    }

    /// RFC 6352, 10.5.1.
    package struct Property: Hashable, Sendable {
        /// Upper case, without group.
        package var name: String
        /// Upper case; nil when any group will do.
        package var group: String?
        package var test: Test = .anyOf
        package var isNotDefined = false
        package var textMatches: [TextMatch] = []
        package var parameters: [Parameter] = []
    }

    /// RFC 6352, 10.5.2.
    package struct Parameter: Hashable, Sendable {
        /// Upper case.
        package var name: String
        package var isNotDefined = false
        package var textMatch: TextMatch?
    }

    package let test: Test
    /// None matches every card.
    package let properties: [Property]

    /// - Throws: 403 `valid-filter` or `supported-collation`.
    package init(_ element: XMLElement) throws(DAVError) {
        try FilterSize.check(element, .carddavSupportedFilter)
        test = try Test(element)
        var properties: [Property] = []
        for child in element.elements {
            guard child.name == .carddavPropFilter else {
                if child.name.namespace == DAVNamespace.carddav {
                    throw Self.invalid("The filter holds a \(child.name.local), which it cannot.")
                }
                continue
            }
            properties.append(try Property(child))
        }
        self.properties = properties
    }

    static func invalid(_ reason: String) -> DAVError { DAVError(.forbidden, .carddavValidFilter, reason) }

    static func name(of element: XMLElement) throws(DAVError) -> String {
        guard let name = element.attribute("name"), !name.isEmpty else {
            throw invalid("A \(element.name.local) has no name.")
        }
        return name.uppercased()
    }

    static func textMatch(_ element: XMLElement) throws(DAVError) -> TextMatch {
        try TextMatch(
            element, default: .unicodeCasemap, collationCondition: .carddavSupportedCollation,
            filterCondition: .carddavValidFilter)
    }
}

extension AddressbookFilter.Property {
    init(_ element: XMLElement) throws(DAVError) {
        let parts = try AddressbookFilter.name(of: element).split(separator: ".", maxSplits: 1)
        guard let last = parts.last else { throw AddressbookFilter.invalid("A prop-filter has no name.") }
        self.init(name: String(last), group: parts.count > 1 ? String(parts[0]) : nil)
        test = try AddressbookFilter.Test(element)
        for child in element.elements {
            switch child.name {
            case .carddavIsNotDefined: isNotDefined = true
            case .carddavTextMatch: textMatches.append(try AddressbookFilter.textMatch(child))
            case .carddavParamFilter: parameters.append(try AddressbookFilter.Parameter(child))
            case let other where other.namespace == DAVNamespace.carddav:
                throw AddressbookFilter.invalid("A prop-filter holds a \(other.local), which it cannot.")
            default: break
            }
        }
        guard !isNotDefined || (textMatches.isEmpty && parameters.isEmpty) else {
            throw AddressbookFilter.invalid("A prop-filter asks that \(name) is not there, and for its content.")
        }
    }
}

extension AddressbookFilter.Parameter {
    init(_ element: XMLElement) throws(DAVError) {
        self.init(name: try AddressbookFilter.name(of: element))
        for child in element.elements {
            switch child.name {
            case .carddavIsNotDefined: isNotDefined = true
            case .carddavTextMatch: textMatch = try AddressbookFilter.textMatch(child)
            case let other where other.namespace == DAVNamespace.carddav:
                throw AddressbookFilter.invalid("A param-filter holds a \(other.local), which it cannot.")
            default: break
            }
        }
        guard !isNotDefined || textMatch == nil else {
            throw AddressbookFilter.invalid("A param-filter asks that \(name) is not there, and for its content.")
        }
    }
}
