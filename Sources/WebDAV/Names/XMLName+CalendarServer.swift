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

    // MARK: Sharing

    package static let access = XMLName(calendarServer: "access")
    package static let allowedSharingModes = XMLName(calendarServer: "allowed-sharing-modes")
    package static let canBeShared = XMLName(calendarServer: "can-be-shared")
    package static let commonNameElement = XMLName(calendarServer: "common-name")
    package static let invite = XMLName(calendarServer: "invite")
    package static let inviteAccepted = XMLName(calendarServer: "invite-accepted")
    package static let organizer = XMLName(calendarServer: "organizer")
    package static let readAccess = XMLName(calendarServer: "read")
    package static let readWriteAccess = XMLName(calendarServer: "read-write")
    package static let share = XMLName(calendarServer: "share")
    package static let sharedByOwner = XMLName(calendarServer: "shared-owner")
    package static let sharedToUser = XMLName(calendarServer: "shared")
    package static let shareRemove = XMLName(calendarServer: "remove")
    package static let shareSet = XMLName(calendarServer: "set")
    package static let sharingUser = XMLName(calendarServer: "user")
}
