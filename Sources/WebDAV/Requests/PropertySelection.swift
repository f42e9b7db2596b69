import HTTPTypes
package import XMLStream

/// Which properties a PROPFIND or a REPORT asks for.
package enum PropertySelection: Hashable, Sendable {
    /// The properties of RFC 4918 and those named in `DAV:include`.
    case all(including: [XMLElement])
    /// The names of all properties, without values.
    case names
    /// These. Some, such as `calendar-data`, say in their content what of the value is wanted.
    case listed([XMLElement])

    /// Reads the child of a PROPFIND or REPORT root that selects properties.
    /// - Returns: nil when there is none.
    /// - Throws: 400 when there is more than one.
    init?(in root: XMLElement) throws(DAVError) {
        var selection: PropertySelection?
        for child in root.elements {
            let next: PropertySelection
            switch child.name {
            case .prop: next = .listed(child.elements)
            case .allprop: next = .all(including: root.first(.include)?.elements ?? [])
            case .propname: next = .names
            default: continue
            }
            guard selection == nil else {
                throw DAVError(.badRequest, "The body has more than one of prop, allprop and propname.")
            }
            selection = next
        }
        guard let selection else { return nil }
        self = selection
    }

    /// What a REPORT asks for whose body says nothing else; nothing when it does not say.
    package init(ofReport root: XMLElement) throws(DAVError) {
        self = try PropertySelection(in: root) ?? .listed([])
    }
}
