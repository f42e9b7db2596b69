import DAVService
import Glibc
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Synchronization
import WebDAV

/// The short way: a member that somebody fetches again and again is in memory, and to give it takes no task, no waiting and
/// no change of threads. A small change takes a task, on the thread of its connection.
extension DAVResponder {
    struct Immediate {
        let head: HTTPResponseHead
        let body: ByteBuffer?
    }

    /// The answer, if it can be given without waiting for anything; nil for whatever is not quite usual.
    func respondAtOnce(to head: HTTPRequestHead, from peer: SocketAddress?) -> Immediate? {
        guard head.method == .GET || head.method == .HEAD else { return nil }
        let start = ContinuousClock.now
        guard let (request, size) = usual(head, head.method == .HEAD ? .head : .get, peer), size == nil,
            let answer = service.respondAtOnce(to: request), case .bytes(let bytes) = answer.body
        else { return nil }
        metrics.begin()
        return immediate(answer, bytes, request.method, start)
    }

    /// What collects the body of a small change; nil for every other request.
    func smallWrite(_ head: HTTPRequestHead, from peer: SocketAddress?) -> SmallWrite? {
        guard head.method == .PUT, !dumpsXML, let (request, size) = usual(head, .put, peer),
            let size, size <= min(SmallWrite.largestBody, largestBody)
        else { return nil }
        return SmallWrite(head, request, size: size, budget: bodies)
    }

    /// The answer to a small change.
    func respond(to request: DAVRequest, since start: ContinuousClock.Instant) async -> Immediate {
        metrics.begin()
        let answer = await service.respond(to: request)
        // Nothing that answers a change is sent while it is made.
        let bytes = if case .bytes(let bytes) = answer.body { bytes } else { [UInt8]() }
        return immediate(answer, bytes, request.method, start)
    }

    /// A request as the service wants it, with the announced length of its body; nil when anything about it is unusual, and
    /// when it would have to be looked up whose it is.
    private func usual(
        _ head: HTTPRequestHead, _ method: HTTPRequest.Method, _ peer: SocketAddress?
    ) -> (request: DAVRequest, size: Int?)? {
        guard head.version == .http1_1, head.isKeepAlive else { return nil }
        var headers = HTTPFields()
        var authority = ""
        var size: Int?
        for (name, value) in head.headers {
            guard let name = HTTPField.Name(name) else { return nil }
            switch name {
            case .transferEncoding, .upgrade, .expect: return nil
            case HTTPField.Name.hostName: authority = value
            case .contentLength:
                guard size == nil, let count = Int(value), count >= 0 else { return nil }
                size = count
                fallthrough
            default: headers.append(HTTPField(name: name, value: value))
            }
        }
        let verdict = gate.judgeAtOnce(
            method: method, target: head.uri, authority: authority, headers: headers, peer: peer)
        guard case .admitted(let user)? = verdict else { return nil }
        let request = DAVRequest(
            method: method, target: head.uri, headers: headers, user: user, scheme: isSecure ? "https" : "http",
            authority: authority)
        return (request, size)
    }

    private func immediate(
        _ answer: DAVResponse, _ bytes: [UInt8], _ method: HTTPRequest.Method, _ start: ContinuousClock.Instant
    ) -> Immediate {
        let id = RequestID().description
        var fields = HTTPHeaders()
        fields.reserveCapacity(answer.headers.count + 4)
        for field in answer.headers { fields.add(name: field.name.rawName, value: field.value) }
        let mayHaveBody = method != .head && answer.status != .noContent && answer.status != .notModified
        if mayHaveBody, answer.headers[.contentLength] == nil {
            fields.add(name: "Content-Length", value: String(bytes.count))
        }
        fields.add(name: "X-Request-ID", value: id)
        fields.add(name: "Date", value: ClockTime.now)
        fields.add(name: "Server", value: "Fasti")
        let status = HTTPResponseStatus(statusCode: answer.status.code, reasonPhrase: answer.status.reasonPhrase)
        let elapsed = start.duration(to: .now)
        metrics.end(method, status: answer.status.code, seconds: elapsed / .seconds(1))
        if logger.logLevel <= .info { log(method, answer.status.code, elapsed, id) }
        return Immediate(
            head: HTTPResponseHead(version: .http1_1, status: status, headers: fields),
            body: bytes.isEmpty || method == .head ? nil : ByteBuffer(bytes: bytes))
    }

    private func log(_ method: HTTPRequest.Method, _ status: Int, _ elapsed: Duration, _ id: String) {
        logger.info(
            "request",
            metadata: [
                "hb.request.id": "\(id)", "method": "\(method)", "status": "\(status)",
                "milliseconds": "\(elapsed / .milliseconds(1))",
            ])
    }
}

extension HTTPField.Name {
    fileprivate static let hostName = HTTPField.Name("Host") ?? .allow
}

/// The time as the `Date` field has it, made once a second.
private enum ClockTime {
    private static let known = Mutex<(seconds: Int, text: String)>((.min, ""))

    static var now: String {
        let seconds = Int(NIODeadline.now().uptimeNanoseconds / 1_000_000_000)
        return known.withLock { known in
            if known.seconds != seconds { known = (seconds, HTTPDate.format(wallClock())) }
            return known.text
        }
    }

    private static func wallClock() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec)
    }
}
