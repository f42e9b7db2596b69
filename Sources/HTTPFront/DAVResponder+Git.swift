import CollectionStore
import DAVService
import GitTransport
import HTTPTypes
import Hummingbird
import NIOCore

extension DAVResponder {
    /// What git asks for: the same people may do the same with the same collections.
    func answer(
        _ asked: GitRequest, with git: GitTransport, _ forwarded: DAVRequest, _ request: Request
    ) async throws -> Response {
        var forwarded = forwarded
        forwarded.target = asked.target
        let answer: GitAnswer
        do {
            let place = try await service.place(of: forwarded)
            answer = try await git.respond(
                to: asked, in: GitPlace(place, largestMember: git.largestMember), body: request.body)
        } catch {
            guard let error = error as? PlaceRefusal else { throw error }
            return Response(
                status: error.status, headers: [.contentType: "text/plain; charset=utf-8", .connection: "close"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: error.reason + "\n")))
        }
        var headers = answer.headers
        // What is left of a refused body is not read.
        if answer.status.kind != .successful { headers[.connection] = "close" }
        let body: ResponseBody =
            switch answer.body {
            case _ where request.method == .head: ResponseBody()
            case .bytes(let bytes): ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
            case .stream(let produce):
                ResponseBody { writer in
                    try await produce { try await writer.write($0) }
                    try await writer.finish(nil)
                }
            }
        return Response(status: answer.status, headers: headers, body: body)
    }
}

extension GitPlace {
    fileprivate init(_ place: ServedPlace, largestMember: Int) {
        self.init(
            path: place.path, mayWrite: place.mayWrite,
            rules: PushRules(
                maximumSize: largestMember, allowsMetadata: place.isOwner, isLocked: place.isLocked),
            author: place.author, refusesGrowth: place.refusesGrowth)
    }
}
