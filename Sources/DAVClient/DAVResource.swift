import HTTPTypes
import WebDAV
package import XMLStream

/// What a server says about one resource in a multistatus answer.
package struct DAVResource: Sendable {
    /// The reference as the server wrote it, and where it leads.
    package let href: String
    package let url: DAVURL
    /// The status of the whole resource, when it has no properties: 404 for a missing one.
    package let status: Int?
    /// Properties with a status of success.
    package let properties: [XMLElement]
    /// Properties that could not be read or set, with the status of each.
    package let refused: [(name: XMLName, status: Int)]
    /// What the server gives as the reason, see RFC 4918, section 16.
    package let condition: XMLElement?

    package init(
        href: String, url: DAVURL, status: Int? = nil, properties: [XMLElement] = [],
        refused: [(name: XMLName, status: Int)] = [], condition: XMLElement? = nil
    ) {
        self.href = href
        self.url = url
        self.status = status
        self.properties = properties
        self.refused = refused
        self.condition = condition
    }

    package subscript(_ name: XMLName) -> XMLElement? { properties.first { $0.name == name } }

    /// The text of a property without white space around it; nil when it is missing or empty.
    package func text(_ name: XMLName) -> String? {
        guard let text = self[name]?.trimmedText, !text.isEmpty else { return nil }
        return text
    }

    /// The addresses in a property that holds hrefs, resolved.
    package func urls(_ name: XMLName) -> [DAVURL] {
        (self[name]?.all(.href) ?? []).compactMap { url.resolving($0.trimmedText) }
    }

    package var resourceTypes: [XMLName] { self[.resourcetype]?.elements.map(\.name) ?? [] }

    package var isCollection: Bool { resourceTypes.contains(.collection) }
}

/// A whole multistatus answer.
package struct DAVMultistatus: Sendable {
    /// Where it came from, after redirects.
    package let url: DAVURL
    package let resources: [DAVResource]

    /// - Parameter url: what hrefs are resolved against.
    /// - Throws: when the body is not a whole multistatus, when an href cannot be an address, or when the server says
    ///   that it left something out.
    package init(parsing body: [UInt8], from url: DAVURL) throws {
        let parsed = try Multistatus(parsing: body)
        self.url = url
        guard !parsed.responses.contains(where: { $0.status?.code == 507 }) else { throw Self.leftOut }
        resources = try parsed.responses.flatMap { try DAVResource.resources($0, from: url) }
    }

    static let leftOut = DAVClientError(
        .protocolViolation, "the server says that it left out a part of it (507).")

    /// The resource that was asked for itself: the one with its path, or, where a server spells it differently, the only
    /// one.
    package var own: DAVResource? {
        resources.first { $0.url.isSameResource(as: url) } ?? (resources.count == 1 ? resources.first : nil)
    }
}

extension DAVResource {
    /// A response may speak of several resources at once when it has a status only.
    fileprivate static func resources(
        _ response: MultistatusResponse, from base: DAVURL
    ) throws(DAVClientError) -> [DAVResource] {
        let found = response.propstats.filter { $0.status.kind == .successful }.flatMap(\.properties)
        let refused = response.propstats.filter { $0.status.kind != .successful }
            .flatMap { propstat in propstat.properties.map { (name: $0.name, status: propstat.status.code) } }
        let error = response.error ?? response.propstats.compactMap(\.error).first
        return try response.hrefs.map { (href) throws(DAVClientError) in
            DAVResource(
                href: href, url: try base.resource(href), status: response.status?.code, properties: found,
                refused: refused,
                condition: error?.elements.first)
        }
    }
}

extension DAVURL {
    /// The address that a reference in an answer of this one leads to.
    func resource(_ href: String) throws(DAVClientError) -> DAVURL {
        guard let url = resolving(href) else {
            throw DAVClientError(.protocolViolation, "the reference \"\(href)\" is no address.")
        }
        return url
    }

    /// Whether both name one resource as far as spelling can tell: percent-encoding and a final `/` apart.
    package func isSameResource(as other: DAVURL) -> Bool {
        resourceKey == other.resourceKey
    }

    /// Equal for addresses of the same resource, see ``isSameResource(as:)``.
    package var resourceKey: [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(host.utf8.count + target.utf8.count + 3)
        key.append(contentsOf: host.utf8)
        key += [0, UInt8(truncatingIfNeeded: port >> 8), UInt8(truncatingIfNeeded: port)]
        appendComparisonKey(to: &key)
        return key
    }

    /// The decoded path without a final `/`. A decoded `/` stays distinct from a real one.
    package var comparisonKey: [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(target.utf8.count)
        appendComparisonKey(to: &key)
        return key
    }

    /// Listings have a key for each member, and nearly every path is one as it is.
    private func appendComparisonKey(to key: inout [UInt8]) {
        let slash = UInt8(ascii: "/")
        var target = target
        target.withUTF8 { bytes in
            var previous: UInt8 = 0
            let isPlain = bytes.allSatisfy { byte in
                defer { previous = byte }
                return byte != UInt8(ascii: "%") && byte != UInt8(ascii: "?") && (byte != slash || previous != slash)
            }
            if isPlain {
                key.append(contentsOf: bytes.last == slash ? UnsafeBufferPointer(rebasing: bytes.dropLast()) : bytes)
            } else {
                Self.appendComparisonKey(of: bytes.prefix { $0 != UInt8(ascii: "?") }, to: &key)
            }
        }
    }

    private static func appendComparisonKey(of path: Slice<UnsafeBufferPointer<UInt8>>, to key: inout [UInt8]) {
        let slash = UInt8(ascii: "/")
        var path = path
        // The slash before a segment comes with its first byte, so that empty segments leave nothing.
        var isAtStart = true
        while let byte = path.popFirst() {
            if byte == slash {
                isAtStart = true
                continue
            }
            if isAtStart { key.append(slash) }
            isAtStart = false
            guard byte == UInt8(ascii: "%"), let first = path.first, let high = PercentEncoding.digit(first),
                let second = path.dropFirst().first, let low = PercentEncoding.digit(second)
            else {
                key.append(byte)
                continue
            }
            path = path.dropFirst(2)
            let value = high << 4 | low
            if value == slash { key.append(contentsOf: "%2F".utf8) } else { key.append(value) }
        }
    }
}
