import DAVClient

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A small file in which a connector remembers something of an account: for its owner only, replaced as a whole.
struct StateFile: Sendable {
    /// Absolute.
    let path: String

    private var folder: String { String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)) }

    /// Runs while no other process holds the lock of this file.
    func locked<Result>(_ body: () async throws -> Result) async throws -> Result {
        try makeFolder(folder)
        let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw failure("lock") }
        defer { close(lock) }
        var waits = 0
        while flock(lock, LOCK_EX | LOCK_NB) != 0 {
            waits += 1
            guard errno == EWOULDBLOCK || errno == EINTR, waits < 1_200 else { throw failure("lock") }
            try await Task.sleep(for: .milliseconds(50))
        }
        return try await body()
    }

    /// - Returns: nil when there is no file.
    func content() throws -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw failure("read")
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        var count = 0
        while count < bytes.count {
            let got = bytes[count...].withUnsafeMutableBytes { Self.read(descriptor, $0) }
            guard got >= 0 else { throw failure("read") }
            if got == 0 { break }
            count += got
        }
        return Array(bytes.prefix(count))
    }

    private static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
        #if canImport(Glibc)
            Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        #elseif canImport(Musl)
            Musl.read(descriptor, buffer.baseAddress, buffer.count)
        #else
            Darwin.read(descriptor, buffer.baseAddress, buffer.count)
        #endif
    }

    /// Replaces the whole content, or nothing.
    func write(_ bytes: [UInt8]) throws {
        try makeFolder(folder)
        let temporary = "\(path).\(getpid()).tmp"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("write") }
        let isWritten = bytes.withUnsafeBytes { put(descriptor, $0) } && fsync(descriptor) == 0
        close(descriptor)
        guard isWritten, rename(temporary, path) == 0 else {
            unlink(temporary)
            throw failure("write")
        }
        let directory = open(folder, O_RDONLY | O_CLOEXEC)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
    }

    private func put(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest)
            #if canImport(Glibc)
                let count = Glibc.write(descriptor, piece.baseAddress, piece.count)
            #elseif canImport(Musl)
                let count = Musl.write(descriptor, piece.baseAddress, piece.count)
            #else
                let count = Darwin.write(descriptor, piece.baseAddress, piece.count)
            #endif
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private func makeFolder(_ folder: String) throws {
        if folder.isEmpty || mkdir(folder, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = folder.lastIndex(of: "/"), slash > folder.startIndex else {
            throw failure("create")
        }
        try makeFolder(String(folder[..<slash]))
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw failure("create") }
    }

    private func failure(_ action: String) -> DAVClientError {
        DAVClientError(.invalidConfiguration, "Cannot \(action) \(path): \(String(cString: strerror(errno))).")
    }
}
