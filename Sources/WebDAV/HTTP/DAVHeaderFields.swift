package import HTTPTypes

extension HTTPField.Name {
    /// Field names are tokens, so building these cannot fail.
    private static func token(_ name: String) -> HTTPField.Name { HTTPField.Name(name) ?? .allow }

    /// RFC 4918, 10.1: what the server can do.
    package static let dav = token("DAV")
    /// RFC 4918, 10.2.
    package static let depth = token("Depth")
    /// RFC 4918, 10.3.
    package static let destination = token("Destination")
    /// RFC 4918, 10.4.
    package static let `if` = token("If")
    /// RFC 4918, 10.5.
    package static let lockToken = token("Lock-Token")
    /// RFC 4918, 10.6.
    package static let overwrite = token("Overwrite")
    /// RFC 4918, 10.7.
    package static let timeout = token("Timeout")
    /// RFC 7240, 2.
    package static let prefer = token("Prefer")
    /// RFC 7240, 3.
    package static let preferenceApplied = token("Preference-Applied")
    /// The predecessor of `Prefer: return=minimal`, sent by older Apple and Microsoft clients.
    package static let brief = token("Brief")
    /// RFC 6638, 8.2.
    package static let ifScheduleTagMatch = token("If-Schedule-Tag-Match")
    /// RFC 6638, 8.1.
    package static let scheduleTag = token("Schedule-Tag")
    /// What a reverse proxy was asked for.
    package static let xForwardedHost = token("X-Forwarded-Host")
    package static let xForwardedProto = token("X-Forwarded-Proto")
    /// RFC 7809, 7.1.
    package static let calDAVTimezones = token("CalDAV-Timezones")
}
