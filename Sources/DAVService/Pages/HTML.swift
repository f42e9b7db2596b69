/// Text for pages.
enum HTML {
    /// For text and for the values of attributes in double quotes.
    static func escape(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Something that nobody can guess, for one page.
    static func nonce() -> String {
        String(UInt64.random(in: 0...UInt64.max), radix: 36) + String(UInt64.random(in: 0...UInt64.max), radix: 36)
    }

    /// `#rrggbb` of a colour as clients write it; nil when it is none. What comes out can stand in a style sheet.
    static func color(_ text: String?) -> String? {
        guard let text else { return nil }
        let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
        guard digits.utf8.count == 6 || digits.utf8.count == 8, digits.allSatisfy({ $0.isASCII && $0.isHexDigit })
        else { return nil }
        return "#" + digits.prefix(6).lowercased()
    }
}
