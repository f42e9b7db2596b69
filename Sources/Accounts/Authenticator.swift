import Crypto
import Dispatch
import Glibc
import Synchronization

/// Checks names and passwords against a users file.
///
/// A password that was right is remembered under a keyed digest for as long as its hash stays in the file, so
/// that Basic authentication costs next to nothing per request. Wrong ones cost the caller more each time.
package actor Authenticator {
    private let path: String
    private let cacheKey = SymmetricKey(size: .bits256)
    private var users: UsersFile
    private var stamp: FileStamp
    private var known: [String: [(digest: [UInt8], hash: PasswordHash)]] = [:]
    private var failures: [String: Int] = [:]
    private let decoy: PasswordHash
    /// Digests of names with their right passwords, by the file that they are right for.
    private let right = Mutex<(stamp: FileStamp?, digests: Set<[UInt8]>)>((nil, []))

    private static let maximumRemembered = 10_000

    /// The most that answering a wrong password is put off, in milliseconds.
    private static let longestDelay = 4_000

    package init(usersFile path: String) throws(AccountsError) {
        self.path = path
        stamp = FileStamp(path)
        users = try UsersFile.load(path)
        decoy = try PasswordHash(password: Array("nobody has this password".utf8))
    }

    /// Whether this is the password of that user. Unknown users take as long as wrong passwords.
    package func authenticate(_ name: String, _ password: [UInt8]) async -> Bool {
        reloadIfChanged()
        let digest = digest(name, password)
        // The password of a device is for the name of its person; "anna/phone" is nobody.
        let hashes = name.contains("/") || users.hash(of: name) == nil ? [] : users.hashes(of: name)
        for entry in known[name] ?? [] where constantTimeEqual(entry.digest, digest) {
            guard hashes.contains(entry.hash) else { continue }
            remember(digest)
            return true
        }
        guard let right = await Self.verify(hashes.isEmpty ? [decoy] : hashes, password), !hashes.isEmpty else {
            await delay(after: name)
            return false
        }
        failures[name] = nil
        var entries = known[name] ?? []
        entries.removeAll { $0.hash == right || !hashes.contains($0.hash) }
        entries.append((digest, right))
        known[name] = entries
        remember(digest)
        return true
    }

    /// Whether this was the password of that user a moment ago, and the file is still the same. Says so without waiting;
    /// when it says no, `authenticate` is to be asked.
    package nonisolated func remembers(_ name: String, _ password: [UInt8]) -> Bool {
        let (digest, now) = (digest(name, password), FileStamp(path))
        return right.withLock { $0.stamp == now && $0.digests.contains(digest) }
    }

    private func remember(_ digest: [UInt8]) {
        let stamp = stamp
        right.withLock { right in
            if right.stamp != stamp || right.digests.count >= Self.maximumRemembered { right = (stamp, []) }
            right.digests.insert(digest)
        }
    }

    private nonisolated func digest(_ name: String, _ password: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(name.utf8) + [0] + password, using: cacheKey))
    }

    /// The first that the password belongs to.
    private static func verify(_ hashes: [PasswordHash], _ password: [UInt8]) async -> PasswordHash? {
        await withCheckedContinuation { continuation in
            Self.queue.async { continuation.resume(returning: hashes.first { $0.matches(password) }) }
        }
    }

    /// Serial: however many guesses arrive, they use one core and the memory of one hash.
    private static let queue = DispatchQueue(label: "fasti.accounts.password-hash")

    private func delay(after name: String) async {
        // Names come from outside: the table must not grow without end.
        if failures.count > 10_000 { failures.removeAll() }
        let count = min((failures[name] ?? 0) + 1, 16)
        failures[name] = count
        let milliseconds = min(50 << min(count, 10), Self.longestDelay)
        try? await Task.sleep(for: .milliseconds(milliseconds))
    }

    private func reloadIfChanged() {
        let now = FileStamp(path)
        guard now != stamp else { return }
        // A file that is unreadable for a moment, or has a mistake in it, must not lock everybody out.
        guard let users = try? UsersFile.load(path) else { return }
        stamp = now
        self.users = users
        known = known.filter { users.hash(of: $0.key) != nil }
    }
}

/// What changes when a file is replaced or edited.
private struct FileStamp: Equatable, Sendable {
    private var seconds = 0
    private var nanoseconds = 0
    private var size = 0
    private var inode: UInt64 = 0

    init(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
        size = Int(status.st_size)
        inode = UInt64(status.st_ino)
    }
}
