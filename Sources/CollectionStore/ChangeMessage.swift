/// The words of a commit: what was done, for the people who read `git log`, in the terms Xandikos uses.
enum ChangeMessage {
    static func put(_ name: MemberName, created: Bool, facts: MemberFacts, author: ChangeAuthor) -> String {
        message([(created ? "Added " : "Modified ") + title(of: name, facts)], author)
    }

    static func delete(_ name: MemberName, facts: MemberFacts, author: ChangeAuthor) -> String {
        message(["Delete " + title(of: name, facts)], author)
    }

    static func rename(_ name: MemberName, to new: MemberName, facts: MemberFacts, author: ChangeAuthor) -> String {
        message(["Renamed \(title(of: name, facts)) to \(line(new.string))"], author)
    }

    static func properties(_ lines: [String], author: ChangeAuthor) -> String { message(lines, author) }

    private static func title(of name: MemberName, _ facts: MemberFacts) -> String {
        guard let component = facts.components.first, component != "VCARD" else { return line(name.string) }
        let summary = facts.summary.map(line) ?? ""
        if component == "VTODO" { return summary.isEmpty ? "task" : "task '\(summary)'" }
        return summary.isEmpty ? line(name.string) : summary
    }

    private static func message(_ lines: [String], _ author: ChangeAuthor) -> String {
        var text = lines.joined(separator: "\n") + "\n"
        if author.user != nil || author.userAgent != nil { text += "\n" }
        if let user = author.user { text += "Remote-User: \(line(user))\n" }
        if let agent = author.userAgent { text += "Requester: \(line(agent))\n" }
        return text
    }

    private static let maximumLength = 200

    /// One printable line of bounded length: what clients send must not forge further lines of the message.
    private static func line(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var lastWasSpace = true
        for scalar in text.unicodeScalars.prefix(maximumLength) {
            let isSpace =
                scalar.value <= 0x20 || scalar.properties.generalCategory == .control
                || scalar == "\u{2028}" || scalar == "\u{2029}"
            if isSpace, lastWasSpace { continue }
            result.append(isSpace ? " " : scalar)
            lastWasSpace = isSpace
        }
        if result.last == " " { result.removeLast() }
        if text.unicodeScalars.count > maximumLength { result.append(contentsOf: "...".unicodeScalars) }
        return String(result)
    }
}
