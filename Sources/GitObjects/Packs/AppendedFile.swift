import Glibc

/// A file that only grows, such as a journal. Closed when it goes out of scope. Blocking.
package struct AppendedFile: ~Copyable, Sendable {
    private let descriptor: Int32
    package let path: String

    /// Creates the file when it is missing.
    package init(_ path: String) throws(GitError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw FileSystem.failure("open", path) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Whether this process has the file for itself now, until it is closed.
    package func lockExclusively() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

    package func append(_ bytes: [UInt8]) throws(GitError) {
        try FileSystem.write(bytes, to: descriptor, path)
    }

    /// Returns when all that was appended is on the disk.
    package func sync() throws(GitError) {
        if fdatasync(descriptor) != 0 { throw FileSystem.failure("sync", path) }
    }

    /// Cuts off what lies behind `size` bytes.
    package func truncate(to size: Int) throws(GitError) {
        if ftruncate(descriptor, off_t(size)) != 0 { throw FileSystem.failure("shorten", path) }
    }
}
