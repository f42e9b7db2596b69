/// The properties of a collection that its owner can set. nil is "not set".
package struct CollectionProperties: Hashable, Sendable {
    /// `DAV:displayname`. Clients are shown the collection's name when it is nil.
    package var displayName: String?
    /// `CALDAV:calendar-description` or `CARDDAV:addressbook-description`; may have several lines.
    package var description: String?
    /// `#rrggbb` or `#rrggbbaa`, as the client wrote it.
    package var color: String?
    /// Apple's `calendar-order`, a decimal number as the client wrote it.
    package var order: String?
    package var comment: String?
    /// Where a subscription's events come from.
    package var source: String?
    /// How often a subscription is refreshed, an RFC 5545 duration.
    package var refreshRate: String?
    /// `CALDAV:calendar-timezone`: an iCalendar object with one VTIMEZONE, lines ending in CRLF.
    package var timeZone: String?
    /// `CALDAV:calendar-timezone-id` (RFC 7809).
    package var timeZoneID: String?
    /// `DAV:resource-id` (RFC 5842), a UUID.
    package var resourceID: String?
    /// Component types the calendar takes, upper case; nil is the default set.
    package var supportedComponents: [String]?
    /// Properties this server does not know: XML element by Clark name (`{namespace}local`).
    package var deadProperties: [String: String] = [:]
    /// The same for members, by their names.
    package var memberProperties: [MemberName: [String: String]] = [:]
    /// `CALDAV:calendar-availability` (RFC 7953): an iCalendar object, lines ending in CRLF.
    package var availability: String?
    /// What others than the owner may do.
    package var grants: [AccessGrant] = []

    package init() {}

    /// What a calendar takes when nothing is set.
    package static let defaultComponents = ["VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"]
}
