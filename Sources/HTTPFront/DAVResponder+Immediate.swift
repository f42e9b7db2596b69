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
/// no change of threads.
extension DAVResponder {
    struct Immediate {
        let head: HTTPResponseHead
        let body: ByteBuffer?
    }

    /// The answer, if it can be given without waiting for anything; nil for whatever is not quite usual.
    func respondAtOnce(to head: HTTPRequestHead, from peer: SocketAddress?) -> Immediate? {
        guard head.method == .GET || head.method == .HEAD, head.version == .http1_1, head.isKeepAlive else {
            return nil
        }
        let start = ContinuousClock.now
        var headers = HTTPFields()
        var authority = ""
        for (name, value) in head.headers {
            guard let name = HTTPField.Name(name) else { return nil }
            switch name {
            // A body would have to be read first.
            case .transferEncoding, .contentLength, .upgrade, .expect: return nil
            case HTTPField.Name.hostName: authority = value
            default: headers.append(HTTPField(name: name, value: value))
            }
        }
        let method: HTTPRequest.Method = head.method == .HEAD ? .head : .get
        let verdict = gate.judgeAtOnce(
            method: method, target: head.uri, authority: authority, headers: headers, peer: peer)
        guard case .admitted(let user)? = verdict,
            let answer = service.respondAtOnce(
                to: DAVRequest(
                    method: method, target: head.uri, headers: headers, user: user,
                    scheme: isSecure ? "https" : "http", authority: authority)),
            case .bytes(let bytes) = answer.body
        else { return nil }
        metrics.begin()
        let id = RequestID().description
        var fields = HTTPHeaders()
        fields.reserveCapacity(answer.headers.count + 3)
        for field in answer.headers { fields.add(name: field.name.rawName, value: field.value) }
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
