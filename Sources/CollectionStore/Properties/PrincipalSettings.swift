/// What a principal's directory says about the person: homes, addresses, delegates.
package struct PrincipalSettings: Hashable, Sendable {
    /// Names relative to the principal. Never empty.
    package var calendarHomes = ["calendars"]
    package var addressbookHomes = ["contacts"]
    /// `mailto:` and other addresses of the person.
    package var addresses: [String] = []
    /// INDIVIDUAL, GROUP, RESOURCE, ROOM; nil is INDIVIDUAL.
    package var userType: String?
    /// Path of the calendar where invitations go.
    package var defaultCalendarURL: String?
    package var calendarProxyReadFor: [String] = []
    package var calendarProxyWriteFor: [String] = []

    /// Collections of others that their owners have shared with this person. What the person may do there is said by
    /// the collection itself; an entry whose grant is gone means nothing.
    package var shares: [CollectionPath] = []
    /// `DAV:displayname`; the name of the directory when it is nil.
    package var displayName: String?
    /// Properties without meaning to the server, as XML by Clark name.
    package var deadProperties: [String: String] = [:]

    package init() {}

    /// Fixed by the layout.
    package static let inbox = "inbox"
    package static let outbox = "outbox"
}
