import HTTPTypes

/// Where COPY and MOVE go (RFC 4918, 10.3).
package struct Destination: Hashable, Sendable {
    package let path: ResourcePath

    /// - Parameters:
    ///   - text: the header; an absolute path or an absolute URI.
    ///   - authorities: host and port as the client sees this server; empty when not known.
    /// - Throws: 400 when the field is missing or malformed, 502 when it is on another server.
    package init(header text: String?, authorities: [String]) throws(DAVError) {
        guard let text, !text.isEmpty else {
            throw DAVError(.badRequest, "The Destination header is missing.")
        }
        if !text.hasPrefix("/"), let mark = text.range(of: "://"), !authorities.isEmpty {
            let authority = text[mark.upperBound...].prefix { $0 != "/" }
            guard authorities.contains(where: { Self.isSame($0, String(authority)) }) else {
                throw DAVError(.badGateway, "The Destination is on another server; only this one can be reached.")
            }
        }
        guard !text.contains("#"), !text.contains("?") else {
            throw DAVError(.badRequest, "A Destination has neither query nor fragment.")
        }
        path = try ResourcePath(parsing: text)
    }

    /// The port that a scheme stands for may be written or not.
    private static func isSame(_ a: String, _ b: String) -> Bool {
        func bare(_ text: String) -> String {
            let text = text.lowercased()
            for port in [":80", ":443"] where text.hasSuffix(port) { return String(text.dropLast(port.count)) }
            return text
        }
        return bare(a) == bare(b)
    }
}

extension String {
    /// The first place where `mark` stands.
    fileprivate func range(of mark: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(mark) { return start..<index(start, offsetBy: mark.count) }
            start = index(after: start)
        }
        return nil
    }
}
