package import HTTPTypes
package import XMLStream

/// Why a request to a DAV server failed, in words for the person whose calendars it holds.
package struct DAVClientError: Error, Sendable {
    package let code: Code
    /// What was asked of which address, and what came back. Never holds credentials.
    package let reason: String
    package let advice: String?
    /// The status of the answer, if there was one.
    package let status: HTTPResponse.Status?
    /// The element in the answer's `DAV:error` body (RFC 4918, section 16), such as `no-uid-conflict`.
    package let condition: XMLElement?

    package init(
        _ code: Code, _ reason: String, advice: String? = nil, status: HTTPResponse.Status? = nil,
        condition: XMLElement? = nil
    ) {
        self.code = code
        self.reason = reason
        self.advice = advice
        self.status = status
        self.condition = condition
    }

    /// A stable name for the kind of failure. New ones may appear.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let description: String
        private init(_ description: String) { self.description = description }

        /// The address or an option is wrong; nothing was sent.
        package static let invalidConfiguration = Code("invalid-configuration")
        /// 401: not logged in.
        package static let authentication = Code("authentication")
        /// 403: logged in, but not allowed, or refused by a precondition.
        package static let forbidden = Code("forbidden")
        /// 404 or 410.
        package static let notFound = Code("not-found")
        /// 405, 409, 415, 422 and the like: the server does not take this request here.
        package static let refused = Code("refused")
        /// 412: a condition of the request did not hold.
        package static let preconditionFailed = Code("precondition-failed")
        /// 413, 507, or an answer larger than our limit.
        package static let tooLarge = Code("too-large")
        /// No connection, a timeout, 429 or a server error that stayed after several tries.
        package static let unavailable = Code("unavailable")
        /// The certificate is not trusted, or the handshake failed.
        package static let security = Code("security")
        /// A redirect to a host that must not see the credentials, or in a circle.
        package static let redirect = Code("redirect")
        /// An answer that cannot be right: a web page, broken XML, a listing that ends early.
        package static let protocolViolation = Code("protocol-violation")
    }
}

extension DAVClientError: Equatable {
    package static func == (a: DAVClientError, b: DAVClientError) -> Bool { a.code == b.code }
}

extension DAVClientError: CustomStringConvertible {
    package var description: String { advice.map { "\(reason) \($0)" } ?? reason }
}
