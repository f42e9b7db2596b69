/// A file in the syntax of Python's `configparser`, as Xandikos reads and writes its metadata: sections, a `DEFAULT` section
/// that the others inherit, keys without case, values that go on over indented lines, `%` as the sign of interpolation.
///
/// Sections and keys that are not ours stay, in their order. Comments do not, as with Xandikos.
struct INIFile: Sendable {
    private struct Option {
        var key: String
        /// As written, before interpolation.
        var raw: String
    }
    private struct Section {
        var name: String
        var options: [Option] = []
    }

    private var sections: [Section] = []

    static let defaultSection = "DEFAULT"
    private static let interpolationDepth = 10

    init() {}

    // MARK: Values

    /// The interpolated value; an option of another section falls back to `DEFAULT`.
    subscript(section: String, key: String) -> String? {
        raw(section, key).map { interpolated($0, section, depth: 0) }
    }

    private func raw(_ section: String, _ key: String) -> String? {
        let key = key.lowercased()
        let names = section == Self.defaultSection ? [section] : [section, Self.defaultSection]
        // Options of DEFAULT are only inherited by sections that are there.
        guard section == Self.defaultSection || sections.contains(where: { $0.name == section }) else { return nil }
        return names.lazy.compactMap { name in
            sections.first { $0.name == name }?.options.first { $0.key == key }?.raw
        }.first
    }

    func keys(in section: String) -> [String] {
        sections.first { $0.name == section }?.options.map(\.key) ?? []
    }

    var isEmpty: Bool { sections.allSatisfy(\.options.isEmpty) }

    /// nil removes the option, and the section when it was the last one there.
    mutating func set(_ section: String, _ key: String, to value: String?) {
        let key = key.lowercased()
        guard let value else {
            guard let index = sections.firstIndex(where: { $0.name == section }) else { return }
            sections[index].options.removeAll { $0.key == key }
            if sections[index].options.isEmpty, section != Self.defaultSection { sections.remove(at: index) }
            return
        }
        setRaw(section, key, escaped(value))
    }

    private mutating func setRaw(_ section: String, _ key: String, _ raw: String) {
        if !sections.contains(where: { $0.name == section }) {
            sections.insert(Section(name: section), at: section == Self.defaultSection ? 0 : sections.count)
        }
        guard let index = sections.firstIndex(where: { $0.name == section }) else { return }
        if let option = sections[index].options.firstIndex(where: { $0.key == key }) {
            sections[index].options[option].raw = raw
        } else {
            sections[index].options.append(Option(key: key, raw: raw))
        }
    }

    // MARK: Interpolation

    /// `%` doubled, line ends as LF. The syntax cuts off spaces around lines and takes `#` and `;` at their beginning for
    /// comments; a reference to an empty option in front, or behind, keeps them.
    private mutating func escaped(_ value: String) -> String {
        let lines = Self.lines(of: value)
        var result: [String] = []
        for (number, line) in lines.enumerated() {
            var text = line.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%")
            let isBlankAtAnEnd = line.isEmpty && lines.count > 1 && (number == 0 || number == lines.count - 1)
            let beginsAsComment = number > 0 && (line.hasPrefix("#") || line.hasPrefix(";"))
            let needsGuard = isBlankAtAnEnd || beginsAsComment || Self.trimmed(line) != line
            if needsGuard {
                setRaw(Self.defaultSection, Self.emptyOption, "")
                let reference = "%(\(Self.emptyOption))s"
                text = reference + text + (isBlankAtAnEnd || beginsAsComment ? "" : reference)
            }
            result.append(text)
        }
        return result.joined(separator: "\n")
    }

    private static let emptyOption = "nothing"

    /// What `configparser` takes for `%%` and `%(name)s`; anything else after a `%` is left as it is.
    private func interpolated(_ raw: String, _ section: String, depth: Int) -> String {
        guard raw.contains("%"), depth < Self.interpolationDepth else { return raw }
        var result = ""
        var rest = raw[...]
        while let percent = rest.firstIndex(of: "%") {
            result += rest[..<percent]
            rest = rest[rest.index(after: percent)...]
            if rest.first == "%" {
                result.append("%")
                rest = rest.dropFirst()
            } else if rest.first == "(", let close = rest.firstIndex(of: ")"),
                rest[rest.index(after: close)...].first == "s",
                let value = self.raw(section, String(rest[rest.index(after: rest.startIndex)..<close]))
            {
                result += interpolated(value, section, depth: depth + 1)
                rest = rest[rest.index(after: close)...].dropFirst()
            } else {
                result.append("%")
            }
        }
        return result + rest
    }

    // MARK: Syntax

    /// Reads leniently: a line that is neither a section, an option nor a continuation is left out.
    init(parsing text: String) {
        var section: Int?
        var continues = false
        var indentation = 0
        for line in Self.lines(of: text) {
            let body = Self.trimmed(line)
            if body.hasPrefix("#") || body.hasPrefix(";") { continue }
            if body.isEmpty {
                if continues, let section { appendLine("", to: section) }
                indentation = continues ? indentation : Int.max
                continue
            }
            let depth = line.prefix { $0 == " " || $0 == "\t" }.count
            if continues, depth > indentation, let section {
                appendLine(body, to: section)
                continue
            }
            indentation = depth
            if body.hasPrefix("["), let close = body.lastIndex(of: "]"), body.index(after: body.startIndex) < close {
                section = open(String(body[body.index(after: body.startIndex)..<close]))
                continues = false
            } else if let section, let separator = body.firstIndex(where: { $0 == "=" || $0 == ":" }),
                separator > body.startIndex
            {
                let key = Self.trimmed(String(body[..<separator])).lowercased()
                let value = Self.trimmed(String(body[body.index(after: separator)...]))
                sections[section].options.removeAll { $0.key == key }
                sections[section].options.append(Option(key: key, raw: value))
                continues = true
            } else {
                continues = false
            }
        }
        for section in sections.indices {
            for option in sections[section].options.indices {
                sections[section].options[option].raw = Self.trimmed(sections[section].options[option].raw)
            }
        }
    }

    private mutating func open(_ name: String) -> Int {
        if let existing = sections.firstIndex(where: { $0.name == name }) { return existing }
        sections.append(Section(name: name))
        return sections.count - 1
    }

    private mutating func appendLine(_ line: String, to section: Int) {
        guard let last = sections[section].options.indices.last else { return }
        sections[section].options[last].raw += "\n" + line
    }

    /// Byte for byte what `configparser` writes.
    func encoded() -> [UInt8] {
        var text = ""
        for section in sections where !(section.name == Self.defaultSection && section.options.isEmpty) {
            text += "[\(section.name)]\n"
            for option in section.options {
                let value = Self.lines(of: option.raw).joined(separator: "\n\t")
                text += "\(option.key) = \(value)\n"
            }
            text += "\n"
        }
        return Array(text.utf8)
    }

    private static func lines(of text: String) -> [String] {
        // CR LF is one character to Swift, so the three ways to end a line are told apart by scalars.
        var lines = [String.UnicodeScalarView()]
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            if scalar == "\n" || scalar == "\r" {
                if !(scalar == "\n" && previous == "\r") { lines.append(String.UnicodeScalarView()) }
            } else {
                lines[lines.count - 1].append(scalar)
            }
            previous = scalar
        }
        return lines.map(String.init)
    }

    private static func trimmed(_ text: String) -> String {
        let isSpace: (Unicode.Scalar) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" }
        let scalars = Array(text.unicodeScalars.drop(while: isSpace))
        guard let last = scalars.lastIndex(where: { !isSpace($0) }) else { return "" }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: scalars[...last])
        return String(result)
    }
}
