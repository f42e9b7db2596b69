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

    /// The first line alone.
    static func putTitle(_ name: MemberName, created: Bool, facts: MemberFacts) -> String {
        (created ? "Added " : "Modified ") + title(of: name, facts)
    }

    static func deleteTitle(_ name: MemberName, facts: MemberFacts) -> String { "Delete " + title(of: name, facts) }

    /// One commit for several changes of one author: the first in the subject, all in a list below it.
    static func group(_ titles: [String], author: ChangeAuthor) -> String {
        guard titles.count > 1 else { return message(titles, author) }
        let subject = (titles.first ?? "") + " and \(titles.count - 1) more"
        return message([subject, ""] + titles.map { "* " + $0 }, author) + "\(countField)\(titles.count)\n"
    }

    private static let countField = "Changes: "

    /// How many changes a commit holds, by its message.
    static func changeCount(in message: String) -> Int {
        guard let last = message.split(separator: "\n").last, last.hasPrefix(countField),
            let count = Int(last.dropFirst(countField.count)), count > 1
        else { return 1 }
        return count
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
