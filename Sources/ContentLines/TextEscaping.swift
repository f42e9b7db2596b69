/// Backslash escapes of TEXT values (RFC 5545 3.3.11, RFC 6350 3.4).
package enum TextEscaping {
    private static let backslash = UInt8(ascii: "\\")

    /// Decodes `\n`, `\N`, `\,`, `\;`, `\:`, `\"` and `\\`; a backslash before anything else stands for itself.
    package static func unescape(_ raw: ArraySlice<UInt8>) -> String {
        guard raw.contains(backslash) else { return String(decoding: raw, as: UTF8.self) }
        var text: [UInt8] = []
        text.reserveCapacity(raw.count)
        var rest = raw
        while let byte = rest.popFirst() {
            guard byte == backslash, let next = rest.first else {
                text.append(byte)
                continue
            }
            switch next {
            case UInt8(ascii: "n"), UInt8(ascii: "N"): text.append(UInt8(ascii: "\n"))
            case backslash, UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "\""):
                text.append(next)
            default:
                text.append(byte)
                continue
            }
            rest.removeFirst()
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Encodes line breaks, commas, semicolons and backslashes. CRLF and CR count as one line break.
    package static func escape(_ text: String) -> [UInt8] {
        var raw: [UInt8] = []
        raw.reserveCapacity(text.utf8.count)
        var previous: UInt8 = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\n") where previous == UInt8(ascii: "\r"): break
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): raw.append(contentsOf: [backslash, UInt8(ascii: "n")])
            case backslash, UInt8(ascii: ","), UInt8(ascii: ";"): raw.append(contentsOf: [backslash, byte])
            default: raw.append(byte)
            }
            previous = byte
        }
        return raw
    }

    /// Splits a raw value at every unescaped `separator`, as lists (comma) and structured values (semicolon) need it.
    package static func split(_ raw: ArraySlice<UInt8>, at separator: UInt8) -> [ArraySlice<UInt8>] {
        var parts: [ArraySlice<UInt8>] = []
        var start = raw.startIndex
        var position = raw.startIndex
        while position < raw.endIndex {
            if raw[position] == backslash {
                position += 1
            } else if raw[position] == separator {
                parts.append(raw[start..<position])
                start = position + 1
            }
            position += 1
        }
        parts.append(raw[start...])
        return parts
    }
}
