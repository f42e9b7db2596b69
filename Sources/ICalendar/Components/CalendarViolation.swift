/// A way in which calendar data is not what a calendar collection stores.
package struct CalendarViolation: Sendable, Hashable {
    package let precondition: Precondition
    /// For a person: what is wrong and where.
    package let message: String

    package init(_ precondition: Precondition, _ message: String) {
        self.precondition = precondition
        self.message = message
    }

    /// The element of RFC 4791 5.3.2.1 or RFC 7529 (namespace urn:ietf:params:xml:ns:caldav) that names the violation.
    package struct Precondition: Hashable, Sendable, CustomStringConvertible {
        /// The local name of the element.
        package let description: String
        private init(_ description: String) { self.description = description }

        package static let validCalendarData = Precondition("valid-calendar-data")
        package static let validCalendarObjectResource = Precondition("valid-calendar-object-resource")
        package static let supportedCalendarComponent = Precondition("supported-calendar-component")
        /// RFC 7529: recurrence by a calendar that is not in `CALDAV:supported-rscale-set`, or with parts that are not
        /// evaluated by that calendar.
        package static let supportedRscale = Precondition("supported-rscale")
        package static let maxResourceSize = Precondition("max-resource-size")
        package static let maxInstances = Precondition("max-instances")
        package static let maxAttendeesPerInstance = Precondition("max-attendees-per-instance")
        package static let minDateTime = Precondition("min-date-time")
        package static let maxDateTime = Precondition("max-date-time")
    }
}

/// What a calendar collection asks of the objects stored in it.
package struct ObjectRequirements: Sendable {
    /// CALDAV:supported-calendar-component-set; nil for any.
    package var supportedComponents: Set<ComponentKind>?
    /// In bytes.
    package var maximumSize: Int?
    /// Instances of a bounded recurrence set. An unbounded one always passes.
    package var maximumInstances: Int?
    package var maximumAttendees: Int?
    /// Also refuse what RFC 5545 forbids but programs write and read in practice.
    package var isStrict: Bool

    package init(
        supportedComponents: Set<ComponentKind>? = nil,
        maximumSize: Int? = nil,
        maximumInstances: Int? = nil,
        maximumAttendees: Int? = nil,
        isStrict: Bool = false
    ) {
        self.supportedComponents = supportedComponents
        self.maximumSize = maximumSize
        self.maximumInstances = maximumInstances
        self.maximumAttendees = maximumAttendees
        self.isStrict = isStrict
    }
}
