/// A property as one line: Clark name, space, XML with its line ends escaped.
enum DeadPropertyText {
    private static let section = "dead-properties"

    static func read(_ file: INIFile) -> [String: String] {
        var properties: [String: String] = [:]
        for key in file.keys(in: section) {
            guard let text = file[section, key], let (name, xml) = decode(text) else { continue }
            properties[name] = xml
        }
        return properties
    }

    static func write(_ properties: [String: String], to file: inout INIFile) {
        file.replace(section, "property", properties.sorted { $0.key < $1.key }.map { encode($0.key, $0.value) })
    }

    static func encode(_ name: String, _ xml: String) -> String {
        var escaped = name + " "
        for scalar in xml.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\r": escaped += "\\r"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    static func decode(_ text: String) -> (name: String, xml: String)? {
        // A namespace is a URI reference and should have no space, but it is the brace that ends it.
        let search = text.hasPrefix("{") ? (text.firstIndex(of: "}") ?? text.startIndex) : text.startIndex
        guard let space = text[search...].firstIndex(of: " ") else { return nil }
        var xml = String.UnicodeScalarView()
        var isEscaped = false
        for scalar in text[text.index(after: space)...].unicodeScalars {
            if isEscaped {
                xml.append(scalar == "n" ? "\n" : scalar == "r" ? "\r" : scalar)
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = true
            } else {
                xml.append(scalar)
            }
        }
        return (String(text[..<space]), String(xml))
    }

    /// A member's name without spaces: everything but letters, digits and `-._` as `=XX`.
    static func encodeName(_ name: MemberName) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in name.string.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: result.append(byte)
            default: result += [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    static func decodeName(_ text: Substring) -> MemberName? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "=") else {
                bytes.append(byte)
                continue
            }
            guard let pair = String(rest.prefix(2)), pair.utf8.count == 2, let value = UInt8(pair, radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let name = String(validating: bytes, as: UTF8.self) else { return nil }
        return try? MemberName(name)
    }
}

extension INIFile {
    /// Gives a section these values under numbered keys, in the place of all it has.
    mutating func replace(_ section: String, _ key: String, _ values: [String]) {
        for key in keys(in: section) { set(section, key, to: nil) }
        for (number, value) in values.enumerated() { set(section, "\(key)\(number + 1)", to: value) }
    }
}
