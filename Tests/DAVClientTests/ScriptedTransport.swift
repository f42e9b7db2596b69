import DAVClient
import HTTPTypes
import Synchronization
import Testing

/// Answers requests as a test says, and remembers them.
final class ScriptedTransport: DAVTransport {
    private let sent = Mutex<[DAVClientRequest]>([])
    private let script: @Sendable (DAVClientRequest, Int) throws -> DAVClientResponse

    /// - Parameter script: gets the request and how many came before it.
    init(_ script: @escaping @Sendable (DAVClientRequest, Int) throws -> DAVClientResponse) { self.script = script }

    var requests: [DAVClientRequest] { sent.withLock { $0 } }

    func send(_ request: DAVClientRequest) async throws -> DAVClientResponse {
        let number = sent.withLock {
            $0.append(request)
            return $0.count - 1
        }
        return try script(request, number)
    }
}

extension DAVClientResponse {
    static func status(_ code: Int, _ headers: HTTPFields = [:], body: String = "") -> DAVClientResponse {
        DAVClientResponse(status: .init(code: code), headers: headers, body: Array(body.utf8))
    }

    static func redirect(to location: String, code: Int = 302) -> DAVClientResponse {
        .status(code, [.location: location])
    }

    /// A multistatus with one 200 propstat per resource.
    static func multistatus(_ resources: [(href: String, properties: String)]) -> DAVClientResponse {
        let body = resources.map { href, properties in
            "<d:response><d:href>\(href)</d:href><d:propstat><d:prop>\(properties)</d:prop>"
                + "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
        }
        return .status(
            207, [.contentType: "application/xml; charset=utf-8"],
            body: "<?xml version=\"1.0\"?><d:multistatus xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\" "
                + "xmlns:card=\"urn:ietf:params:xml:ns:carddav\" xmlns:cs=\"http://calendarserver.org/ns/\">"
                + body.joined() + "</d:multistatus>")
    }
}

/// A client that waits for nothing and whose password is easy to find in a request.
func client(
    _ address: String = "https://cal.example.org/", _ transport: ScriptedTransport, attempts: Int = 4,
    configure: (inout DAVClient.Options) -> Void = { _ in }
) throws -> DAVClient {
    var options = DAVClient.Options()
    options.retry = RetryPolicy(attempts: attempts, sleep: { _ in })
    configure(&options)
    let base = try #require(DAVURL(address))
    return try DAVClient(
        base: base, credentials: .password(username: "anna", password: "s3cret"), transport: transport, options: options
    )
}
