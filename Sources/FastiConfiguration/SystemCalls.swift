#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// An open file descriptor that is closed with its owner.
struct FileDescriptor: ~Copyable {
    let rawValue: Int32

    /// - Returns: nil when the file cannot be opened; `errno` says why.
    init?(opening path: String, _ flags: Int32, mode: UInt32 = 0o600) {
        let descriptor = open(path, flags | O_CLOEXEC, mode_t(mode))
        // Before the property is set: otherwise closing it would change `errno`.
        guard descriptor >= 0 else { return nil }
        rawValue = descriptor
    }

    deinit { close(rawValue) }

    /// Everything from here to the end.
    ///
    /// - Returns: nil when there is more than `limit` bytes.
    func readToEnd(limit: Int) throws(ConfigurationError) -> [UInt8]? {
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = buffer.withUnsafeMutableBytes { read(rawValue, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system("read") }
            guard count > 0 else { return result }
            result.append(contentsOf: buffer[..<count])
            if result.count > limit { return nil }
        }
    }

    func writeAll(_ bytes: [UInt8]) throws(ConfigurationError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(rawValue, $0.baseAddress?.advanced(by: offset), $0.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system("write") }
            offset += count
        }
    }
}

extension ConfigurationError {
    /// What the system says about the call that failed last.
    static func system(_ doing: String) -> ConfigurationError {
        ConfigurationError(.inputOutput, "Cannot \(doing): \(String(cString: strerror(errno))).")
    }
}
