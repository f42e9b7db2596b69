extension XMLWriter {
    /// Appends UTF-8 text escaped for character data or for an attribute in double quotes.
    /// - Returns: false when some of it has become U+FFFD.
    @discardableResult
    mutating func appendEscaped(_ text: UnsafeBufferPointer<UInt8>, inAttribute: Bool) -> Bool {
        var isWhole = true
        var run = 0
        var index = 0
        while index < text.count {
            if isPlain(text, from: index) {
                index += 8
                continue
            }
            let byte = text[index]
            let replacement: StaticString
            var length = 1
            switch byte {
            case UInt8(ascii: "&"): replacement = "&amp;"
            case UInt8(ascii: "<"): replacement = "&lt;"
            case UInt8(ascii: ">"): replacement = "&gt;"
            case 0x0D: replacement = "&#13;"
            case UInt8(ascii: "\"") where inAttribute: replacement = "&quot;"
            case 0x09 where inAttribute: replacement = "&#9;"
            case 0x0A where inAttribute: replacement = "&#10;"
            case 0x09, 0x0A, 0x20...0x7F:
                index += 1
                continue
            case 0x80...:
                length = Self.lengthOfCharacter(text, at: index)
                if length > 0 {
                    index += length
                    continue
                }
                length = 1
                isWhole = false
                replacement = "\u{FFFD}"
            default:
                isWhole = false
                replacement = "\u{FFFD}"
            }
            appendRaw(UnsafeBufferPointer(rebasing: text[run..<index]))
            replacement.withUTF8Buffer { appendRaw($0) }
            index += length
            run = index
        }
        appendRaw(UnsafeBufferPointer(rebasing: text[run..<index]))
        return isWhole
    }

    /// Whether the next eight bytes stand in XML as they are, wherever: looked at as one word, as bit tricks do it. It may
    /// say no when only what comes behind a special byte is meant.
    @inline(__always)
    private func isPlain(_ text: UnsafeBufferPointer<UInt8>, from index: Int) -> Bool {
        guard index + 8 <= text.count, let base = text.baseAddress else { return false }
        let word = UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self)
        let (ones, high) = (0x0101_0101_0101_0101 as UInt64, 0x8080_8080_8080_8080 as UInt64)
        func has(_ byte: UInt8) -> UInt64 {
            let difference = word ^ (ones &* UInt64(byte))
            return (difference &- ones) & ~difference
        }
        let control = (word &- ones &* 0x20) & ~word
        let special =
            word | control | has(UInt8(ascii: "&")) | has(UInt8(ascii: "<")) | has(UInt8(ascii: ">"))
            | has(UInt8(ascii: "\""))
        return special & high == 0
    }

    /// Text as it stands between tags; nil when XML 1.0 cannot carry it, because it is not UTF-8 or holds control characters
    /// that XML forbids, and would arrive changed.
    package static func escaped(_ bytes: [UInt8]) -> [UInt8]? {
        var writer = XMLWriter(prefixes: [])
        writer.reserve(bytes.count + bytes.count / 16)
        return bytes.withUnsafeBufferPointer { writer.appendEscaped($0, inAttribute: false) } ? writer.take() : nil
    }

    /// The length of the multi-byte character at `index`, 0 when it is not valid UTF-8 or not an XML character.
    private static func lengthOfCharacter(_ text: UnsafeBufferPointer<UInt8>, at index: Int) -> Int {
        let lead = text[index]
        let length: Int
        var scalar: UInt32
        switch lead {
        case 0xC2...0xDF: (length, scalar) = (2, UInt32(lead & 0x1F))
        case 0xE0...0xEF: (length, scalar) = (3, UInt32(lead & 0x0F))
        case 0xF0...0xF4: (length, scalar) = (4, UInt32(lead & 0x07))
        default: return 0
        }
        guard index + length <= text.count else { return 0 }
        for offset in 1..<length {
            let next = text[index + offset]
            guard next & 0xC0 == 0x80 else { return 0 }
            scalar = scalar << 6 | UInt32(next & 0x3F)
        }
        switch scalar {
        case 0x80...0x7FF: return length == 2 ? 2 : 0
        case 0x800...0xD7FF, 0xE000...0xFFFD: return length == 3 ? 3 : 0
        case 0x1_0000...0x10_FFFF: return length == 4 ? 4 : 0
        default: return 0
        }
    }
}
