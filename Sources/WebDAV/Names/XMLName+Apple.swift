package import XMLStream

/// Properties of calendars that Apple's clients brought and all now use.
extension XMLName {
    // MARK: Looks

    package static let calendarColor = XMLName(apple: "calendar-color")
    package static let calendarOrder = XMLName(apple: "calendar-order")
}
