import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

/// The value of a property: what stands inside its element.
enum PropertyValue: Sendable {
    case text(String)
    case elements([XMLElement])
    /// The whole element with its attributes: for values that carry `xml:lang`.
    case element(XMLElement)

    static let empty = PropertyValue.elements([])

    static func href(_ href: String) -> PropertyValue { .elements([XMLElement(.href, text: href)]) }

    static func hrefs(_ hrefs: [String]) -> PropertyValue {
        .elements(hrefs.map { XMLElement(.href, text: $0) })
    }

    func write(_ name: XMLName, to xml: inout XMLWriter) {
        switch self {
        case .text(let text): xml.element(name, text: text)
        case .elements(let elements):
            if elements.isEmpty { return xml.empty(name) }
            xml.start(name)
            for element in elements { xml.element(element) }
            xml.end()
        case .element(let element): xml.element(element)
        }
    }
}

/// How the value of a property differs between the members of one collection; see ``MemberTemplate``.
enum MemberForm: Sendable {
    /// In any way: each is asked.
    case computed
    /// All have the same, or all have none.
    case constant
    case entityTag
    case contentLength
    case lastModified
}

/// What the value of a property is taken from.
struct PropertyScope {
    let resource: Resource
    let context: DAVContext
}

/// A property whose value the server knows: name, where it applies, how to get it and, for some, how to set it.
struct LiveProperty: Sendable {
    typealias Getter = @Sendable (PropertyScope) -> PropertyValue?
    /// Is given the new value, or nil to remove the property.
    typealias Setter = @Sendable (inout CollectionProperties, XMLElement?) throws(DAVError) -> Void

    let name: XMLName
    /// Where the property can exist; elsewhere it is not found.
    let kinds: ResourceKind
    /// Whether `allprop` gives it: those of RFC 4918 and cheap ones (RFC 4918, 9.1; RFC 4791, 5.2 asks for the others
    /// to stay out).
    let isInAllprop: Bool
    /// How the values of the members of a collection differ.
    let memberForm: MemberForm
    /// nil when the resource does not have the property.
    let get: Getter
    /// nil for protected properties.
    let set: Setter?
    /// Whether it can be set only while the collection is made.
    let isFixed: Bool

    init(
        _ name: XMLName, on kinds: ResourceKind = .all, inAllprop: Bool = false, fixed: Bool = false,
        member: MemberForm = .computed, set: Setter? = nil, get: @escaping Getter
    ) {
        self.name = name
        self.kinds = kinds
        self.isInAllprop = inAllprop
        self.isFixed = fixed
        memberForm = member
        self.set = set
        self.get = get
    }

    func value(_ scope: PropertyScope) -> PropertyValue? {
        kinds.contains(scope.resource.kind) ? get(scope) : nil
    }
}

extension LiveProperty {
    /// A property of collections that is a text kept as it is.
    static func storedText(
        _ name: XMLName, on kinds: ResourceKind, inAllprop: Bool = false, maximumLength: Int = 4_096,
        field: @escaping @Sendable () -> WritableKeyPath<CollectionProperties, String?>,
        get: Getter? = nil
    ) -> LiveProperty {
        LiveProperty(
            name, on: kinds, inAllprop: inAllprop,
            set: { (properties, element) throws(DAVError) in
                let text = element?.text
                guard (text?.utf8.count ?? 0) <= maximumLength else {
                    throw DAVError(.forbidden, "The \(name.local) is longer than \(maximumLength) bytes.")
                }
                properties[keyPath: field()] = text
            },
            get: get ?? { scope in scope.resource.collection?.properties[keyPath: field()].map(PropertyValue.text) })
    }
}
