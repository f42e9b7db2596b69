#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// An exclusive lock between processes, held by an open file. The system releases it when the process ends.
final class FileLock {
    private let file: FileDescriptor

    /// Waits up to ten seconds for the process that holds the lock.
    ///
    /// - Throws: ``ConfigurationError/Code/busy`` after that.
    init(path: String) throws(ConfigurationError) {
        guard let file = FileDescriptor(opening: path, O_RDWR | O_CREAT) else { throw .system("open \(path)") }
        var attempts = 0
        while flock(file.rawValue, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else { throw .system("lock \(path)") }
            attempts += 1
            guard attempts <= 500 else {
                throw ConfigurationError(
                    .busy, "Another process has been changing the configuration for ten seconds.",
                    advice: "Try again when it is done.")
            }
            usleep(20_000)
        }
        self.file = file
    }

    func release() { flock(file.rawValue, LOCK_UN) }
}
