package import HTTPTypes
package import NIOCore

/// What goes back to git.
package struct GitAnswer: Sendable {
    package enum Body: Sendable {
        case bytes([UInt8])
        /// Written while it is sent.
        case stream(@Sendable (_ write: (ByteBuffer) async throws -> Void) async throws -> Void)
    }

    package var status: HTTPResponse.Status
    package var headers: HTTPFields
    package var body: Body

    init(_ type: String, _ body: Body) {
        status = .ok
        // Nobody on the way may keep what a repository was like.
        headers = [
            .contentType: type, .cacheControl: "no-cache, max-age=0, must-revalidate",
            .expires: "Fri, 01 Jan 1980 00:00:00 GMT", .pragma: "no-cache",
        ]
        self.body = body
    }

    /// A sentence that git shows to the person, as it does with text.
    init(_ status: HTTPResponse.Status, _ sentence: String) {
        self.init("text/plain; charset=utf-8", .bytes(Array((sentence + "\n").utf8)))
        self.status = status
    }
}

extension HTTPField.Name {
    fileprivate static let pragma = HTTPField.Name("Pragma") ?? .cacheControl
}
