import HTTPTypes
import XMLStream

/// How texts are compared (RFC 4790; RFC 4791, 7.5; RFC 6352, 8.3).
package enum Collation: String, Sendable, CaseIterable {
    /// Letters of ASCII are equal whatever their case.
    case asciiCasemap = "i;ascii-casemap"
    /// Bytes are equal.
    case octet = "i;octet"
    /// Letters of Unicode are equal whatever their case (RFC 5051).
    case unicodeCasemap = "i;unicode-casemap"

    /// - Parameter name: nil or `default` give `fallback`.
    /// - Throws: 403 with `condition` for collations we do not know.
    init(named name: String?, default fallback: Collation, condition: XMLName) throws(DAVError) {
        guard let name, name != "default" else {
            self = fallback
            return
        }
        guard let collation = Collation(rawValue: name) else {
            let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw DAVError(
                .forbidden, condition, "The collation \"\(name)\" is not supported; there are \(known).")
        }
        self = collation
    }

    /// The form of a text in which equal texts have equal bytes.
    package func key(_ text: String) -> [UInt8] {
        switch self {
        case .octet: return Array(text.utf8)
        case .asciiCasemap: return text.utf8.map { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 }
        case .unicodeCasemap:
            if text.utf8.allSatisfy({ $0 < 0x80 }) { return Collation.asciiCasemap.key(text) }
            // RFC 5051 maps each character to its title case. It would also decompose; here a composed letter and
            // the same letter with a combining mark stay different.
            var result = ""
            for scalar in text.unicodeScalars { result += scalar.properties.titlecaseMapping }
            return Array(result.utf8)
        }
    }
}

/// Which part of a value a text must be.
package enum MatchType: String, Sendable {
    case equals
    case contains
    case startsWith = "starts-with"
    case endsWith = "ends-with"
}

/// A test of a text (RFC 4791, 9.7.5; RFC 6352, 10.5.4).
package struct TextMatch: Hashable, Sendable {
    package let text: String
    package let collation: Collation
    package let type: MatchType
    package let isNegated: Bool
    private let key: [UInt8]
    /// For each position of the key, how much of its beginning ends there too.
    private let borders: [Int]

    package init(text: String, collation: Collation, type: MatchType = .contains, isNegated: Bool = false) {
        self.text = text
        self.collation = collation
        self.type = type
        self.isNegated = isNegated
        key = collation.key(text)
        borders = Self.borders(of: key)
    }

    init(
        _ element: XMLElement, default fallback: Collation, collationCondition: XMLName, filterCondition: XMLName
    ) throws(DAVError) {
        let collation = try Collation(
            named: element.attribute("collation"), default: fallback, condition: collationCondition)
        let type = MatchType(rawValue: element.attribute("match-type") ?? "contains")
        guard let type else {
            throw DAVError(.forbidden, filterCondition, "The match-type of a text-match is not known.")
        }
        let isNegated: Bool
        switch element.attribute("negate-condition") {
        case nil, "no": isNegated = false
        case "yes": isNegated = true
        default:
            throw DAVError(.forbidden, filterCondition, "The negate-condition of a text-match is neither yes nor no.")
        }
        self.init(text: element.text, collation: collation, type: type, isNegated: isNegated)
    }

    /// Whether the value passes, negation included.
    package func matches(_ value: String) -> Bool { finds(in: value) != isNegated }

    /// Whether the text is found, negation left aside.
    package func finds(in value: String) -> Bool {
        let value = collation.key(value)
        switch type {
        case .equals: return value == key
        case .startsWith: return value.starts(with: key)
        case .endsWith: return value.count >= key.count && value.suffix(key.count).elementsEqual(key)
        case .contains:
            return contains(value)
        }
    }

    /// As Knuth, Morris and Pratt search: in time that grows with both lengths, not with their product.
    private func contains(_ value: [UInt8]) -> Bool {
        guard !key.isEmpty else { return true }
        var matched = 0
        for byte in value {
            while matched > 0, key[matched] != byte { matched = borders[matched - 1] }
            if key[matched] == byte { matched += 1 }
            if matched == key.count { return true }
        }
        return false
    }

    private static func borders(of key: [UInt8]) -> [Int] {
        var borders = [Int](repeating: 0, count: key.count)
        var matched = 0
        for index in key.indices.dropFirst() {
            while matched > 0, key[matched] != key[index] { matched = borders[matched - 1] }
            if key[matched] == key[index] { matched += 1 }
            borders[index] = matched
        }
        return borders
    }
}
