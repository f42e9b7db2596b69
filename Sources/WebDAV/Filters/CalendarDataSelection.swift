import HTTPTypes
package import XMLStream

/// What of a calendar object is wanted: the content of `calendar-data` in a REPORT (RFC 4791, 9.6).
package struct CalendarDataSelection: Hashable, Sendable {
    /// RFC 4791, 9.6.1.
    package struct Component: Hashable, Sendable {
        /// Upper case.
        package let name: String
        /// nil is all.
        package let properties: [Property]?
        /// nil is all.
        package let components: [Component]?
    }

    /// RFC 4791, 9.6.4.
    package struct Property: Hashable, Sendable {
        /// Upper case.
        package let name: String
        /// Whether the value is left out.
        package let isNameOnly: Bool
    }

    package enum Recurrence: Hashable, Sendable {
        /// RFC 4791, 9.6.5: each instance as an event of its own, in UTC.
        case expand(RequestedTimeRange)
        /// RFC 4791, 9.6.6: overrides outside the range are left out.
        case limit(RequestedTimeRange)
    }

    /// For VCALENDAR; nil is all.
    package let component: Component?
    package let recurrence: Recurrence?
    /// RFC 4791, 9.6.7: periods outside the range are left out.
    package let freeBusyLimit: RequestedTimeRange?

    /// Whether the stored bytes are what is wanted.
    package var isWhole: Bool { component == nil && recurrence == nil && freeBusyLimit == nil }

    /// - Throws: 403 `supported-calendar-data` for other formats than iCalendar 2.0.
    package init(_ element: XMLElement) throws(DAVError) {
        let type = element.attribute("content-type") ?? "text/calendar"
        let version = element.attribute("version") ?? "2.0"
        guard type.lowercased() == "text/calendar", version == "2.0" else {
            throw DAVError(
                .forbidden, .supportedCalendarData,
                "Calendar data comes as text/calendar 2.0, not as \(type) \(version).")
        }
        component = try element.first(.comp).map { (comp) throws(DAVError) in try Component(comp) }
        guard component.map({ $0.name == "VCALENDAR" }) ?? true else {
            throw DAVError(.badRequest, "The outermost comp of calendar-data is not VCALENDAR.")
        }
        if let expand = element.first(.expand) {
            recurrence = .expand(try RequestedTimeRange(expand, isClosed: true))
        } else if let limit = element.first(.limitRecurrenceSet) {
            recurrence = .limit(try RequestedTimeRange(limit, isClosed: true))
        } else {
            recurrence = nil
        }
        freeBusyLimit = try element.first(.limitFreebusySet).map { (limit) throws(DAVError) in
            try RequestedTimeRange(limit, isClosed: true)
        }
    }
}

extension CalendarDataSelection.Component {
    fileprivate init(_ element: XMLElement) throws(DAVError) {
        name = try element.requiredAttribute("name").uppercased()
        var properties: [CalendarDataSelection.Property]? = []
        var components: [CalendarDataSelection.Component]? = []
        for child in element.elements {
            switch child.name {
            case .caldavAllprop: properties = nil
            case .allcomp: components = nil
            case .caldavProp:
                properties?.append(
                    CalendarDataSelection.Property(
                        name: try child.requiredAttribute("name").uppercased(),
                        isNameOnly: try child.flag("novalue")))
            case .comp: components?.append(try CalendarDataSelection.Component(child))
            default: break
            }
        }
        self.properties = properties
        self.components = components
    }
}
