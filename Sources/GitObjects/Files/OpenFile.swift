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

    func write(_ bytes: [UInt8]) throws(GitError) {
        let failed = bytes.withUnsafeBytes { buffer -> Bool in
            guard let base = buffer.baseAddress else { return false }
            var done = 0
            while done < buffer.count {
                let count = Glibc.write(descriptor, base + done, buffer.count - done)
                if count >= 0 {
                    done += count
                } else if errno != EINTR {
                    return true
                }
            }
            return false
        }
        if failed { throw FileSystem.failure("write", path) }
    }

    func sync() throws(GitError) {
        if fsync(descriptor) != 0 { throw FileSystem.failure("sync", path) }
    }
}
