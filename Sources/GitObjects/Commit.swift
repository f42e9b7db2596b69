/// A commit object.
package struct Commit: Hashable, Sendable {
    package var tree: ObjectID
    package var parents: [ObjectID]
    package var author: Signature
    package var committer: Signature
    /// Subject, blank line, body.
    package var message: String

    package init(tree: ObjectID, parents: [ObjectID], author: Signature, committer: Signature, message: String) {
        self.tree = tree
        self.parents = parents
        self.author = author
        self.committer = committer
        self.message = message
    }

    package func encoded() -> [UInt8] {
        var text = "tree \(tree)\n"
        for parent in parents { text += "parent \(parent)\n" }
        text += "author \(author.encoded)\ncommitter \(committer.encoded)\n\n"
        text += message
        if !message.hasSuffix("\n") { text += "\n" }
        // A NUL would make the commit malformed for `git fsck --strict`.
        return text.utf8.filter { $0 != 0 }
    }

    /// Headers that are not ours (`encoding`, `gpgsig`, ...) are passed over. Throws `.corrupt`.
    package init(parsing content: [UInt8]) throws(GitError) {
        func corrupt() -> GitError { GitError(.corrupt, "A commit object is malformed.") }
        var tree: ObjectID?
        var parents: [ObjectID] = []
        var author: Signature?
        var committer: Signature?
        var position = 0
        while position < content.count {
            let end = content[position...].firstIndex(of: UInt8(ascii: "\n")) ?? content.count
            let line = String(decoding: content[position..<end], as: UTF8.self)
            position = min(end + 1, content.count)
            if line.isEmpty { break }
            if line.hasPrefix("tree ") {
                tree = ObjectID(hex: line.dropFirst(5))
            } else if line.hasPrefix("parent ") {
                guard let parent = ObjectID(hex: line.dropFirst(7)) else { throw corrupt() }
                parents.append(parent)
            } else if line.hasPrefix("author ") {
                author = Signature(parsing: line.dropFirst(7))
            } else if line.hasPrefix("committer ") {
                committer = Signature(parsing: line.dropFirst(10))
            }
        }
        guard let tree, let author, let committer else { throw corrupt() }
        self.init(
            tree: tree, parents: parents, author: author, committer: committer,
            message: String(decoding: content[position...], as: UTF8.self))
    }
}

/// Who did something and when, as commits and reflogs say it.
package struct Signature: Hashable, Sendable {
    package var name: String
    package var email: String
    /// Seconds since 1970.
    package var time: Int64
    /// `+0000` and the like; for people only.
    package var timeZone: String

    package init(name: String, email: String, time: Int64, timeZone: String = "+0000") {
        self.name = Self.cleaned(name)
        self.email = Self.cleaned(email)
        self.time = time
        self.timeZone = timeZone
    }

    var encoded: String { "\(name.isEmpty ? "unknown" : name) <\(email)> \(time) \(timeZone)" }

    init?(parsing line: Substring) {
        guard let open = line.lastIndex(of: "<"), let close = line.lastIndex(of: ">"), open < close else { return nil }
        let rest = line[line.index(after: close)...].split(separator: " ")
        guard let first = rest.first, let time = Int64(first) else { return nil }
        self.init(
            name: String(line[..<open]), email: String(line[line.index(after: open)..<close]), time: time,
            timeZone: rest.count > 1 ? String(rest[1]) : "+0000")
    }

    /// Without what would break the line, and without the punctuation git strips from both ends.
    private static func cleaned(_ text: String) -> String {
        let kept = text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F && $0 != "<" && $0 != ">" }
        func isCrud(_ scalar: Unicode.Scalar) -> Bool { " .,:;\"\\'".unicodeScalars.contains(scalar) }
        let leading = Array(kept.drop(while: isCrud))
        guard let last = leading.lastIndex(where: { !isCrud($0) }) else { return "" }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: leading[...last])
        return String(result)
    }
}
