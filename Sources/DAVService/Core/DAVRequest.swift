package import HTTPTypes

/// A request as it came over the wire, with the body read and the user known.
package struct DAVRequest: Sendable {
    package var method: HTTPRequest.Method
    /// Path and query as on the wire: still percent-encoded, route prefix included.
    package var target: String
    package var headers: HTTPFields
    package var body: [UInt8]
    /// Who has proved to be whom; nil when nobody has.
    package var user: String?
    /// `http` or `https`, as the client sees it; nil when not known.
    package var scheme: String?
    /// Host and port, as the client sees them; nil when not known.
    package var authority: String?

    package init(
        method: HTTPRequest.Method, target: String, headers: HTTPFields = [:], body: [UInt8] = [],
        user: String? = nil, scheme: String? = nil, authority: String? = nil
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.user = user
        self.scheme = scheme
        self.authority = authority
    }
}
