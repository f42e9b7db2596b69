package import HTTPTypes

extension HTTPResponse.Status {
    /// RFC 4918, 11.1.
    package static let multistatus = HTTPResponse.Status(code: 207, reasonPhrase: "Multi-Status")
    /// RFC 4918, 11.3.
    package static let locked = HTTPResponse.Status(code: 423, reasonPhrase: "Locked")
    /// RFC 4918, 11.4.
    package static let failedDependency = HTTPResponse.Status(code: 424, reasonPhrase: "Failed Dependency")
    /// RFC 4918, 11.5.
    package static let insufficientStorage = HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")

    /// The line that stands in `DAV:status` (RFC 4918, 14.28).
    package var line: String { "HTTP/1.1 \(code) \(reasonPhrase)" }
}
