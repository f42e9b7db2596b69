import AsyncHTTPClient
import HTTPTypes
import NIOCore
import NIOHTTP1

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Carries requests over TCP and TLS with kept-alive HTTP/1.1 connections.
///
/// HTTP/1.1 only: over HTTP/2 the client library moved bulk data twenty times slower than over HTTP/1.1.
package final class HTTPTransport: DAVTransport {
    package struct Timeouts: Sendable {
        package var connect = Duration.seconds(20)
        /// How long a connection may stay silent. Small servers read every object of a calendar before they list it, and
        /// take minutes for that the first time.
        package var idle = Duration.seconds(300)
        /// From the first byte sent to the last received.
        package var request = Duration.seconds(900)

        package init() {}
    }

    private let client: HTTPClient
    private let timeouts: Timeouts
    private let loop: EventLoopExecutor

    package init(timeouts: Timeouts = Timeouts(), connections: Int = 32) {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(
                connect: TimeAmount(timeouts.connect), read: TimeAmount(timeouts.idle), write: TimeAmount(timeouts.idle)
            ))
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = max(1, connections)
        // Our own policy decides about retries, since only it knows which requests may be sent twice.
        configuration.connectionPool.retryConnectionEstablishment = false
        // Nobody looks at spans here, and the library would take every address apart to describe one.
        configuration.tracing.tracer = nil
        configuration.http1_1ConnectionDebugInitializer = RequestGathering.install
        // One thread has more than enough time for the connections of one account.
        let loop = HTTPClient.defaultEventLoopGroup.any()
        client = HTTPClient(eventLoopGroupProvider: .shared(loop), configuration: configuration)
        self.loop = EventLoopExecutor(loop)
        self.timeouts = timeouts
    }

    package var executor: (any TaskExecutor)? { loop }

    package func send(_ request: DAVClientRequest) async throws -> DAVClientResponse {
        try await withTaskExecutorPreference(loop) { try await exchange(request) }
    }

    private func exchange(_ request: DAVClientRequest) async throws -> DAVClientResponse {
        var outgoing = HTTPClientRequest(url: request.url.description)
        outgoing.method = .RAW(value: request.method.rawValue)
        for field in request.headers { outgoing.headers.add(name: field.name.rawName, value: field.value) }
        if !request.body.isEmpty { outgoing.body = .bytes(ByteBuffer(bytes: request.body)) }
        do {
            let answer = try await client.execute(outgoing, timeout: TimeAmount(timeouts.request))
            var response = DAVClientResponse(
                status: .init(code: Int(answer.status.code), reasonPhrase: ""), headers: Self.fields(answer.headers))
            if answer.status == .multiStatus, let reader = request.makeReader?() {
                try await Self.pass(answer.body, to: reader, limit: request.responseLimit)
                response.reader = reader
            } else {
                let body = try await answer.body.collect(upTo: request.responseLimit)
                response.body = Array(body.readableBytesView)
            }
            return response
        } catch {
            throw Self.translate(error, request)
        }
    }

    private static func pass(
        _ body: HTTPClientResponse.Body, to reader: any DAVBodyReader, limit: Int
    ) async throws {
        var count = 0
        for try await part in body {
            count += part.readableBytes
            guard count <= limit else { throw NIOTooManyBytesError(maxBytes: limit) }
            let isWanted = part.withUnsafeReadableBytes { reader.read($0.bindMemory(to: UInt8.self)) }
            if !isWanted { return }
        }
    }

    package func shutdown() async {
        // The only failure is a second shutdown, which leaves nothing to do.
        try? await client.shutdown()
    }

    private static func fields(_ headers: HTTPHeaders) -> HTTPFields {
        var fields = HTTPFields()
        for (name, value) in headers {
            guard let name = HTTPField.Name(name) else { continue }
            fields.append(HTTPField(name: name, value: value))
        }
        return fields
    }

    private static func translate(_ error: any Error, _ request: DAVClientRequest) -> any Error {
        let server = request.url.authority
        switch error {
        case is CancellationError: return error
        case let error as HTTPClientError:
            if error == .cancelled, Task.isCancelled { return CancellationError() }
            let timeouts: [HTTPClientError] = [
                .readTimeout, .writeTimeout, .connectTimeout, .deadlineExceeded, .tlsHandshakeTimeout,
                .getConnectionFromPoolTimeout,
            ]
            if timeouts.contains(error) {
                return DAVTransportError(.timeout, "\(server) did not answer in time (\(error.shortDescription)).")
            }
            return DAVTransportError(
                .connection, "The connection to \(server) failed (\(error.shortDescription)).")
        case let error as IOError:
            let words = String(cString: strerror(error.errnoCode))
            return DAVTransportError(.connection, "No connection to \(server): \(words).")
        case is NIOTooManyBytesError:
            return DAVTransportError(
                .tooLarge, "The answer of \(server) is longer than \(request.responseLimit) bytes.")
        case is HTTPParserError:
            return DAVTransportError(.malformed, "\(server) answered something that is not whole HTTP (\(error)).")
        default:
            let kind = String(reflecting: type(of: error))
            let words = "\(error)"
            if kind.hasPrefix("NIOSSL.") { return Self.insecure(words, server) }
            // The name could not be looked up.
            if words.contains("UnknownHost") {
                return DAVTransportError(
                    .connection, "The name \(request.url.host) leads nowhere: there is no such host, or no network.",
                    advice: "Check the address.")
            }
            return DAVTransportError(.connection, "No connection to \(server): \(words).")
        }
    }

    /// What the TLS library says is for programmers, and has paths of their machines in it.
    private static func insecure(_ words: String, _ server: String) -> DAVTransportError {
        // The first bytes of an answer without TLS look like a version that does not exist.
        if words.contains("WRONG_VERSION_NUMBER") || words.contains("HTTP_REQUEST") {
            return DAVTransportError(
                .security, "\(server) answers, but without TLS.",
                advice: "Check the port. An address with +http, as in caldav+http://, goes without TLS; only in a "
                    + "network of your own is that safe.")
        }
        if words.contains("CERTIFICATE_VERIFY_FAILED") {
            return DAVTransportError(
                .security,
                "The certificate of \(server) is not trusted: it has expired, or nobody known here has signed it.")
        }
        if words.contains("failedToValidateHostname") || words.contains("unableToValidateCertificate") {
            return DAVTransportError(.security, "The certificate of \(server) is for another name.")
        }
        let reason = words.split(separator: ":").first { $0.contains("_") && $0.allSatisfy { !$0.isLowercase } }
        return DAVTransportError(
            .security, "No trusted TLS connection to \(server)" + (reason.map { " (\($0))." } ?? "."))
    }
}
