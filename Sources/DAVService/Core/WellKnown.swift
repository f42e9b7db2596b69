import HTTPTypes

/// The addresses where clients that know only the host begin (RFC 6764, 5; RFC 8615).
enum WellKnown {
    private static let paths = ["/.well-known/caldav", "/.well-known/carddav"]

    /// Whether the target is one of them; they lie outside the route prefix.
    static func matches(_ target: String) -> Bool {
        var path = target.prefix { $0 != "?" }
        if path.hasSuffix("/") { path.removeLast() }
        return paths.contains(String(path))
    }

    /// Sends every method to the route prefix. 308 keeps the method, which PROPFIND needs.
    static func redirect(to prefix: String) -> DAVResponse {
        DAVResponse(status: .permanentRedirect, headers: [.location: prefix, .cacheControl: "no-cache"])
    }
}
