/// The sections of the metadata file that Xandikos does not have, and leaves as they are: properties without meaning to
/// the server, of the collection and of its members, and who else may use it.
extension CollectionMetadata {
    private static let deadSection = "dead-properties"
    private static let memberSection = "member-properties"
    private static let accessSection = "access"

    mutating func readOwnSections(of file: INIFile) {
        for key in file.keys(in: Self.deadSection) {
            guard let text = file[Self.deadSection, key], let (name, xml) = DeadPropertyText.decode(text) else {
                continue
            }
            properties.deadProperties[name] = xml
        }
        for key in file.keys(in: Self.memberSection) {
            guard let text = file[Self.memberSection, key], let space = text.firstIndex(of: " "),
                let member = DeadPropertyText.decodeName(text[..<space]),
                let (name, xml) = DeadPropertyText.decode(String(text[text.index(after: space)...]))
            else { continue }
            properties.memberProperties[member, default: [:]][name] = xml
        }
        for key in file.keys(in: Self.accessSection) {
            if let text = file[Self.accessSection, key], let grant = AccessGrant(text: text) {
                properties.grants.append(grant)
            }
        }
    }

    /// Writes the sections that differ from `before`.
    func updateOwnSections(of file: inout INIFile, from before: CollectionProperties) {
        if properties.deadProperties != before.deadProperties {
            let lines = properties.deadProperties.sorted { $0.key < $1.key }
                .map { DeadPropertyText.encode($0.key, $0.value) }
            replace(Self.deadSection, "property", lines, in: &file)
        }
        if properties.memberProperties != before.memberProperties {
            var lines: [String] = []
            for (member, values) in properties.memberProperties.sorted(by: { $0.key < $1.key }) {
                let name = DeadPropertyText.encodeName(member)
                lines += values.sorted { $0.key < $1.key }.map {
                    name + " " + DeadPropertyText.encode($0.key, $0.value)
                }
            }
            replace(Self.memberSection, "property", lines, in: &file)
        }
        if properties.grants != before.grants {
            replace(Self.accessSection, "grant", properties.grants.map(\.text), in: &file)
        }
    }

    private func replace(_ section: String, _ key: String, _ lines: [String], in file: inout INIFile) {
        for key in file.keys(in: section) { file.set(section, key, to: nil) }
        for (number, line) in lines.enumerated() { file.set(section, "\(key)\(number + 1)", to: line) }
    }

    /// Lines for the commit.
    func ownChanges(from before: CollectionProperties) -> [String] {
        var lines: [String] = []
        if properties.deadProperties != before.deadProperties { lines.append("Set other properties.") }
        if properties.memberProperties != before.memberProperties { lines.append("Set properties of members.") }
        if properties.grants != before.grants { lines.append("Set access rights.") }
        return lines
    }
}

/// A property as one line: Clark name, space, XML with its line ends escaped.
private enum DeadPropertyText {
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
