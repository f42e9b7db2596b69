#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// Looking into a directory.
extension Descriptor {
    /// The names in this directory without `.` and `..`, sorted bytewise.
    func names() throws(SystemError) -> [[UInt8]] {
        var names: [[UInt8]] = []
        try forEachName { name, _ in names.append(Array(name)) }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Every name without `.` and `..`, and what `readdir` says it is.
    private func forEachName(_ body: (Slice<UnsafeRawBufferPointer>, UInt8) -> Void) throws(SystemError) {
        // The stream owns its descriptor, and has a position of its own.
        let own = try attempt("read the folder") { openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard let stream = fdopendir(own) else {
            let number = errno
            close(own)
            throw SystemError(number: number, action: "read the folder")
        }
        defer { closedir(stream) }
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw SystemError(number: errno, action: "read the folder") }
                return
            }
            let kind = entry.pointee.d_type
            withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                let name = bytes.prefix { $0 != 0 }
                if !name.elementsEqual([0x2E]), !name.elementsEqual([0x2E, 0x2E]) { body(name, kind) }
            }
        }
    }

    /// How many names are in this directory, and which of them are directories. Faster than ``names()``, and in no order.
    func contents() throws(SystemError) -> (count: Int, subdirectories: [[UInt8]]) {
        var count = 0
        var subdirectories: [[UInt8]] = []
        try forEachName { name, kind in
            count += 1
            if kind == UInt8(DT_DIR) {
                subdirectories.append(Array(name))
            } else if kind == UInt8(DT_UNKNOWN), let status = try? status(of: Array(name)),
                status.st_mode & S_IFMT == S_IFDIR
            {
                subdirectories.append(Array(name))
            }
        }
        return (count, subdirectories)
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
