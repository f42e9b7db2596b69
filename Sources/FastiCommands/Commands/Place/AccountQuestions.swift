internal import ConnectorKit
internal import FastiConfiguration

/// Asks on the terminal for what an account needs and nobody has said yet.
struct AccountQuestions {
    private let kind: EntryKind

    init(_ kind: EntryKind) { self.kind = kind }

    /// Asks for what is certainly missing: the address, and the password of a user who has a name.
    func complete(_ entry: inout Entry) throws {
        if entry.location.isEmpty {
            let examples = kind == .store ? "/var/backups" : "caldav://cal.example.org or anna@example.org"
            let answer = try ask("Where is it, for instance \(examples): ")
            guard !answer.isEmpty else { return }
            try entry.set("location", to: isMailAddress(answer) ? "caldav://\(answer)" : answer)
        }
        guard isAccount(entry), hasUser(entry), !hasPassword(entry) else { return }
        try askForPassword(&entry)
    }

    /// Asks for a login after the server has refused what there was.
    ///
    /// - Returns: whether there was an answer.
    func logIn(_ entry: inout Entry) throws -> Bool {
        guard isAccount(entry) else { return false }
        // A command or a file that gives the wrong password is not for us to replace.
        guard (entry["password_cmd"] ?? entry["password_file"]) == nil else { return false }
        if !hasUser(entry) {
            let answer = try ask("User name (empty to give up): ")
            guard !answer.isEmpty else { return false }
            try entry.set("username", to: answer)
        }
        return try askForPassword(&entry)
    }

    @discardableResult
    private func askForPassword(_ entry: inout Entry) throws -> Bool {
        let question = entry["username"].map { "Password of \(printable($0.utf8))" } ?? "Password"
        let password = try Terminal.askSecretly("\(question) (not shown; empty to set it later): ") ?? []
        guard !password.isEmpty else { return false }
        try entry.set("password", to: String(decoding: password, as: UTF8.self))
        return true
    }

    /// A calendar account that logs in with a password; others have a token, or OAuth, which "login" does.
    private func isAccount(_ entry: Entry) -> Bool {
        let scheme = Location(entry.location).scheme
        let otherwise = ["token", "token_cmd", "token_file", "token_url"].contains { entry[$0] != nil }
        return kind != .store && ["caldav", "carddav", "dav"].contains { scheme.hasPrefix($0) } && !otherwise
            && !["google", "microsoft"].contains(entry["name"])
    }

    private func hasUser(_ entry: Entry) -> Bool {
        !(entry["username"] ?? "").isEmpty || isMailAddress(Location(entry.location).rest)
    }

    private func hasPassword(_ entry: Entry) -> Bool {
        ["password", "password_cmd", "password_file"].contains { !(entry[$0] ?? "").isEmpty }
    }

    private func ask(_ question: String) throws -> String {
        let words = String(decoding: try Terminal.ask(question) ?? [], as: UTF8.self).split(separator: " ")
        return words.joined(separator: " ")
    }

    private func isMailAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && parts[1].contains(".") && !text.contains("/")
            && !text.contains(":")
    }
}
