package import XMLStream

/// The namespaces of the protocols, with the prefixes our answers use.
package enum DAVNamespace {
    /// RFC 4918, 21.1.
    package static let dav = "DAV:"
    /// RFC 4791, 15.1.
    package static let caldav = "urn:ietf:params:xml:ns:caldav"
    /// RFC 6352, 13.1.
    package static let carddav = "urn:ietf:params:xml:ns:carddav"
    /// Extensions that began with the Calendar and Contacts Server: ctag, sharing, proxies.
    package static let calendarServer = "http://calendarserver.org/ns/"
    /// What Apple's iCal stores per calendar: colour and order.
    package static let apple = "http://apple.com/ns/ical/"

    /// Declared on the root of every answer.
    package static let prefixes: [XMLWriter.Prefix] = [
        .init("D", dav), .init("C", caldav), .init("CR", carddav), .init("CS", calendarServer), .init("A", apple),
    ]
}

extension XMLName {
    package init(dav local: String) { self.init(DAVNamespace.dav, local) }
    package init(caldav local: String) { self.init(DAVNamespace.caldav, local) }
    package init(carddav local: String) { self.init(DAVNamespace.carddav, local) }
    package init(calendarServer local: String) { self.init(DAVNamespace.calendarServer, local) }
    package init(apple local: String) { self.init(DAVNamespace.apple, local) }
}
