import HTTPTypes
import WebDAV
import XMLStream

extension DAVClient {
    /// An answer that says no, as an error with the server's own words where it has any.
    func refusal(of method: HTTPRequest.Method, _ answer: Answer) -> DAVClientError {
        let detail = ServerMessage(answer.body)
        var reason = "\(method) \(answer.url): \(answer.status.code)"
        if let phrase = Self.phrases[answer.status.code] { reason += " \(phrase)" }
        if let condition = detail.condition { reason += ", \(condition.name.local)" }
        if let text = detail.text { reason += " (\(text))" }
        let (code, advice) = meaning(of: answer, condition: detail.condition)
        return DAVClientError(
            code, reason + ".", advice: advice, status: answer.status, condition: detail.condition)
    }

    private func meaning(of answer: Answer, condition: XMLElement?) -> (DAVClientError.Code, advice: String?) {
        switch answer.status.code {
        case 401: (.authentication, loginAdvice(answer))
        case 403: (.forbidden, condition == nil ? "The account is logged in, but must not do this." : nil)
        case 404, 410: (.notFound, nil)
        case 407: (.unavailable, "A proxy between here and the server wants a password.")
        case 412: (.preconditionFailed, nil)
        case 413, 507: (.tooLarge, nil)
        case 408, 425, 429, 500, 502, 503, 504: (.unavailable, "Try again later.")
        case 200..<300: (.protocolViolation, nil)
        case 501, 505: (.refused, nil)
        case 500...: (.unavailable, nil)
        default: (.refused, nil)
        }
    }

    private func loginAdvice(_ answer: Answer) -> String {
        let schemes = AuthenticationChallenge.all(in: answer.headers[values: .wwwAuthenticate]).map(\.scheme)
        if !schemes.isEmpty, Set(schemes).isDisjoint(with: ["basic", "digest", "bearer"]) {
            return
                "The server wants \(schemes.joined(separator: ", ")) authentication; Basic, Digest and OAuth are known."
        }
        if schemes.allSatisfy({ $0 == "bearer" }), !schemes.isEmpty {
            return
                "The server wants Bearer authentication, a login with OAuth: set name=, or token_url= and client_id=."
        }
        guard hasCredentials else { return "Set username and password." }
        return "Check username and password. Accounts with a second factor need an application password."
    }

    /// The standard phrases (RFC 9110, 4918, 6585), since a server's own may be anything.
    private static let phrases: [Int: String] = [
        400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
        405: "Method Not Allowed", 406: "Not Acceptable", 407: "Proxy Authentication Required",
        408: "Request Timeout", 409: "Conflict", 410: "Gone", 411: "Length Required", 412: "Precondition Failed",
        413: "Content Too Large", 414: "URI Too Long", 415: "Unsupported Media Type", 421: "Misdirected Request",
        422: "Unprocessable Content", 423: "Locked", 424: "Failed Dependency", 425: "Too Early",
        429: "Too Many Requests", 431: "Request Header Fields Too Large", 451: "Unavailable For Legal Reasons",
        500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
        504: "Gateway Timeout", 505: "HTTP Version Not Supported", 507: "Insufficient Storage",
        508: "Loop Detected", 511: "Network Authentication Required",
    ]

    /// Reads a 207 answer to its end.
    ///
    /// - Throws: ``DAVClientError/Code/protocolViolation`` for a web page, for XML that ends early, or for a listing
    ///   that the server itself calls incomplete.
    func multistatus(_ method: HTTPRequest.Method, _ answer: Answer) throws -> DAVMultistatus {
        try reading(method, answer) { try DAVMultistatus(parsing: answer.body, from: answer.url) }
    }

    /// - Parameter parse: reads the body of a 207 answer.
    func reading<Value>(_ method: HTTPRequest.Method, _ answer: Answer, _ parse: () throws -> Value) throws -> Value {
        guard answer.status.code == 207 else {
            guard answer.status.kind == .successful else { throw refusal(of: method, answer) }
            throw notDAV(method, answer)
        }
        do {
            return try parse()
        } catch {
            throw DAVClientError(
                .protocolViolation, "\(method) \(answer.url): the answer is not a complete listing: \(error)",
                advice: "Nothing of it was used. If it happens again, the server or a proxy cuts its answers.",
                status: answer.status)
        }
    }

    /// Networks that want a login answer everything with 200 and a page; a server that has done what it was asked to says so
    /// without one.
    func refusePage(for method: HTTPRequest.Method, _ answer: Answer) throws(DAVClientError) {
        if answer.status.code == 200, isPage(answer) { throw notDAV(method, answer) }
    }

    private func isPage(_ answer: Answer) -> Bool {
        let type = answer.headers[.contentType]?.lowercased() ?? ""
        return type.hasPrefix("text/html") || type.hasPrefix("application/xhtml")
    }

    private func notDAV(_ method: HTTPRequest.Method, _ answer: Answer) -> DAVClientError {
        let isPage = isPage(answer)
        return DAVClientError(
            .protocolViolation,
            "\(method) \(answer.url): \(isPage ? "a web page" : "status \(answer.status.code)") came back instead of "
                + "calendar data.",
            advice: isPage
                ? "The address may be wrong, or the network may want a login of its own first."
                : "The address may not be one of a CalDAV or CardDAV server.", status: answer.status)
    }
}

/// What a server says in the body of a refusal: a `DAV:error` element, perhaps with a sentence.
struct ServerMessage {
    /// The first condition in the error element.
    let condition: XMLElement?
    /// One line, printable, short.
    let text: String?

    /// sabre/dav, and so Nextcloud and Baikal, explain themselves here.
    private static let sabreMessage = XMLName("http://sabredav.org/ns", "message")
    private static let sabre = sabreMessage.namespace

    init(_ body: [UInt8]) {
        guard body.count <= 1 << 20, let root = try? XMLElement(parsing: body), root.name == .error else {
            (condition, text) = (nil, nil)
            return
        }
        condition = root.elements.first { $0.name.namespace != Self.sabre }
        let words = root.first(Self.sabreMessage)?.trimmedText ?? root.first(.responsedescription)?.trimmedText
        text = words.flatMap { words in
            let line = words.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.prefix(200)
            return line.isEmpty ? nil : String(String.UnicodeScalarView(line))
        }
    }
}
