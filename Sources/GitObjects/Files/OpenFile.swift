import CPOSIX
import Glibc

/// An open file, closed when it goes out of scope.
struct OpenFile: ~Copyable {
    let descriptor: Int32
    let path: String

    init(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(GitError) {
        descriptor = open(path, flags | O_CLOEXEC, mode)
        self.path = path
        if descriptor < 0 { throw FileSystem.failure("open", path) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    func status() throws(GitError) -> FileStatus {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileSystem.failure("examine", path) }
        return FileStatus(status)
    }

    func readAll(limit: Int) throws(GitError) -> [UInt8] {
        let size = try status().size
        guard size <= limit else {
            throw GitError(.limitExceeded, "\(path) is larger than \(limit) bytes.")
        }
        return try read(at: 0, count: Int(size))
    }

    /// Up to `count` bytes from `offset`; fewer only at the end of the file.
    func read(at offset: Int, count: Int) throws(GitError) -> [UInt8] {
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = 0
            guard let base = buffer.baseAddress else { return }
            while filled < count {
                let got = pread(descriptor, base + filled, count - filled, offset + filled)
                if got > 0 {
                    filled += got
                } else if got == 0 {
                    break
                } else if errno != EINTR {
                    failed = true
                    break
                }
            }
        }
        if failed { throw FileSystem.failure("read", path) }
        return bytes
    }

    /// Exactly `count` bytes from `offset`, if the system has them in memory; nil when the disk would have to be waited for,
    /// at the end of the file, and where the system cannot tell.
    func readCached(at offset: Int, count: Int) -> [UInt8]? {
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = buffer.baseAddress.map { max(0, cposix_read_cached(descriptor, $0, count, Int64(offset))) } ?? 0
        }
        return bytes.count == count ? bytes : nil
    }

    func write(_ bytes: [UInt8]) throws(GitError) {
        try FileSystem.write(bytes, to: descriptor, path)
    }

    func sync() throws(GitError) {
        if fsync(descriptor) != 0 { throw FileSystem.failure("sync", path) }
    }
}
