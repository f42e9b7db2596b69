package import HTTPTypes
package import XMLStream

/// Writes a 207 body (RFC 4918, 13), one response after the other, as bytes.
package struct MultistatusWriter: Sendable {
    private var xml: XMLWriter

    /// - Parameter root: `DAV:multistatus`, or the root of a body of the same shape such as `mkcol-response`.
    package init(root: XMLName = .multistatus) {
        xml = XMLWriter(prefixes: DAVNamespace.prefixes)
        xml.declaration()
        xml.start(root)
    }

    /// A response without properties: the status is that of the resource itself.
    /// - Parameter error: the condition that failed, which becomes the content of `DAV:error`.
    package mutating func response(
        _ href: String, status: HTTPResponse.Status, error: XMLElement? = nil, description: String? = nil
    ) {
        begin(href)
        xml.element(.status, text: status.line)
        details(error, description)
        end()
    }

    /// A response with properties. Propstats without properties are left out; if none remains, an empty 200 stands in,
    /// since a response must have one.
    package mutating func response(_ href: String, propstats: [Propstat]) {
        begin(href)
        var isEmpty = true
        for propstat in propstats where !propstat.properties.isEmpty {
            isEmpty = false
            self.propstat(propstat.status, error: propstat.error, description: propstat.description) { xml in
                for property in propstat.properties { xml.element(property) }
            }
        }
        if isEmpty { propstat(.ok) { _ in } }
        end()
    }

    // MARK: Piece by piece, for handlers that write properties without building elements

    package mutating func begin(_ href: String) {
        xml.start(.response)
        xml.element(.href, text: href)
    }

    package mutating func propstat(
        _ status: HTTPResponse.Status, error: XMLElement? = nil, description: String? = nil,
        _ properties: (inout XMLWriter) throws -> Void
    ) rethrows {
        xml.start(.propstat)
        try xml.element(.prop, properties)
        xml.element(.status, text: status.line)
        details(error, description)
        xml.end()
    }

    package mutating func end() { xml.end() }

    /// A propstat directly below the root, as in `mkcol-response`.
    package mutating func propstat(_ propstat: Propstat) {
        self.propstat(propstat.status, error: propstat.error, description: propstat.description) { xml in
            for property in propstat.properties { xml.element(property) }
        }
    }

    private mutating func details(_ error: XMLElement?, _ description: String?) {
        if let error { xml.element(.error) { $0.element(error) } }
        if let description { xml.element(.responsedescription, text: description) }
    }

    /// A response that the caller has prepared, byte by byte.
    package mutating func prepared(_ body: (inout [UInt8]) -> Void) { xml.append(body) }

    /// Text inside such a response, escaped here.
    package mutating func text(_ text: [UInt8]) { xml.text(text) }

    // MARK: The end

    /// What has been written so far, for streaming; it is forgotten here.
    package mutating func take() -> [UInt8] { xml.take() }

    /// How much waits to be taken, in bytes.
    package var pendingCount: Int { xml.bytes.count }

    /// Closes the document and gives the rest of it.
    /// - Parameter syncToken: RFC 6578, 6.2.
    package mutating func finish(syncToken: String? = nil, description: String? = nil) -> [UInt8] {
        if let syncToken { xml.element(.syncToken, text: syncToken) }
        if let description { xml.element(.responsedescription, text: description) }
        xml.end()
        return xml.take()
    }
}
