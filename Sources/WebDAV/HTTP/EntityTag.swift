import HTTPTypes

/// An entity tag (RFC 9110, 8.8.3).
package struct EntityTag: Hashable, Sendable, CustomStringConvertible {
    /// The opaque part, without quotes.
    package let opaque: String
    package let isWeak: Bool

    package init(_ opaque: String, isWeak: Bool = false) {
        self.opaque = opaque
        self.isWeak = isWeak
    }

    /// As it stands in a header, in quotes.
    package var description: String { isWeak ? "W/\"\(opaque)\"" : "\"\(opaque)\"" }

    /// RFC 9110, 8.8.3.2: equal and both strong.
    package func matchesStrongly(_ other: EntityTag) -> Bool {
        !isWeak && !other.isWeak && opaque == other.opaque
    }

    /// RFC 9110, 8.8.3.2: equal, weak or not.
    package func matchesWeakly(_ other: EntityTag) -> Bool { opaque == other.opaque }
}

/// The value of `If-Match` or `If-None-Match`: `*`, or a list of tags (RFC 9110, 13.1.1).
package enum EntityTagCondition: Hashable, Sendable {
    case any
    case tags([EntityTag])

    /// Reads a list of tags. Tags without quotes are taken too: old clients send them.
    /// - Throws: 400 when the list is empty or a quote is left open.
    package init(header text: String) throws(DAVError) {
        var parser = HeaderScanner(text)
        parser.skipSpaces()
        if parser.take("*") {
            parser.skipSpaces()
            guard parser.isAtEnd else { throw Self.malformed }
            self = .any
            return
        }
        var tags: [EntityTag] = []
        while !parser.isAtEnd {
            guard let tag = parser.entityTag() ?? parser.bareTag() else { throw Self.malformed }
            tags.append(tag)
            parser.skipSpaces()
            if parser.isAtEnd { break }
            guard parser.take(",") else { throw Self.malformed }
            parser.skipSpaces()
        }
        guard !tags.isEmpty else { throw Self.malformed }
        self = .tags(tags)
    }

    private static let malformed = DAVError(.badRequest, "A header holds no well-formed list of entity tags.")
}

/// Reads header values character by character.
struct HeaderScanner {
    private let text: [UInt8]
    private var index = 0

    init(_ text: String) { self.text = Array(text.utf8) }

    var isAtEnd: Bool { index >= text.count }
    var next: UInt8? { index < text.count ? text[index] : nil }

    mutating func skipSpaces() {
        while let byte = next, byte == 0x20 || byte == 0x09 { index += 1 }
    }

    mutating func take(_ expected: Unicode.Scalar) -> Bool {
        guard let byte = next, UInt32(byte) == expected.value else { return false }
        index += 1
        return true
    }

    /// Takes a word, whatever its case.
    mutating func take(word: String) -> Bool {
        let word = Array(word.utf8)
        guard index + word.count <= text.count else { return false }
        for offset in word.indices where text[index + offset] | 0x20 != word[offset] | 0x20 { return false }
        index += word.count
        return true
    }

    /// Everything up to `end`, which is taken too; nil when it does not come.
    mutating func take(upTo end: Unicode.Scalar) -> String? {
        guard let close = text[index...].firstIndex(where: { UInt32($0) == end.value }) else { return nil }
        defer { index = close + 1 }
        return String(decoding: text[index..<close], as: UTF8.self)
    }

    mutating func entityTag() -> EntityTag? {
        let start = index
        let isWeak = text[index...].starts(with: Array("W/".utf8))
        if isWeak { index += 2 }
        guard take("\""), let opaque = take(upTo: "\"") else {
            index = start
            return nil
        }
        return EntityTag(opaque, isWeak: isWeak)
    }

    mutating func bareTag() -> EntityTag? {
        let start = index
        while let byte = next, byte > 0x20, byte < 0x7F, byte != UInt8(ascii: ","), byte != UInt8(ascii: "\"") {
            index += 1
        }
        return index > start ? EntityTag(String(decoding: text[start..<index], as: UTF8.self)) : nil
    }
}
