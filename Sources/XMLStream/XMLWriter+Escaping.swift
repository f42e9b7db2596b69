extension XMLWriter {
    /// Appends UTF-8 text escaped for character data or for an attribute in double quotes.
    mutating func appendEscaped(_ text: UnsafeBufferPointer<UInt8>, inAttribute: Bool) {
        var run = 0
        var index = 0
        while index < text.count {
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
                replacement = "\u{FFFD}"
            default: replacement = "\u{FFFD}"
            }
            appendRaw(UnsafeBufferPointer(rebasing: text[run..<index]))
            replacement.withUTF8Buffer { appendRaw($0) }
            index += length
            run = index
        }
        appendRaw(UnsafeBufferPointer(rebasing: text[run..<index]))
    }

    /// Whether XML 1.0 can carry these bytes as text: they are UTF-8 and hold no control characters that XML forbids.
    /// Other bytes would arrive changed.
    package static func canCarry(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { text in
            var index = 0
            while index < text.count {
                switch text[index] {
                case 0x09, 0x0A, 0x0D, 0x20...0x7F: index += 1
                case 0x80...:
                    let length = lengthOfCharacter(text, at: index)
                    guard length > 0 else { return false }
                    index += length
                default: return false
                }
            }
            return true
        }
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
