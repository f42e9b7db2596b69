import FoundationEssentials
import Glibc

/// The file that says who may log in: a line `name:hash` for each user, `#` for comments, as `htpasswd` writes; and a line
/// `name/device:hash` for each password of a device.
package struct UsersFile: Sendable {
    private var lines: [Line] = []

    private enum Line: Sendable {
        /// The name, or name and device.
        case user(String, PasswordHash)
        case other(String)
    }

    package init() {}

    /// - Throws: ``AccountsError`` `invalidFile` naming the line. The hash itself is never repeated.
    package init(parsing text: String) throws(AccountsError) {
        var seen: Set<String> = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let trimmed = line.hasSuffix("\r") ? line.dropLast() : line
            guard !trimmed.isEmpty, !trimmed.hasPrefix("#") else {
                lines.append(.other(String(trimmed)))
                continue
            }
            guard let colon = trimmed.firstIndex(of: ":") else {
                throw AccountsError(
                    .invalidFile, "Line \(index + 1) of the users file has no colon: expected name:hash.")
            }
            let name = String(trimmed[..<colon])
            do throws(AccountsError) {
                try UsersFile.check(entry: name)
                // htpasswd-like files of other programs may carry more fields behind the hash.
                let hash = trimmed[trimmed.index(after: colon)...].prefix { $0 != ":" }
                lines.append(.user(name, try PasswordHash(String(hash))))
            } catch {
                throw AccountsError(
                    .invalidFile, "Line \(index + 1) of the users file: \(error.reason)", advice: error.advice)
            }
            guard seen.insert(name).inserted else {
                throw AccountsError(
                    .invalidFile, "Line \(index + 1) of the users file names \"\(name)\" a second time.")
            }
        }
        if case .other("") = lines.last { lines.removeLast() }
    }

    package static func load(_ path: String) throws(AccountsError) -> UsersFile {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw AccountsError(
                .inputOutput, "The users file \(path) cannot be read.",
                advice: "Create it with `fasti user add --users \(path) NAME`.")
        }
        guard data.count <= 16 << 20 else {
            throw AccountsError(.invalidFile, "The users file \(path) is larger than 16 MiB.")
        }
        return try UsersFile(parsing: String(decoding: data, as: UTF8.self))
    }

    /// Names in the order of the file.
    package var names: [String] { entries.filter { !$0.contains("/") } }

    private var entries: [String] {
        lines.compactMap { if case .user(let name, _) = $0 { name } else { nil } }
    }

    /// The devices of a user that have passwords of their own, in the order of the file.
    package func devices(of name: String) -> [String] {
        entries.filter { $0.hasPrefix(name + "/") }.map { String($0.dropFirst(name.count + 1)) }
    }

    /// All that let a user in: the password first, then those of devices.
    package func hashes(of name: String) -> [PasswordHash] {
        lines.compactMap { line in
            guard case .user(let entry, let hash) = line, entry == name || entry.hasPrefix(name + "/") else {
                return nil
            }
            return hash
        }
    }

    /// Adds a password for one device. Throws `.notFound` when there is no such user.
    package mutating func add(device: String, of name: String, _ hash: PasswordHash) throws(AccountsError) {
        let last = try index(of: name)
        try UsersFile.check(name: device)
        guard self.hash(of: "\(name)/\(device)") == nil else {
            throw AccountsError(
                .alreadyExists, "\"\(device)\" of \"\(name)\" has a password already.",
                advice: "Take it back first: fasti user rm \(name)/\(device)")
        }
        lines.insert(.user("\(name)/\(device)", hash), at: min(last + 1 + devices(of: name).count, lines.count))
    }

    package func hash(of name: String) -> PasswordHash? {
        for case .user(name, let hash) in lines { return hash }
        return nil
    }

    package mutating func add(_ name: String, _ hash: PasswordHash) throws(AccountsError) {
        try UsersFile.check(name: name)
        guard self.hash(of: name) == nil else {
            throw AccountsError(
                .alreadyExists, "There is already a user \"\(name)\".",
                advice: "To change the password: fasti user passwd \(name)")
        }
        lines.append(.user(name, hash))
    }

    package mutating func replace(_ name: String, _ hash: PasswordHash) throws(AccountsError) {
        lines[try index(of: name)] = .user(name, hash)
    }

    /// Removes a user with all passwords of devices, or, given as `name/device`, the password of one device.
    package mutating func remove(_ name: String) throws(AccountsError) {
        _ = try index(of: name)
        lines.removeAll { line in
            guard case .user(let entry, _) = line else { return false }
            return entry == name || entry.hasPrefix(name + "/")
        }
    }

    private func index(of name: String) throws(AccountsError) -> Int {
        for (index, line) in lines.enumerated() {
            if case .user(name, _) = line { return index }
        }
        let known = names.isEmpty ? "There are none." : "There are: \(names.joined(separator: ", "))."
        throw AccountsError(.notFound, "There is no user \"\(name)\".", advice: known)
    }

    package var text: String {
        lines.map { line in
            switch line {
            case .user(let name, let hash): "\(name):\(hash.text)\n"
            case .other(let text): "\(text)\n"
            }
        }.joined()
    }

    /// Writes the file for its owner alone (0600): to a temporary file beside it, synced, then renamed.
    package func save(_ path: String) throws(AccountsError) {
        let temporary = "\(path).\(getpid()).tmp"
        let bytes = Array(text.utf8)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("created", temporary) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let error = failure("written", temporary)
                close(descriptor)
                unlink(temporary)
                throw error
            }
            written += count
        }
        guard fsync(descriptor) == 0, close(descriptor) == 0, rename(temporary, path) == 0 else {
            let error = failure("put in place", path)
            unlink(temporary)
            throw error
        }
        let directory = open(URL(filePath: path).deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
    }

    private func failure(_ what: String, _ path: String) -> AccountsError {
        AccountsError(.inputOutput, "\(path) could not be \(what): \(String(cString: strerror(errno))).")
    }

    private static func check(entry: String) throws(AccountsError) {
        let parts = entry.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        for part in parts { try check(name: String(part)) }
    }

    /// A name becomes a segment of the user's URL and the name of a folder.
    package static func check(name: String) throws(AccountsError) {
        let allowed = name.unicodeScalars.allSatisfy { scalar in
            scalar.value > 0x20 && scalar.value != 0x7F && !"/\\:#?%*\"<>|".unicodeScalars.contains(scalar)
        }
        guard (1...128).contains(name.utf8.count), allowed, !name.hasPrefix("."), !name.hasPrefix("-") else {
            throw AccountsError(
                .invalidName, "\"\(name.prefix(64))\" cannot be a user name.",
                advice: "Use 1 to 128 letters, digits and signs without spaces and none of / \\ : # ? % * \" < > |, "
                    + "not beginning with a dot or a dash.")
        }
    }
}
