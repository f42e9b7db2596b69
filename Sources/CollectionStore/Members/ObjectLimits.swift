/// How much one calendar object may hold. Far beyond what people enter: the limits keep one object from occupying the server.
package enum ObjectLimits {
    /// Instances of a recurrence that ends (RFC 4791, 5.2.8); one that does not end is always taken. Daily for 273 years.
    package static let maxInstances = 100_000
    /// ATTENDEE properties of one component (RFC 4791, 5.2.9).
    package static let maxAttendees = 10_000
}
