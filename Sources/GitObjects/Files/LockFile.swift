import Glibc

/// git's lock protocol: `<file>.lock` exists while somebody changes `<file>`, and is renamed over it at the end.
///
/// git never removes a lock that a killed process left behind. Ours can be told from git's, so that the next start needs
/// no hand: a lock file of ours is a second link to a file `fasti-lock-*` in the repository, on which its owner holds a
/// `flock` as long as it lives.
package struct LockFile: ~Copyable {
    private let descriptor: Int32
    private let target: String
    private let lockPath: String
    private let privatePath: String
    private var isFinished = false

    static let privatePrefix = "fasti-lock-"

    private init(descriptor: Int32, target: String, lockPath: String, privatePath: String) {
        self.descriptor = descriptor
        self.target = target
        self.lockPath = lockPath
        self.privatePath = privatePath
    }

    deinit {
        if !isFinished {
            unlink(lockPath)
            unlink(privatePath)
        }
        close(descriptor)
    }

    /// Takes the lock of `target`. Throws `.locked` at once when a living process or git itself has it.
    package static func acquire(for target: String, in gitDirectory: String) throws(GitError) -> LockFile {
        let lockPath = target + ".lock"
        for _ in 0..<3 {
            let privatePath =
                "\(gitDirectory)/\(privatePrefix)\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
            let descriptor = open(privatePath, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else { throw FileSystem.failure("create", privatePath) }
            flock(descriptor, LOCK_EX | LOCK_NB)
            if link(privatePath, lockPath) == 0 {
                return LockFile(
                    descriptor: descriptor, target: target, lockPath: lockPath, privatePath: privatePath)
            }
            let number = errno
            unlink(privatePath)
            close(descriptor)
            errno = number
            guard number == EEXIST || number == ENOENT else { throw FileSystem.failure("lock", target) }
            if number == ENOENT {
                // Either the directory is missing, or a cleaning process took our file for a dead one's: try again.
                try makeParents(of: lockPath, below: gitDirectory)
            } else if !(try removeIfStale(lockPath, in: gitDirectory)) {
                break
            }
        }
        throw GitError(
            .locked, "\(lockPath) exists: another program is changing the repository, or was killed doing so.")
    }

    /// Replaces what has been written to the lock file so far.
    package func write(_ bytes: [UInt8]) throws(GitError) { try write(pieces: [bytes]) }

    /// The same with content that lies in pieces, which follow each other in the file.
    package func write(pieces: [[UInt8]]) throws(GitError) {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw FileSystem.failure("write", lockPath)
        }
        for piece in pieces { try FileSystem.write(piece, to: descriptor, lockPath) }
        FileSystem.startWriteBack(descriptor)
    }

    package func sync() throws(GitError) {
        if fsync(descriptor) != 0 { throw FileSystem.failure("sync", lockPath) }
    }

    /// What the file system says about what was written so far.
    package func status() throws(GitError) -> FileStatus {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileSystem.failure("examine", lockPath) }
        return FileStatus(status)
    }

    /// Puts what was written in the place of the target. The caller syncs the directory when that is due.
    package mutating func commit() throws(GitError) {
        try FileSystem.rename(lockPath, to: target)
        isFinished = true
        unlink(privatePath)
    }

    /// Gives the lock back and leaves the target as it is.
    package mutating func release() {
        guard !isFinished else { return }
        isFinished = true
        unlink(lockPath)
        unlink(privatePath)
    }

    // MARK: Locks of the dead

    /// Removes every trace of killed writers from a repository: their locks and the files behind them.
    package static func cleanUp(_ gitDirectory: String) throws(GitError) {
        for name in try FileSystem.entries(of: gitDirectory) where name.hasPrefix(privatePrefix) {
            let path = gitDirectory + "/" + name
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            // A lock file that is still linked is dealt with when somebody wants that lock.
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                var status = stat()
                if fstat(descriptor, &status) == 0, status.st_nlink == 1 { unlink(path) }
            }
        }
    }

    private static func removeIfStale(_ lockPath: String, in gitDirectory: String) throws(GitError) -> Bool {
        guard try FileSystem.status(of: lockPath) != nil else { return true }
        return try withAbandoned(lockPath, in: gitDirectory) { path in
            unlink(lockPath)
            unlink(path)
        } != nil
    }

    /// Removes the lock of `target` when a killed process of ours has left it, so that git itself can go on too.
    package static func removeAbandoned(for target: String, in gitDirectory: String) throws(GitError) {
        _ = try removeIfStale(target + ".lock", in: gitDirectory)
    }

    /// What a killed process of ours had written to the lock file of `target`; nil when there is no such lock.
    package static func abandonedContent(for target: String, in gitDirectory: String) throws(GitError) -> [UInt8]? {
        let lockPath = target + ".lock"
        guard try FileSystem.status(of: lockPath) != nil else { return nil }
        let isAbandoned = try withAbandoned(lockPath, in: gitDirectory) { _ in } != nil
        return isAbandoned ? try FileSystem.readIfPresent(lockPath, limit: 1 << 20) : nil
    }

    /// Calls `body` with the path behind a lock file of ours whose owner is dead, while holding the owner's `flock`.
    private static func withAbandoned(
        _ lockPath: String, in gitDirectory: String, _ body: (String) -> Void
    ) throws(GitError) -> Void? {
        for name in try FileSystem.entries(of: gitDirectory) where name.hasPrefix(privatePrefix) {
            let path = gitDirectory + "/" + name
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            var own = stat()
            guard fstat(descriptor, &own) == 0, let lock = try FileSystem.status(of: lockPath),
                FileStatus(own).inode == lock.inode
            else { continue }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return nil }
            // The file is open, so its number cannot have been given to another file meanwhile.
            if let now = try FileSystem.status(of: lockPath), now.inode == lock.inode { body(path) }
            return ()
        }
        return nil
    }

    private static func makeParents(of path: String, below base: String) throws(GitError) {
        var missing: [String] = []
        var directory = FileSystem.directory(of: path)
        while directory.utf8.count > base.utf8.count, try FileSystem.status(of: directory) == nil {
            missing.append(directory)
            directory = FileSystem.directory(of: directory)
        }
        for directory in missing.reversed() { try FileSystem.makeDirectoryIfMissing(directory) }
    }
}
