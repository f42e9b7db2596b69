/// What is needed to turn the times of an object into instants.
package struct ZoneContext: Sendable {
    /// For TZIDs without a VTIMEZONE in the object.
    package let database: TimeZoneDatabase
    /// For floating times and days: CALDAV:timezone of the request, else CALDAV:calendar-timezone, else UTC.
    package let defaultZone: CalendarTimeZone

    package init(database: TimeZoneDatabase, defaultZone: CalendarTimeZone = .utc) {
        self.database = database
        self.defaultZone = defaultZone
    }

    package static let utc = ZoneContext(database: .empty)
}
