package import HTTPTypes
import WebDAV

/// A client for CalDAV and CardDAV servers: one account, many requests, the same manners for each.
///
/// It adds credentials, follows redirects itself (only where ``TrustedHosts`` allows), tries again when a server or the
/// network asks for patience, and turns everything else into a ``DAVClientError``. It holds no state: any number of
/// tasks may use one value at once.
package struct DAVClient: Sendable {
    package struct Options: Sendable {
        /// Sends credentials without TLS to hosts other than this machine.
        package var allowsPlainText = false
        /// More hosts that may get the credentials, see ``TrustedHosts``.
        package var trustedHosts: [String] = []
        package var retry = RetryPolicy.standard
        package var limits = DAVLimits.standard
        package var userAgent = "Fasti"

        package init() {}
    }

    /// The address that the user gave.
    package let base: DAVURL
    package let options: Options
    private let transport: any DAVTransport
    private let credentials: DAVCredentials
    private let trusted: TrustedHosts

    /// - Throws: ``DAVClientError/Code/invalidConfiguration`` when credentials would travel in clear text.
    package init(
        base: DAVURL, credentials: DAVCredentials, transport: any DAVTransport, options: Options = Options()
    ) throws(DAVClientError) {
        guard base.scheme == .https || !credentials.canBeOverheard || base.isLoopback || options.allowsPlainText else {
            throw DAVClientError(
                .invalidConfiguration, "The password would travel to \(base.host) unencrypted.",
                advice: "Use an address with TLS, or set insecure=true if you accept that.")
        }
        self.base = base
        self.credentials = credentials
        self.transport = transport
        self.options = options
        trusted = TrustedHosts(base: base, named: options.trustedHosts)
    }

    /// A client without credentials for something public, which may lead to any host.
    ///
    /// - Parameter reachesThisMachine: whether it may lead to this machine.
    package init(publicAt base: DAVURL, reachesThisMachine: Bool, transport: any DAVTransport, options: Options) {
        self.base = base
        credentials = .none
        self.transport = transport
        self.options = options
        trusted = TrustedHosts(anyFrom: base, reachesThisMachine: reachesThisMachine)
    }

    package var hasCredentials: Bool { !credentials.isEmpty }

    /// Whether an href that a server gave may be asked at all.
    package func allows(_ url: DAVURL) -> Bool { trusted.allows(trusted.keepingTLS(url, from: base)) }

    package func shutdown() async { await transport.shutdown() }

    /// Runs what sends many small requests where their connections live. It must not compute for long: whatever is under
    /// way waits for it.
    package func besideConnections<Result: Sendable>(
        _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withTaskExecutorPreference(transport.executor, operation: body)
    }

    /// What came back, and from where after redirects.
    package struct Answer: Sendable {
        package let url: DAVURL
        package let status: HTTPResponse.Status
        package let headers: HTTPFields
        package let body: [UInt8]
        /// What has taken the body, when something was to take it.
        package let reader: (any DAVBodyReader)?
    }

    // MARK: Sending

    private static let redirectLimit = 8
    /// Tries of one request with other proofs: a challenge, then a nonce that has become stale.
    private static let loginLimit = 2

    /// Sends a request and follows redirects; returns any final answer that is not a redirect, whatever its status.
    ///
    /// - Parameters:
    ///   - limit: the largest body of an answer, in bytes; nil for the usual one.
    ///   - makeReader: makes what takes the body of a multistatus. Each try has its own.
    /// - Throws: ``DAVClientError`` or `CancellationError`.
    package func send(
        _ method: HTTPRequest.Method, _ url: DAVURL, headers: HTTPFields = [:], body: [UInt8] = [], limit: Int? = nil,
        reading makeReader: (@Sendable () -> any DAVBodyReader)? = nil
    ) async throws -> Answer {
        var url = trusted.keepingTLS(url, from: base)
        var visited: Set<DAVURL> = []
        while true {
            guard trusted.allows(url) else { throw strayed(to: url) }
            guard visited.insert(url).inserted, visited.count <= Self.redirectLimit else {
                throw DAVClientError(.redirect, "\(method) \(url): the server redirects in a circle.")
            }
            var request = DAVClientRequest(
                method: method, url: url, headers: headers, body: body, responseLimit: limit ?? options.limits.response)
            request.makeReader = makeReader
            let answer = try await sendPatiently(request)
            guard [301, 302, 303, 307, 308].contains(answer.status.code), let location = answer.headers[.location]
            else {
                return answer
            }
            guard let next = url.resolving(location) else {
                throw DAVClientError(
                    .redirect, "\(method) \(url): the server redirects to an address that cannot be used.")
            }
            url = trusted.keepingTLS(next, from: url)
        }
    }

    private func strayed(to url: DAVURL) -> DAVClientError {
        guard !trusted.isAnonymous else {
            let lacksTLS = url.scheme == .http && base.scheme == .https
            return DAVClientError(
                .redirect,
                "\(base.host) points to \(url.scheme.rawValue)://\(url.authority), "
                    + (lacksTLS ? "which has no TLS." : "which means this machine, and is not asked."))
        }
        let advice =
            url.scheme == .http && base.scheme == .https
            ? "That address has no TLS; the server's configuration may be wrong."
            : "If it belongs to the same provider, use its address as the location, or set trusted_hosts=\(url.host)."
        return DAVClientError(
            .redirect,
            "\(base.host) points to \(url.scheme.rawValue)://\(url.authority), which does not get the password.",
            advice: advice)
    }

    private func sendPatiently(_ request: DAVClientRequest) async throws -> Answer {
        let (method, url) = (request.method, request.url)
        var request = request
        request.headers[.userAgent] = options.userAgent
        if request.headers[.accept] == nil { request.headers[.accept] = "*/*" }
        var attempt = 1
        var logins = 0
        while true {
            try Task.checkCancellation()
            let pause: Duration
            request.headers[.authorization] = try await credentials.authorization(method, url)
            do {
                let response = try await transport.send(request)
                if response.status == .unauthorized, logins < Self.loginLimit,
                    try await credentials.mayRetry(after: response, sent: request.headers[.authorization])
                {
                    logins += 1
                    continue
                }
                guard let wait = try patience(for: response, request, attempt) else {
                    return answer(request, response)
                }
                pause = wait
            } catch let error as DAVTransportError {
                // A POST may have done its work before the connection was lost, and would do it twice.
                guard error.isTransient, method != .post, attempt < attempts(after: error) else {
                    throw failure(error, request)
                }
                pause = options.retry.pause(after: attempt)
            }
            try await options.retry.sleep(pause)
            attempt += 1
        }
    }

    private func answer(_ request: DAVClientRequest, _ response: DAVClientResponse) -> Answer {
        var reader = response.reader
        if reader == nil, response.status.code == 207, let made = request.makeReader?() {
            response.body.withUnsafeBufferPointer { _ = made.read($0) }
            reader = made
        }
        return Answer(
            url: request.url, status: response.status, headers: response.headers, body: response.body, reader: reader)
    }

    /// A server that has not answered in minutes may still be at it, and does it all again for each further try.
    private func attempts(after error: DAVTransportError) -> Int {
        error.code == .timeout ? min(options.retry.attempts, 2) : options.retry.attempts
    }

    /// How long to wait before the same request again; nil when the answer is to be taken as it is.
    private func patience(
        for response: DAVClientResponse, _ request: DAVClientRequest, _ attempt: Int
    ) throws(DAVClientError) -> Duration? {
        guard [429, 502, 503, 504].contains(response.status.code), attempt < options.retry.attempts else { return nil }
        guard let wanted = RetryAfter.duration(response.headers) else { return options.retry.pause(after: attempt) }
        guard wanted <= options.retry.longestRetryAfter else {
            throw DAVClientError(
                .unavailable,
                "\(request.method) \(request.url): the server asks to wait \(wanted.components.seconds) seconds.",
                advice: "Try again later.", status: response.status)
        }
        return max(wanted, options.retry.pause(after: attempt))
    }

    private func failure(_ error: DAVTransportError, _ request: DAVClientRequest) -> DAVClientError {
        switch error.code {
        case .connection, .timeout:
            DAVClientError(
                .unavailable, error.reason,
                advice: error.advice ?? "Check the address and the network, then try again.")
        case .security:
            DAVClientError(
                .security, error.reason,
                advice: error.advice
                    ?? "Check the host name; a certificate of your own must be known to this machine.")
        case .tooLarge: DAVClientError(.tooLarge, "\(request.method) \(request.url): \(error.reason)")
        case .malformed: DAVClientError(.protocolViolation, "\(request.method) \(request.url): \(error.reason)")
        }
    }
}
