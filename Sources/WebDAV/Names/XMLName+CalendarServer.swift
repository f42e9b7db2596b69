package import XMLStream

/// Extensions of the Calendar and Contacts Server that clients ask for.
extension XMLName {
    // MARK: Change tags

    package static let getctag = XMLName(calendarServer: "getctag")

    // MARK: Principals and delegation

    package static let calendarProxyReadFor = XMLName(calendarServer: "calendar-proxy-read-for")
    package static let calendarProxyWriteFor = XMLName(calendarServer: "calendar-proxy-write-for")
    package static let emailAddress = XMLName(calendarServer: "email-address")
    package static let emailAddressSet = XMLName(calendarServer: "email-address-set")
    package static let meCard = XMLName(calendarServer: "me-card")

    // MARK: Subscriptions

    package static let refreshrate = XMLName(calendarServer: "refreshrate")
    package static let source = XMLName(calendarServer: "source")
    package static let subscribed = XMLName(calendarServer: "subscribed")
}
