#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The wall clock.
enum SystemClockReading {
    /// Seconds and nanoseconds since 1970 in UTC.
    static var sinceEpoch: (seconds: Int64, nanoseconds: UInt32) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return (Int64(time.tv_sec), UInt32(clamping: time.tv_nsec))
    }
}

/// What the system knows about this process and this machine.
enum SystemFacts {
    static var workingDirectory: String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }

    /// The first value of each name, as `getenv` has it.
    static var environment: [String: String] {
        var result: [String: String] = [:]
        var next = environ
        while let pair = next.pointee {
            let text = String(cString: pair)
            if let equals = text.firstIndex(of: "="), result[String(text[..<equals])] == nil {
                result[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            next += 1
        }
        return result
    }

    static var hostName: String {
        var name = utsname()
        guard uname(&name) == 0 else { return "localhost" }
        return withUnsafeBytes(of: &name.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    static var operatingSystem: String {
        #if os(macOS)
            "darwin"
        #else
            "linux"
        #endif
    }

    static var architecture: String {
        #if arch(x86_64)
            "amd64"
        #elseif arch(arm64)
            "arm64"
        #else
            "unknown"
        #endif
    }

    static func ignore(signal number: Int32) { _ = signal(number, SIG_IGN) }

    /// What systemd or D-Bus names this installation by; empty where there is neither.
    static var machineIdentifier: String {
        let descriptor = open("/etc/machine-id", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        return String(decoding: bytes.prefix(max(0, count)).prefix { $0 > 0x20 }, as: UTF8.self)
    }

    /// Whether there is anything of this name, a broken link included.
    static func exists(_ path: String) -> Bool {
        faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0
    }

    static var processorCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    static var processIdentifier: Int32 { getpid() }

    /// `name`, or the number as text when the system knows no name.
    static func userName(of identifier: UInt32) -> String {
        guard let entry = getpwuid(identifier) else { return String(identifier) }
        return String(cString: entry.pointee.pw_name)
    }

    static var userID: UInt64 { UInt64(getuid()) }

    static var groupID: UInt64 { UInt64(getgid()) }

    static var userName: String { userName(of: getuid()) }
}

/// Writing whole arrays to descriptors that may be pipes.
enum Descriptor {
    /// - Returns: false when the descriptor takes nothing any more.
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer -> Int in
                #if canImport(Glibc)
                    Glibc.write(descriptor, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
                #elseif canImport(Musl)
                    Musl.write(descriptor, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
                #else
                    Darwin.write(descriptor, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
                #endif
            }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = systemPoll(&poll, 1, -1)
                continue
            }
            guard count > 0 else { return false }
            offset += count
        }
        return true
    }

    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }
}

/// `poll` by a name that does not collide with the structure's.
func systemPoll(_ descriptors: inout pollfd, _ count: Int, _ milliseconds: Int32) -> Int32 {
    poll(&descriptors, nfds_t(count), milliseconds)
}
