package import HTTPTypes
import WebDAV

/// What goes back to the client.
package struct DAVResponse: Sendable {
    package enum Body: Sendable {
        case bytes([UInt8])
        /// Written piece by piece while it is sent; an error thrown in the middle must close the connection, so that the
        /// client does not take a part for the whole.
        case stream(@Sendable (_ write: (_ piece: [UInt8]) async throws -> Void) async throws -> Void)

        package static let empty = Body.bytes([])
    }

    package var status: HTTPResponse.Status
    package var headers: HTTPFields
    package var body: Body

    package init(status: HTTPResponse.Status, headers: HTTPFields = [:], body: Body = .empty) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

extension DAVResponse {
    /// RFC 4918, 8.2 recommends `application/xml` with a charset.
    static let xmlContentType = "application/xml; charset=utf-8"

    /// A 207 with a finished body.
    static func multistatus(_ body: [UInt8]) -> DAVResponse {
        DAVResponse(status: .multistatus, headers: [.contentType: xmlContentType], body: .bytes(body))
    }

    /// The answer for an error: its condition in XML and a sentence; HEAD gets neither.
    init(_ error: DAVError, to method: HTTPRequest.Method) {
        var headers = error.headers
        let hasBody = method != .head && error.status != .notModified
        if hasBody { headers[.contentType] = Self.xmlContentType }
        self.init(status: error.status, headers: headers, body: hasBody ? .bytes(error.body) : .empty)
    }

    /// The whole body; streams are run to their end. For tests and for small answers.
    package func collectBody() async throws -> [UInt8] {
        switch body {
        case .bytes(let bytes): return bytes
        case .stream(let run):
            var all: [UInt8] = []
            try await run { all += $0 }
            return all
        }
    }
}
