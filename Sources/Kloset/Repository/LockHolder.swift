#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Who holds a lock. The format has one text for it, the name of the machine, which is shown to people and compared
/// by nobody; ours also says which process it is, so that the lock of one that was killed can be told from one that is
/// in use:
///
/// ```
/// anna-pc/fasti/PROCESS/START/NAMESPACE/BOOT/TOKEN
/// ```
///
/// PROCESS is the process number, START when it began in clock ticks since the machine did, NAMESPACE what Linux
/// counts processes within, BOOT the random identifier that the kernel gives each start of the machine. Only when the
/// last two are those of this very process, and there is no process of that number and start, is the holder provably
/// gone. Anything else is waited out, as the format says. TOKEN is random; the names of the holder's packfiles follow
/// from it (``PackfileNames``).
struct LockHolder: Hashable {
    /// The name of the machine.
    var host: String
    /// nil for a lock of another program, or of a system that does not tell all four.
    var process: ProcessIdentity?
    /// nil for a lock of a version that had none.
    var token: String?

    struct ProcessIdentity: Hashable {
        var number: Int32
        var start: UInt64
        var namespace: UInt64
        var boot: String
    }

    init(host: String, process: ProcessIdentity?, token: String? = nil) {
        self.host = host
        self.process = process
        self.token = token
    }

    init(parsing text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 6 || parts.count == 7, parts[1] == "fasti", let number = Int32(parts[2]), number > 0,
            let start = UInt64(parts[3]), let namespace = UInt64(parts[4])
        else {
            self.init(host: text, process: nil)
            return
        }
        self.init(
            host: String(parts[0]),
            process: ProcessIdentity(number: number, start: start, namespace: namespace, boot: String(parts[5])),
            token: parts.count == 7 ? String(parts[6]) : nil)
    }

    /// As it stands in a lock.
    var text: String {
        guard let process else { return host }
        let text = "\(host)/fasti/\(process.number)/\(process.start)/\(process.namespace)/\(process.boot)"
        return token.map { "\(text)/\($0)" } ?? text
    }

    /// For people.
    var name: String { process.map { "\(host) (process \($0.number))" } ?? host }

    /// This process.
    static let current = LockHolder(host: hostname(), process: ProcessIdentity.current)

    /// Whether the process that held the lock has certainly ended.
    var isGone: Bool {
        guard let process, let here = Self.current.process, process.boot == here.boot,
            process.namespace == here.namespace
        else { return false }
        // Without the right to signal a process it exists all the same.
        if kill(process.number, 0) != 0 { return errno == ESRCH }
        // A process that cannot be looked at, or has ended between the two questions, counts as running.
        guard let found = ProcessIdentity.stat(process.number) else { return false }
        return found.hasEnded || found.start != process.start
    }

    private static func hostname() -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            buffer.initialize(repeating: 0)
            guard let name = buffer.baseAddress, gethostname(name, buffer.count - 1) == 0 else { return "" }
            return String(decoding: buffer.lazy.map { UInt8(bitPattern: $0) }.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

extension LockHolder.ProcessIdentity {
    /// nil where the system does not tell, which is everywhere but on Linux.
    static let current: Self? = {
        guard let stat = stat(getpid()), let namespace = namespace(),
            let boot = try? DurableFile.readSystemFile("/proc/sys/kernel/random/boot_id")
        else { return nil }
        let identifier = String(decoding: boot.prefix { $0 > 0x20 }, as: UTF8.self)
        guard !identifier.isEmpty, !identifier.contains("/") else { return nil }
        return Self(number: getpid(), start: stat.start, namespace: namespace, boot: identifier)
    }()

    /// When a process began and whether it only waits for its parent to take note of its end.
    static func stat(_ number: Int32) -> (start: UInt64, hasEnded: Bool)? {
        guard let bytes = try? DurableFile.readSystemFile("/proc/\(number)/stat") else { return nil }
        // The name of the program, in parentheses, may contain anything; the fields after it are numbered from 3.
        guard let end = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = bytes[(end + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 19, let start = UInt64(String(decoding: fields[19], as: UTF8.self)) else { return nil }
        return (start, fields[0].first == UInt8(ascii: "Z") || fields[0].first == UInt8(ascii: "X"))
    }

    /// The number in `pid:[4026531836]`.
    private static func namespace() -> UInt64? {
        var buffer = [CChar](repeating: 0, count: 64)
        let count = readlink("/proc/self/ns/pid", &buffer, buffer.count)
        guard count > 0 else { return nil }
        let digits = buffer.prefix(count).filter { (48...57).contains($0) }
        return UInt64(String(decoding: digits.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
}

extension DurableFile {
    /// Reads a file of `/proc`, which has no size until it is read. At most 4 KiB.
    static func readSystemFile(_ path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemError("read", path) }
        defer { close(descriptor) }
        return try [UInt8](unsafeUninitializedCapacity: 4096) { buffer, initialized in
            let count = pread(descriptor, buffer.baseAddress, buffer.count, 0)
            guard count >= 0 else { throw systemError("read", path) }
            initialized = count
        }
    }
}
