#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// Looking into a directory.
extension Descriptor {
    /// The names in this directory without `.` and `..`, sorted bytewise.
    func names() throws(SystemError) -> [[UInt8]] {
        // The stream owns its descriptor, and has a position of its own.
        let own = try attempt("read the folder") { openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard let stream = fdopendir(own) else {
            let number = errno
            close(own)
            throw SystemError(number: number, action: "read the folder")
        }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw SystemError(number: errno, action: "read the folder") }
                break
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != [0x2E], name != [0x2E, 0x2E] { names.append(name) }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// What an absolute path leads to.
    static func status(path: [UInt8]) throws(SystemError) -> stat {
        var status = stat()
        let path = cName(path)
        try attempt("look at it") { fstatat(AT_FDCWD, path, &status, 0) }
        return status
    }

    /// What `name` is; a symbolic link itself unless `follow` is set.
    func status(of name: [UInt8], follow: Bool = false) throws(SystemError) -> stat {
        var status = stat()
        let name = cName(name)
        try attempt("look at it") { fstatat(number, name, &status, follow ? 0 : AT_SYMLINK_NOFOLLOW) }
        return status
    }

    /// The target of a symbolic link, not resolved.
    func linkTarget(of name: [UInt8]) throws(SystemError) -> [UInt8] {
        let name = cName(name)
        var capacity = 256
        while true {
            var buffer = [CChar](repeating: 0, count: capacity)
            let size = try attempt("read the link") { readlinkat(number, name, &buffer, capacity) }
            if size < capacity { return buffer[..<size].map { UInt8(bitPattern: $0) } }
            capacity *= 2
        }
    }
}
