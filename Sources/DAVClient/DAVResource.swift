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
    package let syncToken: String?
    /// Whether the server says that it left something out, which the sync token of this answer asks for
    /// (507, RFC 6578, section 3.6).
    package let isTruncated: Bool

    /// - Parameters:
    ///   - url: what hrefs are resolved against.
    ///   - mayBeTruncated: whether an answer may say that it is only a part.
    /// - Throws: when the body is not a whole multistatus, when an href cannot be an address, or when the server says
    ///   that it left something out and must not.
    package init(parsing body: [UInt8], from url: DAVURL, mayBeTruncated: Bool = false) throws {
        let parsed = try Multistatus(parsing: body)
        self.url = url
        syncToken = parsed.syncToken
        let whole = parsed.responses.filter { $0.status?.code != 507 }
        isTruncated = whole.count < parsed.responses.count
        guard !isTruncated || mayBeTruncated else {
            throw DAVClientError(.protocolViolation, "the server says that it left out a part of it (507).")
        }
        resources = try whole.flatMap { try DAVResource.resources($0, from: url) }
    }

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
            guard let url = base.resolving(href) else {
                throw DAVClientError(.protocolViolation, "the reference \"\(href)\" is no address.")
            }
            return DAVResource(
                href: href, url: url, status: response.status?.code, properties: found, refused: refused,
                condition: error?.elements.first)
        }
    }
}

extension DAVURL {
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

    /// One pass over the bytes: listings have a key for each member.
    private func appendComparisonKey(to key: inout [UInt8]) {
        let slash = UInt8(ascii: "/")
        var path = target.utf8.prefix { $0 != UInt8(ascii: "?") }
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
