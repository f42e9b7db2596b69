internal import DAVClient
internal import DAVService
internal import HTTPTypes

/// Carries a DAV client's requests to a service in the same process: no sockets, no passwords.
///
/// The server's own snapshots are taken with the connector that backs up any other server.
struct EmbeddedTransport: DAVTransport {
    let service: DAVService
    /// Whose requests these are; nil for the single user.
    let user: String?

    func send(_ request: DAVClientRequest) async throws -> DAVClientResponse {
        let answer = await service.respond(
            to: DAVRequest(
                method: request.method, target: request.url.target, headers: request.headers, body: request.body,
                user: user))
        let body = try await answer.collectBody()
        guard body.count <= request.responseLimit else {
            throw DAVTransportError(.tooLarge, "The answer has \(body.count) bytes.")
        }
        return DAVClientResponse(status: answer.status, headers: answer.headers, body: body)
    }
}
