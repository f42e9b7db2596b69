import DAVService
import GitTransport
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Hands each request to the DAV service: who is it, how large may it be, what came of it.
///
/// A responder of our own instead of the framework's router, whose templates get in the way of DAV paths.
struct DAVResponder: HTTPResponder {
    let service: DAVService
    /// nil: collections are not served to git.
    let git: GitTransport?
    let gate: RequestGate
    let largestBody: Int
    let bodies: BodyBudget
    /// Whether connections are encrypted by this server itself.
    let isSecure: Bool
    var dumpsXML = false
    let metrics: RequestMetrics
    let logger: Logger

    func respond(to request: Request, context: FrontContext) async throws -> Response {
        let clock = ContinuousClock()
        let start = clock.now
        metrics.begin()
        var response: Response
        do {
            response = try await answer(request, target: request.head.path ?? "/", context)
        } catch {
            metrics.end(request.method, status: 499, seconds: start.duration(to: clock.now) / .seconds(1))
            throw error
        }
        // With it, a line of the log is found for what a client shows.
        response.headers[.requestID] = context.id
        let elapsed = start.duration(to: clock.now)
        metrics.end(request.method, status: response.status.code, seconds: elapsed / .seconds(1))
        // No paths, names or agents: they tell what people have in their calendars.
        context.logger.info(
            "request",
            metadata: [
                "method": "\(request.method)", "status": "\(response.status.code)",
                "milliseconds": "\(elapsed / .milliseconds(1))",
            ])
        return response
    }

    private func answer(_ request: Request, target: String, _ context: FrontContext) async throws -> Response {
        let verdict = await gate.judge(
            method: request.method, target: target, authority: request.head.authority, headers: request.headers,
            peer: context.peer)
        switch verdict {
        case .foreignHost:
            return refusal(
                .misdirectedRequest,
                "This server answers only to the names of this machine, not to \"Host: "
                    + "\(RequestGate.host(of: request.head.authority ?? ""))\". "
                    + "To serve other names, start it with a users file.")
        case .unauthenticated(let reason):
            var response = refusal(.unauthorized, reason)
            response.headers[.wwwAuthenticate] = "Basic realm=\"Fasti\", charset=\"UTF-8\""
            return response
        case .admitted(let user):
            var forwarded = DAVRequest(
                method: request.method, target: target, headers: request.headers, user: user,
                scheme: isSecure ? "https" : "http", authority: request.head.authority ?? "")
            if let git, let asked = GitRequest(method: request.method, target: target, headers: request.headers) {
                try await context.askForBody(of: request)
                return try await answer(asked, with: git, forwarded, request)
            }
            var held = bodies.reservation()
            let answer: DAVResponse
            switch try await body(of: request, context, &held) {
            case .whole(let body):
                forwarded.body = body
                let answer = await service.respond(to: forwarded)
                if dumpsXML { XMLDump.show(forwarded, answer) }
                return Response(answer, isHead: request.method == .head)
            case .tooLarge: answer = await service.refuseTooLarge(forwarded, limit: largestBody)
            case .noRoom: answer = service.refuseForNow(forwarded)
            }
            var response = Response(answer, isHead: false)
            // The rest of the body is not read.
            response.headers[.connection] = "close"
            return response
        }
    }

    private enum Body {
        case whole([UInt8])
        case tooLarge
        case noRoom
    }

    /// The body of a request, in one piece of memory. What is announced as too large is not waited for.
    private func body(
        of request: Request, _ context: FrontContext, _ held: inout BodyBudget.Reservation
    ) async throws -> Body {
        let announced = request.headers[.contentLength].flatMap(Int.init)
        if let announced, announced > largestBody { return .tooLarge }
        try await context.askForBody(of: request)
        var bytes: [UInt8] = []
        // Memory that is not written to is none.
        if let announced, announced > 0 { bytes.reserveCapacity(announced) }
        for try await buffer in request.body {
            guard bytes.count + buffer.readableBytes <= largestBody else { return .tooLarge }
            guard held.take(buffer.readableBytes) else { return .noRoom }
            bytes.append(contentsOf: buffer.readableBytesView)
        }
        return .whole(bytes)
    }

    private func refusal(_ status: HTTPResponse.Status, _ sentence: String) -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8", .connection: "close"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: sentence + "\n")))
    }
}

extension Response {
    /// A DAV answer as the framework sends it. To HEAD, everything but the bytes.
    fileprivate init(_ answer: DAVResponse, isHead: Bool) {
        switch answer.body {
        case .bytes(let bytes):
            var headers = answer.headers
            if isHead, headers[.contentLength] == nil { headers[.contentLength] = String(bytes.count) }
            let body =
                isHead || bytes.isEmpty ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
            self.init(status: answer.status, headers: headers, body: body)
        case .stream(let produce):
            if isHead {
                self.init(status: answer.status, headers: answer.headers, body: ResponseBody())
                return
            }
            let body = ResponseBody { writer in
                try await produce { bytes in try await writer.write(ByteBuffer(bytes: bytes)) }
                try await writer.finish(nil)
            }
            self.init(status: answer.status, headers: answer.headers, body: body)
        }
    }
}

extension HTTPField.Name {
    fileprivate static let requestID = HTTPField.Name("X-Request-ID") ?? .allow
}
