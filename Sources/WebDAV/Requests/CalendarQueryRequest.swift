package import XMLStream

/// The body of calendar-query (RFC 4791, 9.5).
package struct CalendarQueryRequest: Hashable, Sendable {
    package let selection: PropertySelection
    package let filter: CalendarFilter
    /// An iCalendar object with the VTIMEZONE in which floating times are read (RFC 4791, 9.8).
    package let timeZone: String?
    /// The same by name (RFC 7809, 5.2).
    package let timeZoneID: String?

    package init(_ root: XMLElement) throws(DAVError) {
        selection = try PropertySelection(in: root) ?? .listed([])
        filter = try CalendarFilter(root.required(.caldavFilter))
        timeZone = root.first(.timezone)?.text
        timeZoneID = root.first(.timezoneID)?.trimmedText
    }
}

/// The body of free-busy-query (RFC 4791, 9.11).
package struct FreeBusyQueryRequest: Hashable, Sendable {
    package let range: RequestedTimeRange

    package init(_ root: XMLElement) throws(DAVError) {
        range = try RequestedTimeRange(root.required(.timeRange), isClosed: true)
    }
}
