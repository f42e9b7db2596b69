package import HTTPTypes

/// What carries requests to a server. The client on top of it knows DAV, redirects and credentials; a transport knows
/// connections, or, in a test, a script.
package protocol DAVTransport: Sendable {
    /// Sends one request and returns its answer, whatever its status; never follows a redirect.
    ///
    /// - Throws: ``DAVTransportError``, or `CancellationError`. An answer that broke off is an error, not a short body.
    func send(_ request: DAVClientRequest) async throws -> DAVClientResponse

    /// Where its connections live; nil when no place is better than another.
    var executor: (any TaskExecutor)? { get }

    /// Closes what is kept open. The transport must not be used afterwards.
    func shutdown() async
}

extension DAVTransport {
    package var executor: (any TaskExecutor)? { nil }
    package func shutdown() async {}
}

package struct DAVClientRequest: Sendable {
    package var method: HTTPRequest.Method
    package var url: DAVURL
    package var headers: HTTPFields
    package var body: [UInt8]
    /// The largest body of an answer, in bytes.
    package var responseLimit: Int
    /// Makes what takes the body of a multistatus (207) as it comes. A transport need not: then the body is given as a
    /// whole like any other.
    package var makeReader: (@Sendable () -> any DAVBodyReader)?

    package init(
        method: HTTPRequest.Method, url: DAVURL, headers: HTTPFields = [:], body: [UInt8] = [],
        responseLimit: Int = DAVLimits.standard.response
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.responseLimit = responseLimit
    }
}

package struct DAVClientResponse: Sendable {
    package var status: HTTPResponse.Status
    package var headers: HTTPFields
    package var body: [UInt8]
    /// What has taken the body; nil when that is in `body`.
    package var reader: (any DAVBodyReader)?

    package init(status: HTTPResponse.Status, headers: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Takes the body of one answer as it comes.
package protocol DAVBodyReader: AnyObject, Sendable {
    /// - Returns: whether more is wanted; not when the body cannot be what was asked for.
    func read(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool
}

/// Bounds on what a server may make us hold.
package struct DAVLimits: Sendable {
    /// The largest answer, in bytes: a listing of 200,000 members, or a batch of objects.
    package var response: Int
    /// The largest single object, in bytes.
    package var object: Int

    package static let standard = DAVLimits(response: 256 << 20, object: 128 << 20)
}

/// A request that got no whole answer.
package struct DAVTransportError: Error, Sendable {
    package enum Code: Hashable, Sendable {
        /// No connection, or it was lost.
        case connection
        case timeout
        /// The server's certificate or the handshake; trying again does not help.
        case security
        /// The answer is longer than the limit.
        case tooLarge
        /// The answer is not HTTP, or not the length it said.
        case malformed
    }

    package let code: Code
    package let reason: String
    /// What to do; nil for what always is to be done about such an error.
    package let advice: String?

    package init(_ code: Code, _ reason: String, advice: String? = nil) {
        self.code = code
        self.reason = reason
        self.advice = advice
    }

    /// Whether the same request may work in a moment.
    package var isTransient: Bool { code == .connection || code == .timeout || code == .malformed }
}
