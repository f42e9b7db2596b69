import Foundation
import Synchronization

/// A proxy between a client and a DAV server that does to single requests what networks and servers do on bad days.
///
/// It listens on the loopback interface and passes everything on, but for the requests that the rule names a
/// ``Fault`` for. Beside it listens a *stranger*: a host that has no business here, which answers 404 and keeps what it
/// was sent, so that a test can see whether credentials went there.
///
/// ```swift
/// let proxy = try FaultProxy(to: server.port)
/// proxy.begin { $0.number == 3 ? .truncate : nil }      // numbers count from 0 since begin
/// ... proxy.url ... proxy.requests ... proxy.strangerHeads
/// ```
package final class FaultProxy: Sendable {
    package enum Fault: Hashable, Sendable {
        /// The connection closes without an answer, and the server never sees the request.
        case drop
        /// The server does what it was asked; its answer is lost.
        case dropAnswer
        /// Half of the answer's body, then the connection closes.
        case truncate
        /// Half of the answer's body, with a length that fits it.
        case shorten
        /// The answer comes so many milliseconds late.
        case delay(milliseconds: Int)
        /// An answer with this status and no body that means anything; the server never sees the request.
        case status(Int, retryAfter: Int? = nil)
        /// A web page with status 200, as networks send that want a login first.
        case page
        /// Every second response of a multistatus is left out.
        case omitResponses
        /// Every second response of a multistatus says this status instead.
        case denyResponses(Int)
        /// The end tag of the multistatus is missing.
        case garble
        /// A redirect to the same address.
        case redirectLoop
        /// A redirect to the stranger.
        case redirectElsewhere
        /// Hrefs of a multistatus lead to the stranger.
        case hrefsElsewhere
    }

    package struct Request: Hashable, Sendable {
        /// From 0, in the order of arrival since ``begin(_:)``.
        package let number: Int
        package let method: String
        /// As on the wire.
        package let target: String
        /// Names in lower case.
        package let headers: [String: String]
        package let body: [UInt8]
        package fileprivate(set) var fault: Fault?
    }

    private struct State {
        var rule: @Sendable (Request) -> Fault? = { _ in nil }
        var requests: [Request] = []
        var strangerHeads: [String] = []
    }

    package let port: Int
    package let strangerPort: Int
    private let server: @Sendable (Request) -> Answer?
    private let listeners: [LoopbackListener]
    private let state: Mutex<State>

    package struct Answer: Sendable {
        package var status: Int
        package var headers: [String: String]
        package var body: [UInt8]

        package init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
            self.status = status
            self.headers = headers
            self.body = body
        }
    }

    /// - Parameter port: of the server on the loopback interface that gets what is passed on.
    package convenience init(to port: Int) throws {
        try self.init(answering: { Self.pass($0, to: port) })
    }

    /// In front of a server inside the test.
    package init(answering server: @escaping @Sendable (Request) -> Answer?) throws {
        self.server = server
        let own = try LoopbackListener()
        let stranger = try LoopbackListener()
        listeners = [own, stranger]
        self.port = own.port
        strangerPort = stranger.port
        state = Mutex(State())
        own.serve { [weak self] in self?.answer($0) }
        stranger.serve { [weak self] in self?.keep($0) }
    }

    deinit { stop() }

    package func stop() { for listener in listeners { listener.close() } }

    /// `http://127.0.0.1:PORT`
    package var url: String { "http://127.0.0.1:\(port)" }

    /// Forgets what happened until now and lets `rule` decide about each request from now on.
    package func begin(_ rule: @escaping @Sendable (Request) -> Fault? = { _ in nil }) {
        state.withLock { $0 = State(rule: rule) }
    }

    /// Since ``begin(_:)``.
    package var requests: [Request] { state.withLock { $0.requests } }

    /// Request lines and headers that the stranger got since ``begin(_:)``.
    package var strangerHeads: [String] { state.withLock { $0.strangerHeads } }

    // MARK: One connection

    private func answer(_ connection: SocketStream) {
        while let message = HTTPMessage(from: connection, isAnswer: false, toHead: false) {
            let parts = message.startLine.split(separator: " ")
            guard parts.count == 3 else { return }
            let request = state.withLock { state in
                var request = Request(
                    number: state.requests.count, method: String(parts[0]), target: String(parts[1]),
                    headers: message.fields, body: message.body)
                request.fault = state.rule(request)
                state.requests.append(request)
                return request
            }
            guard respond(to: request, on: connection) else { return }
        }
    }

    /// - Returns: whether the connection stays open.
    private func respond(to request: Request, on connection: SocketStream) -> Bool {
        switch request.fault {
        case .drop: return false
        case .status(let code, let retryAfter):
            let fields = retryAfter.map { ["retry-after": String($0)] } ?? [:]
            return connection.write(HTTPMessage(status: code, fields).bytes)
        case .page:
            let page = Array("<!DOCTYPE html><html><body>Please log in to the network.</body></html>".utf8)
            return connection.write(HTTPMessage(status: 200, ["content-type": "text/html"], page).bytes)
        case .redirectLoop:
            return connection.write(HTTPMessage(status: 307, ["location": request.target]).bytes)
        case .redirectElsewhere:
            let location = "http://127.0.0.1:\(strangerPort)\(request.target)"
            return connection.write(HTTPMessage(status: 307, ["location": location]).bytes)
        default: break
        }
        guard let real = server(request) else { return false }
        var answer = HTTPMessage(status: real.status, real.headers, real.body)
        switch request.fault {
        case .dropAnswer: return false
        case .truncate:
            let bytes = answer.bytes
            _ = connection.write(Array(bytes.prefix(bytes.count - max(1, (answer.body.count + 1) / 2))))
            return false
        case .shorten: answer.body.removeLast(answer.body.count / 2)
        case .delay(let milliseconds): Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
        case .garble: answer.editText { $0.replacingOccurrences(of: "multistatus>", with: "multistatu>") }
        case .omitResponses: answer.editResponses { _, _ in "" }
        case .denyResponses(let code):
            answer.editResponses { response, prefix in
                guard let start = response.range(of: "<\(prefix)href>"),
                    let end = response.range(of: "</\(prefix)href>")
                else { return response }
                return "<\(prefix)response>" + response[start.lowerBound..<end.upperBound]
                    + "<\(prefix)status>HTTP/1.1 \(code) No</\(prefix)status></\(prefix)response>"
            }
        case .hrefsElsewhere:
            answer.editText { [strangerPort] in
                $0.replacingOccurrences(of: "href>/", with: "href>http://127.0.0.1:\(strangerPort)/")
            }
        default: break
        }
        return connection.write(answer.bytes)
    }

    private static func pass(_ request: Request, to port: Int) -> Answer? {
        guard let server = SocketStream(connectingTo: port) else { return nil }
        var message = HTTPMessage(
            startLine: "\(request.method) \(request.target) HTTP/1.1", request.headers, request.body)
        message.fields["connection"] = "close"
        message.fields["accept-encoding"] = "identity"
        guard server.write(message.bytes),
            let answer = HTTPMessage(from: server, isAnswer: true, toHead: request.method == "HEAD")
        else { return nil }
        let status = answer.startLine.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 502
        return Answer(status: status, headers: answer.fields, body: answer.body)
    }

    private func keep(_ connection: SocketStream) {
        while let message = HTTPMessage(from: connection, isAnswer: false, toHead: false) {
            let head = ([message.startLine] + message.fields.map { "\($0.key): \($0.value)" }).joined(separator: "\n")
            state.withLock { $0.strangerHeads.append(head) }
            guard connection.write(HTTPMessage(status: 404, [:]).bytes) else { return }
        }
    }
}

/// A request or an answer of HTTP/1.1, with its body whole.
private struct HTTPMessage {
    var startLine: String
    var fields: [String: String]
    var body: [UInt8]

    init(status: Int, _ fields: [String: String], _ body: [UInt8] = []) {
        self.init(startLine: "HTTP/1.1 \(status) Status", fields, body)
    }

    init(startLine: String, _ fields: [String: String], _ body: [UInt8]) {
        self.startLine = startLine
        self.fields = fields
        self.body = body
    }

    /// - Returns: nil when the peer closed before a whole message had come.
    init?(from stream: SocketStream, isAnswer: Bool, toHead: Bool) {
        guard let first = stream.line(), !first.isEmpty else { return nil }
        startLine = first
        fields = [:]
        while true {
            guard let line = stream.line() else { return nil }
            if line.isEmpty { break }
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        body = []
        let hasNoBody = toHead || (isAnswer && (startLine.contains(" 204 ") || startLine.contains(" 304 ")))
        if hasNoBody { return }
        if fields.removeValue(forKey: "transfer-encoding") != nil {
            while true {
                guard let line = stream.line(), let size = Int(line.prefix { $0 != ";" }, radix: 16) else { return nil }
                guard let chunk = stream.bytes(size), stream.line() != nil else { return nil }
                if size == 0 { break }
                body += chunk
            }
        } else if let length = fields["content-length"].flatMap(Int.init) {
            guard let bytes = stream.bytes(length) else { return nil }
            body = bytes
        } else if isAnswer {
            body = stream.rest()
        }
    }

    var bytes: [UInt8] {
        var fields = fields
        fields["content-length"] = String(body.count)
        fields["connection"] = startLine.hasPrefix("HTTP/") ? nil : fields["connection"]
        let head = [startLine] + fields.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" } + ["", ""]
        return Array(head.joined(separator: "\r\n").utf8) + body
    }

    mutating func editText(_ edit: (String) -> String) {
        guard startLine.contains(" 207 ") else { return }
        body = Array(edit(String(decoding: body, as: UTF8.self)).utf8)
    }

    /// Replaces every second response, counted from the second, by what `edit` makes of it and the prefix of its name.
    mutating func editResponses(_ edit: (_ response: String, _ prefix: String) -> String) {
        editText { text in
            guard let tag = text.range(of: "<[A-Za-z0-9]*:?response>", options: .regularExpression) else { return text }
            let prefix = String(text[tag].dropFirst().dropLast("response>".count))
            let open = "<\(prefix)response>"
            let close = "</\(prefix)response>"
            var result = ""
            var rest = text[...]
            var count = 0
            while let start = rest.range(of: open), let end = rest.range(of: close) {
                let response = String(rest[start.lowerBound..<end.upperBound])
                result += rest[..<start.lowerBound]
                result += count % 2 == 1 ? edit(response, prefix) : response
                rest = rest[end.upperBound...]
                count += 1
            }
            return result + rest
        }
    }
}
