import HTTPTypes
package import XMLStream

/// The filter of calendar-query (RFC 4791, 9.7): a tree that follows the tree of components.
package struct CalendarFilter: Hashable, Sendable {
    /// RFC 4791, 9.7.1. All its parts must hold for the same component.
    package struct Component: Hashable, Sendable {
        /// Upper case.
        package var name: String
        package var isNotDefined = false
        package var timeRange: RequestedTimeRange?
        package var properties: [Property] = []
        package var components: [Component] = []

        package init(name: String) { self.name = name }
    }

    /// RFC 4791, 9.7.2.
    package struct Property: Hashable, Sendable {
        /// Upper case.
        package var name: String
        package var isNotDefined = false
        package var timeRange: RequestedTimeRange?
        package var textMatch: TextMatch?
        package var parameters: [Parameter] = []

        package init(name: String) { self.name = name }
    }

    /// RFC 4791, 9.7.3.
    package struct Parameter: Hashable, Sendable {
        /// Upper case.
        package var name: String
        package var isNotDefined = false
        package var textMatch: TextMatch?

        package init(name: String) { self.name = name }
    }

    /// Always for VCALENDAR.
    package let root: Component

    package init(root: Component) { self.root = root }

    /// - Throws: 403 `valid-filter` for filters that break the grammar, `supported-filter` for too large ones,
    ///   `supported-collation`.
    package init(_ element: XMLElement) throws(DAVError) {
        try FilterSize.check(element, .caldavSupportedFilter)
        let roots = element.elements
        guard roots.count == 1, roots[0].name == .compFilter else {
            throw Self.invalid("The filter does not hold exactly one comp-filter.")
        }
        root = try Component(roots[0])
        guard root.name == "VCALENDAR" else {
            throw Self.invalid("The outermost comp-filter is for \(root.name), not for VCALENDAR.")
        }
        guard root.timeRange == nil else {
            throw Self.invalid("A time-range stands directly below VCALENDAR, where nothing has a time.")
        }
    }

    static func invalid(_ reason: String) -> DAVError { DAVError(.forbidden, .caldavValidFilter, reason) }

    static func name(of element: XMLElement) throws(DAVError) -> String {
        guard let name = element.attribute("name"), !name.isEmpty else {
            throw invalid("A \(element.name.local) has no name.")
        }
        return name.uppercased()
    }

    static func textMatch(_ element: XMLElement) throws(DAVError) -> TextMatch {
        try TextMatch(
            element, default: .asciiCasemap, collationCondition: .caldavSupportedCollation,
            filterCondition: .caldavValidFilter)
    }
}

extension CalendarFilter.Component {
    /// Components that have a time of their own (RFC 4791, 9.9).
    private static let timed: Set = [
        "VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VALARM", "VAVAILABILITY", "AVAILABLE",
    ]

    init(_ element: XMLElement) throws(DAVError) {
        self.init(name: try CalendarFilter.name(of: element))
        for child in element.elements {
            switch child.name {
            case .caldavIsNotDefined: isNotDefined = true
            case .timeRange:
                guard timeRange == nil else { throw CalendarFilter.invalid("A comp-filter has two time-ranges.") }
                guard Self.timed.contains(name) else {
                    throw CalendarFilter.invalid("A time-range cannot be asked of \(name).")
                }
                timeRange = try RequestedTimeRange(child)
            case .caldavPropFilter: properties.append(try CalendarFilter.Property(child))
            case .compFilter: components.append(try CalendarFilter.Component(child))
            case let other where other.namespace == DAVNamespace.caldav:
                throw CalendarFilter.invalid("A comp-filter holds a \(other.local), which it cannot.")
            default: break
            }
        }
        guard !isNotDefined || (timeRange == nil && properties.isEmpty && components.isEmpty) else {
            throw CalendarFilter.invalid("A comp-filter asks that \(name) is not there, and for its content.")
        }
    }
}

extension CalendarFilter.Property {
    init(_ element: XMLElement) throws(DAVError) {
        self.init(name: try CalendarFilter.name(of: element))
        for child in element.elements {
            switch child.name {
            case .caldavIsNotDefined: isNotDefined = true
            case .timeRange: timeRange = try RequestedTimeRange(child)
            case .caldavTextMatch: textMatch = try CalendarFilter.textMatch(child)
            case .caldavParamFilter: parameters.append(try CalendarFilter.Parameter(child))
            case let other where other.namespace == DAVNamespace.caldav:
                throw CalendarFilter.invalid("A prop-filter holds a \(other.local), which it cannot.")
            default: break
            }
        }
        guard !isNotDefined || (timeRange == nil && textMatch == nil && parameters.isEmpty) else {
            throw CalendarFilter.invalid("A prop-filter asks that \(name) is not there, and for its content.")
        }
        guard timeRange == nil || textMatch == nil else {
            throw CalendarFilter.invalid("A prop-filter for \(name) has both a time-range and a text-match.")
        }
    }
}

extension CalendarFilter.Parameter {
    init(_ element: XMLElement) throws(DAVError) {
        self.init(name: try CalendarFilter.name(of: element))
        for child in element.elements {
            switch child.name {
            case .caldavIsNotDefined: isNotDefined = true
            case .caldavTextMatch: textMatch = try CalendarFilter.textMatch(child)
            case let other where other.namespace == DAVNamespace.caldav:
                throw CalendarFilter.invalid("A param-filter holds a \(other.local), which it cannot.")
            default: break
            }
        }
        guard !isNotDefined || textMatch == nil else {
            throw CalendarFilter.invalid("A param-filter asks that \(name) is not there, and for its content.")
        }
    }
}
