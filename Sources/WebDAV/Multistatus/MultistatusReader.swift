package import HTTPTypes
package import XMLStream

/// One response of a 207 body (RFC 4918, 14.24).
package struct MultistatusResponse: Hashable, Sendable {
    /// At least one. As written: not decoded.
    package var hrefs: [String]
    /// The status of the resource; nil when there are propstats.
    package var status: HTTPResponse.Status?
    package var propstats: [Propstat]
    /// The content of `DAV:error`, if any.
    package var error: XMLElement?
    package var description: String?
    package var location: String?

    /// A property that the server gave with a status of success.
    package func property(_ name: XMLName) -> XMLElement? {
        for propstat in propstats where propstat.status.kind == .successful {
            if let property = propstat.properties.first(where: { $0.name == name }) { return property }
        }
        return nil
    }
}

/// A whole 207 body.
package struct Multistatus: Sendable {
    package var responses: [MultistatusResponse]
    /// RFC 6578, 6.2.
    package var syncToken: String?
    package var description: String?

    /// Reads a body that is here as a whole.
    /// - Throws: `XMLError` when it is truncated, malformed, or not a multistatus.
    package init(parsing bytes: [UInt8], limits: XMLLimits = .response) throws {
        var responses: [MultistatusResponse] = []
        let reader = try MultistatusReader(limits: limits)
        responses = try reader.feed(bytes)
        let end = try reader.finish()
        self.responses = responses
        syncToken = end.syncToken
        description = end.description
    }
}

/// Reads a 207 body as it comes, strictly: a body that is cut off or malformed is an error, never a shorter list, and a
/// response that says nothing about its resource is one too. Unknown elements are ignored.
package final class MultistatusReader {
    private let parser: XMLParser

    /// - Parameter responseElements: bound on the elements of one response.
    package init(limits: XMLLimits = .response, responseElements: Int = 100_000) throws(XMLError) {
        var treeLimits = limits
        treeLimits.elements = min(limits.elements, responseElements)
        parser = try XMLParser(handler: MultistatusHandler(treeLimits: treeLimits), limits: limits)
    }

    /// Takes the next bytes and gives the responses that have ended in them.
    /// - Throws: `XMLError`.
    package func feed(_ bytes: [UInt8]) throws -> [MultistatusResponse] {
        try parser.feed(bytes)
        return handler?.takeResponses() ?? []
    }

    /// What stands beside the responses.
    package struct End: Sendable {
        package let syncToken: String?
        package let description: String?
    }

    /// Says that the body ends here.
    /// - Throws: `XMLError.truncated` when it cannot end here.
    package func finish() throws -> End {
        try parser.finish()
        return End(syncToken: handler?.syncToken, description: handler?.description)
    }

    private var handler: MultistatusHandler? { parser.handler as? MultistatusHandler }
}

/// Cuts the children of the root out of the stream and reads each as a small tree.
private final class MultistatusHandler: XMLEventHandler {
    private(set) var syncToken: String?
    private(set) var description: String?
    private var responses: [MultistatusResponse] = []
    private var depth = 0
    private var builder: XMLTreeBuilder
    private let treeLimits: XMLLimits

    init(treeLimits: XMLLimits) {
        self.treeLimits = treeLimits
        builder = XMLTreeBuilder(limits: treeLimits)
    }

    func takeResponses() -> [MultistatusResponse] {
        defer { responses = [] }
        return responses
    }

    func startElement(_ name: XMLName, attributes: [XMLAttribute]) throws {
        depth += 1
        if depth == 1 {
            guard name == .multistatus else {
                throw XMLError(.unexpectedElement, "The document is no DAV:multistatus but \(name).")
            }
        } else {
            try builder.startElement(name, attributes: attributes)
        }
    }

    func endElement(_ name: XMLName) throws {
        depth -= 1
        guard depth >= 1 else { return }
        try builder.endElement(name)
        guard depth == 1, let element = builder.root else { return }
        builder = XMLTreeBuilder(limits: treeLimits)
        switch element.name {
        case .response: responses.append(try MultistatusResponse(element))
        case .syncToken: syncToken = element.trimmedText
        case .responsedescription: description = element.text
        default: break
        }
    }

    func text(_ text: Span<UInt8>) throws {
        if depth > 1 { try builder.text(text) }
    }
}

extension MultistatusResponse {
    fileprivate init(_ element: XMLElement) throws(XMLError) {
        var response = MultistatusResponse(hrefs: [], status: nil, propstats: [])
        for child in element.elements {
            switch child.name {
            case .href: response.hrefs.append(child.trimmedText)
            case .status: response.status = try HTTPResponse.Status(element: child)
            case .propstat: response.propstats.append(try Propstat(child))
            case .error: response.error = child
            case .responsedescription: response.description = child.text
            case .location: response.location = child.first(.href)?.trimmedText
            default: break
            }
        }
        guard let first = response.hrefs.first, !first.isEmpty else {
            throw XMLError(.unexpectedElement, "A DAV:response has no DAV:href.")
        }
        guard response.status != nil || !response.propstats.isEmpty else {
            throw XMLError(.unexpectedElement, "The DAV:response for \(first) has neither status nor propstat.")
        }
        self = response
    }
}

extension Propstat {
    fileprivate init(_ element: XMLElement) throws(XMLError) {
        guard let status = element.first(.status) else {
            throw XMLError(.unexpectedElement, "A DAV:propstat has no DAV:status.")
        }
        self.init(
            status: try HTTPResponse.Status(element: status),
            properties: element.first(.prop)?.elements ?? [],
            error: element.first(.error),
            description: element.first(.responsedescription)?.text)
    }
}

extension HTTPResponse.Status {
    /// Reads `HTTP/1.1 200 OK`.
    fileprivate init(element: XMLElement) throws(XMLError) {
        let text = element.trimmedText
        let code = try Self.code(ofLine: Array(text.utf8)[...])
        let parts = text.split(separator: " ", maxSplits: 2)
        let phrase = parts.count > 2 ? String(parts[2]) : ""
        // Characters that no reason phrase may hold would trap in the initialiser.
        let isPrintable = phrase.utf8.allSatisfy { $0 == 0x09 || (0x20...0x7E).contains($0) }
        self.init(code: code, reasonPhrase: isPrintable ? phrase : "")
    }

    /// The number in a status line, from 100 to 599.
    static func code(ofLine line: ArraySlice<UInt8>) throws(XMLError) -> Int {
        var rest = XMLElement.trimmed(line)
        let space = UInt8(ascii: " ")
        guard rest.starts(with: "HTTP/".utf8), let end = rest.firstIndex(of: space) else { throw noStatusLine }
        rest = rest[end...].drop { $0 == space }
        var code = 0
        var digits = 0
        for byte in rest {
            if byte == space { break }
            guard (0x30...0x39).contains(byte), digits < 3 else { throw noStatusLine }
            code = code * 10 + Int(byte - 0x30)
            digits += 1
        }
        guard digits == 3, (100...599).contains(code) else { throw noStatusLine }
        return code
    }

    private static var noStatusLine: XMLError {
        XMLError(.unexpectedElement, "A DAV:status is not an HTTP status line.")
    }
}
