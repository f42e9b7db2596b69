package import XMLStream

/// RFC 4791 and those that extend it. Names that other vocabularies also use begin with `caldav`.
extension XMLName {
    // MARK: 4.2, 5.2: the calendar and its properties

    package static let calendar = XMLName(caldav: "calendar")
    package static let calendarDescription = XMLName(caldav: "calendar-description")
    package static let calendarTimezone = XMLName(caldav: "calendar-timezone")
    package static let maxAttendeesPerInstance = XMLName(caldav: "max-attendees-per-instance")
    package static let maxDateTime = XMLName(caldav: "max-date-time")
    package static let maxInstances = XMLName(caldav: "max-instances")
    package static let caldavMaxResourceSize = XMLName(caldav: "max-resource-size")
    package static let minDateTime = XMLName(caldav: "min-date-time")
    package static let supportedCalendarComponentSet = XMLName(caldav: "supported-calendar-component-set")
    package static let supportedCalendarData = XMLName(caldav: "supported-calendar-data")
    package static let caldavSupportedCollationSet = XMLName(caldav: "supported-collation-set")

    // MARK: 5.3.1: MKCALENDAR

    package static let mkcalendar = XMLName(caldav: "mkcalendar")
    package static let mkcalendarResponse = XMLName(caldav: "mkcalendar-response")
    /// A precondition of MKCALENDAR, in the namespace of WebDAV.
    package static let resourceMustBeNull = XMLName(dav: "resource-must-be-null")

    // MARK: 6.2: properties of principals

    package static let calendarHomeSet = XMLName(caldav: "calendar-home-set")

    // MARK: 7: reports

    package static let calendarMultiget = XMLName(caldav: "calendar-multiget")
    package static let calendarQuery = XMLName(caldav: "calendar-query")
    package static let freeBusyQuery = XMLName(caldav: "free-busy-query")

    // MARK: 9: elements of reports

    package static let allcomp = XMLName(caldav: "allcomp")
    package static let caldavAllprop = XMLName(caldav: "allprop")
    package static let calendarData = XMLName(caldav: "calendar-data")
    package static let comp = XMLName(caldav: "comp")
    package static let compFilter = XMLName(caldav: "comp-filter")
    package static let expand = XMLName(caldav: "expand")
    package static let caldavFilter = XMLName(caldav: "filter")
    package static let caldavIsNotDefined = XMLName(caldav: "is-not-defined")
    package static let limitFreebusySet = XMLName(caldav: "limit-freebusy-set")
    package static let limitRecurrenceSet = XMLName(caldav: "limit-recurrence-set")
    package static let caldavParamFilter = XMLName(caldav: "param-filter")
    package static let caldavProp = XMLName(caldav: "prop")
    package static let caldavPropFilter = XMLName(caldav: "prop-filter")
    package static let caldavSupportedCollation = XMLName(caldav: "supported-collation")
    package static let caldavTextMatch = XMLName(caldav: "text-match")
    package static let timeRange = XMLName(caldav: "time-range")
    package static let timezone = XMLName(caldav: "timezone")

    // MARK: 5.3.2.1, 7.8, 7.9: conditions

    package static let calendarCollectionLocationOk = XMLName(caldav: "calendar-collection-location-ok")
    package static let initializeCalendarCollection = XMLName(caldav: "initialize-calendar-collection")
    package static let caldavNoUidConflict = XMLName(caldav: "no-uid-conflict")
    package static let supportedCalendarComponent = XMLName(caldav: "supported-calendar-component")
    package static let caldavSupportedFilter = XMLName(caldav: "supported-filter")
    package static let validCalendarData = XMLName(caldav: "valid-calendar-data")
    package static let validCalendarObjectResource = XMLName(caldav: "valid-calendar-object-resource")
    package static let caldavValidFilter = XMLName(caldav: "valid-filter")

    // MARK: 6.1.1: privileges

    package static let readFreeBusy = XMLName(caldav: "read-free-busy")

    // MARK: RFC 6638: scheduling

    package static let calendarUserAddressSet = XMLName(caldav: "calendar-user-address-set")
    package static let calendarUserType = XMLName(caldav: "calendar-user-type")
    package static let scheduleCalendarTransp = XMLName(caldav: "schedule-calendar-transp")
    package static let scheduleDefaultCalendarURL = XMLName(caldav: "schedule-default-calendar-URL")
    package static let scheduleInbox = XMLName(caldav: "schedule-inbox")
    package static let scheduleInboxURL = XMLName(caldav: "schedule-inbox-URL")
    package static let scheduleOutbox = XMLName(caldav: "schedule-outbox")
    package static let scheduleOutboxURL = XMLName(caldav: "schedule-outbox-URL")
    package static let opaque = XMLName(caldav: "opaque")
    package static let transparent = XMLName(caldav: "transparent")
    package static let scheduleTag = XMLName(caldav: "schedule-tag")

    // MARK: RFC 7529, 7809, 7953: calendar systems, time zones by reference, availability

    package static let calendarAvailability = XMLName(caldav: "calendar-availability")
    package static let calendarTimezoneID = XMLName(caldav: "calendar-timezone-id")
    package static let timezoneID = XMLName(caldav: "timezone-id")
    package static let supportedRscale = XMLName(caldav: "supported-rscale")
    package static let supportedRscaleSet = XMLName(caldav: "supported-rscale-set")
    package static let timezoneServiceSet = XMLName(caldav: "timezone-service-set")
    package static let validTimezone = XMLName(caldav: "valid-timezone")
}
