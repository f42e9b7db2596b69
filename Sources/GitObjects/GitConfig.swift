/// A git configuration file (git-config, "Configuration File"). Changing a value leaves every other line as it is.
package struct GitConfig: Sendable {
    private struct Line {
        var text: String
        var section: String
        /// Set on lines that assign a value.
        var key: String?
        var value: String?
    }

    private var lines: [Line] = []

    package init() {}

    /// Reads leniently, as a server must that opens what others wrote: lines that make no sense are kept but say nothing.
    package init(parsing bytes: [UInt8]) {
        var section = ""
        var pending = ""
        for raw in String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false) {
            var text = pending + raw
            if Self.isContinued(text) {
                pending = text + "\n"
                continue
            }
            pending = ""
            if text.hasSuffix("\r") { text.removeLast() }
            append(text, &section)
        }
        if !pending.isEmpty { append(String(pending.dropLast()), &section) }
        if lines.last?.text == "" { lines.removeLast() }
    }

    private mutating func append(_ text: String, _ section: inout String) {
        var body = Substring(text).drop { $0 == " " || $0 == "\t" }
        if body.first == "[", let close = Self.endOfHeader(body) {
            section = Self.sectionName(body[body.index(after: body.startIndex)..<close])
            let rest = body[body.index(after: close)...].drop { $0 == " " || $0 == "\t" }
            guard let first = rest.first, first != "#", first != ";" else {
                lines.append(Line(text: text, section: section))
                return
            }
            body = rest
        }
        guard let first = body.first, first.isLetter else {
            lines.append(Line(text: text, section: section))
            return
        }
        let key = body.prefix { $0.isLetter || $0.isNumber || $0 == "-" }
        let rest = body[key.endIndex...].drop { $0 == " " || $0 == "\t" }
        let value = rest.first == "=" ? Self.unquoted(rest.dropFirst()) : "true"
        lines.append(Line(text: text, section: section, key: key.lowercased(), value: value))
    }

    // MARK: Values

    /// `section` is `core`, or `branch.main` for `[branch "main"]`. The last assignment counts.
    package subscript(section: String, key: String) -> String? {
        let (section, key) = (Self.folded(section), key.lowercased())
        return lines.last { $0.section == section && $0.key == key }?.value
    }

    package func hasSection(_ section: String) -> Bool {
        let section = Self.folded(section)
        return lines.contains { $0.section == section }
    }

    package func keys(in section: String) -> [String] {
        let section = Self.folded(section)
        return lines.filter { $0.section == section }.compactMap(\.key)
    }

    /// As git reads booleans; nil when not set or not a boolean.
    package func flag(_ section: String, _ key: String) -> Bool? {
        switch self[section, key]?.lowercased() {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0", "": false
        default: nil
        }
    }

    /// nil removes the key. The section is added at the end when it is missing.
    package mutating func set(_ section: String, _ key: String, to value: String?) {
        let (folded, foldedKey) = (Self.folded(section), key.lowercased())
        let old = lines.lastIndex { $0.section == folded && $0.key == foldedKey }
        guard let value else {
            lines.removeAll { $0.section == folded && $0.key == foldedKey && !Self.beginsWithHeader($0.text) }
            return
        }
        let line = Line(text: "\t\(key) = \(Self.quoted(value))", section: folded, key: foldedKey, value: value)
        if let old, !Self.beginsWithHeader(lines[old].text) {
            lines[old] = line
        } else if let last = lines.lastIndex(where: { $0.section == folded }) {
            lines.insert(line, at: last + 1)
        } else {
            lines.append(Line(text: "[\(section)]", section: folded))
            lines.append(line)
        }
    }

    package func encoded() -> [UInt8] { lines.flatMap { Array($0.text.utf8) + [UInt8(ascii: "\n")] } }

    // MARK: Syntax

    private static func folded(_ section: String) -> String {
        guard let dot = section.firstIndex(of: ".") else { return section.lowercased() }
        return section[..<dot].lowercased() + section[dot...]
    }

    private static func beginsWithHeader(_ text: String) -> Bool { text.drop { $0 == " " || $0 == "\t" }.first == "[" }

    private static func endOfHeader(_ body: Substring) -> Substring.Index? {
        var isQuoted = false
        var isEscaped = false
        for index in body.indices {
            let character = body[index]
            if isEscaped {
                isEscaped = false
            } else if isQuoted, character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            } else if character == "]", !isQuoted {
                return index
            }
        }
        return nil
    }

    private static func sectionName(_ header: Substring) -> String {
        guard let quote = header.firstIndex(of: "\"") else { return folded(String(header)) }
        let name = header[..<quote].filter { $0 != " " && $0 != "\t" }.lowercased()
        var subsection = ""
        var isEscaped = false
        for character in header[header.index(after: quote)...] {
            if isEscaped {
                subsection.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                break
            } else {
                subsection.append(character)
            }
        }
        return name + "." + subsection
    }

    private static func isContinued(_ text: String) -> Bool {
        guard text.hasSuffix("\\") else { return false }
        return text.reversed().prefix { $0 == "\\" }.count % 2 == 1
            && !text.drop { $0 == " " || $0 == "\t" }.hasPrefix("#")
            && !text.drop { $0 == " " || $0 == "\t" }.hasPrefix(";")
    }

    private static func unquoted(_ raw: Substring) -> String {
        var value = ""
        // How much of `value` stays when trailing spaces outside quotes are cut off.
        var kept = 0
        var isQuoted = false
        var isEscaped = false
        for character in raw.drop(while: { $0 == " " || $0 == "\t" }) {
            if isEscaped {
                isEscaped = false
                switch character {
                case "n": value.append("\n")
                case "t": value.append("\t")
                case "b": value.append("\u{8}")
                case "\n": continue
                default: value.append(character)
                }
                kept = value.count
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
                kept = value.count
            } else if !isQuoted, character == "#" || character == ";" {
                break
            } else {
                value.append(character)
                if isQuoted || (character != " " && character != "\t") { kept = value.count }
            }
        }
        return String(value.prefix(kept))
    }

    private static func quoted(_ value: String) -> String {
        var escaped = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            case "\t": escaped += "\\t"
            case "\r": continue
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        let needsQuotes =
            value.contains { $0 == "#" || $0 == ";" } || value.first == " " || value.last == " " || value.isEmpty
        return needsQuotes ? "\"\(escaped)\"" : escaped
    }
}
