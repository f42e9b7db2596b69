import CArgon2
import CCrypt
import Glibc

/// A password as a users file keeps it: Argon2id in its standard text form, or any hash that the system's
/// `crypt` knows (bcrypt, SHA-crypt, yescrypt), as `htpasswd` and other servers write.
package struct PasswordHash: Hashable, Sendable {
    /// The hash as it stands in the file, e.g. `$argon2id$v=19$m=65536,t=3,p=1$…`.
    package let text: String

    /// - Throws: ``AccountsError`` `unsupported` for forms that are not hashes or are too weak to accept (plain
    ///   text, DES, MD5, `{SHA}`), and for Argon2 parameters beyond what one login may cost.
    package init(_ text: String) throws(AccountsError) {
        if text.hasPrefix("$argon2") {
            try PasswordHash.checkArgon2Cost(text)
        } else if !["$2a$", "$2b$", "$2y$", "$5$", "$6$", "$y$", "$gy$", "$7$"].contains(where: text.hasPrefix) {
            throw AccountsError(
                .unsupported, "This is no password hash that Fasti accepts.",
                advice: "Set the password anew with `fasti user passwd`, or use bcrypt (`htpasswd -B`).")
        }
        self.text = text
    }

    private init(trusted text: String) { self.text = text }

    /// Hashes a new password with Argon2id: 64 MiB, 3 passes, 1 lane, a random salt of 16 bytes.
    package init(password: [UInt8]) throws(AccountsError) {
        try self.init(password: password, memory: 65_536, passes: 3)
    }

    /// - Parameter memory: in KiB.
    private init(password: [UInt8], memory: UInt32, passes: UInt32) throws(AccountsError) {
        guard !password.isEmpty else { throw AccountsError(.invalidPassword, "The password is empty.") }
        guard password.count <= PasswordHash.longestPassword, !password.contains(0) else {
            throw AccountsError(
                .invalidPassword, "The password is longer than \(PasswordHash.longestPassword) bytes or contains NUL.")
        }
        var generator = SystemRandomNumberGenerator()
        let salt = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        var encoded = [CChar](repeating: 0, count: 256)
        let status = argon2id_hash_encoded(
            passes, memory, 1, password, password.count, salt, salt.count, 32, &encoded, encoded.count)
        guard status == Int32(ARGON2_OK.rawValue) else {
            throw AccountsError(.unsupported, "Argon2 failed with status \(status).", advice: "Is there memory left?")
        }
        self.init(trusted: String(decoding: encoded.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
    }

    /// Hashes a password that nobody has thought up: one with 128 random bits cannot be guessed, so that its hash may cost
    /// next to nothing and many devices do not make logging in slow.
    package init(generated password: GeneratedPassword) throws(AccountsError) {
        try self.init(password: Array(password.text.utf8), memory: 1_024, passes: 1)
    }

    /// The longest password that is looked at; longer ones never match.
    package static let longestPassword = 1024

    /// Whether `password` is the right one. Takes as long as the hash was made to take; not for event loops.
    package func matches(_ password: [UInt8]) -> Bool {
        guard !password.isEmpty, password.count <= PasswordHash.longestPassword, !password.contains(0) else {
            return false
        }
        return text.hasPrefix("$argon2") ? matchesArgon2(password) : matchesCrypt(password)
    }

    private func matchesArgon2(_ password: [UInt8]) -> Bool {
        let type: argon2_type =
            text.hasPrefix("$argon2id$") ? Argon2_id : text.hasPrefix("$argon2i$") ? Argon2_i : Argon2_d
        return argon2_verify(text, password, password.count, type) == Int32(ARGON2_OK.rawValue)
    }

    private func matchesCrypt(_ password: [UInt8]) -> Bool {
        let size = MemoryLayout<crypt_data>.size
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        scratch.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        defer {
            explicit_bzero(scratch, size)
            scratch.deallocate()
        }
        guard let result = crypt_rn(String(decoding: password, as: UTF8.self), text, scratch, Int32(size)) else {
            return false
        }
        return constantTimeEqual(Array(String(cString: result).utf8), Array(text.utf8))
    }

    /// Refuses parameters with which one login would take minutes or gigabytes.
    private static func checkArgon2Cost(_ text: String) throws(AccountsError) {
        let fields = text.split(separator: "$", omittingEmptySubsequences: true)
        let parameters = fields.first { $0.hasPrefix("m=") } ?? ""
        var values: [Substring: Int] = [:]
        for part in parameters.split(separator: ",") {
            let pair = part.split(separator: "=")
            if pair.count == 2, let number = Int(pair[1]) { values[pair[0]] = number }
        }
        guard let memory = values["m"], let passes = values["t"], let lanes = values["p"],
            (8...1_048_576).contains(memory), (1...32).contains(passes), (1...16).contains(lanes)
        else {
            throw AccountsError(
                .unsupported, "The Argon2 parameters \"\(parameters)\" are unreadable or too expensive.",
                advice: "At most m=1048576, t=32, p=16. Set the password anew with `fasti user passwd`.")
        }
    }
}

/// Compares without telling by the time it takes where two equally long values differ.
package func constantTimeEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    guard a.count == b.count else { return false }
    var difference: UInt8 = 0
    for (x, y) in zip(a, b) { difference |= x ^ y }
    return difference == 0
}
