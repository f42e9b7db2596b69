package import HTTPTypes

extension HTTPRequest.Method {
    /// Method names are tokens, so building these cannot fail.
    private static func token(_ name: String) -> HTTPRequest.Method { HTTPRequest.Method(name) ?? .options }

    /// RFC 4918, 9.1.
    package static let propfind = token("PROPFIND")
    /// RFC 4918, 9.2.
    package static let proppatch = token("PROPPATCH")
    /// RFC 4918, 9.3; RFC 5689.
    package static let mkcol = token("MKCOL")
    /// RFC 4918, 9.8.
    package static let copy = token("COPY")
    /// RFC 4918, 9.9.
    package static let move = token("MOVE")
    /// RFC 4918, 9.10.
    package static let lock = token("LOCK")
    /// RFC 4918, 9.11.
    package static let unlock = token("UNLOCK")
    /// RFC 3253, 3.6.
    package static let report = token("REPORT")
    /// RFC 3744, 8.1.
    package static let acl = token("ACL")
    /// RFC 4791, 5.3.1.
    package static let mkcalendar = token("MKCALENDAR")
}
