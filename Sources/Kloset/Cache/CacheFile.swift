import ConnectorKit
import KlosetFormat

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Why a cached file is of no use. Nobody is told: it is made again.
struct CacheMiss: Error {}

/// An open file of the cache, closed when nobody uses it any more.
private final class CacheDescriptor: Sendable {
    let number: Int32
    /// A file that is then removed, unless it has got its name by then.
    private let temporary: String?

    init(_ path: String, _ flags: Int32, isTemporary: Bool) throws {
        number = open(path, flags | O_CLOEXEC, 0o600)
        temporary = isTemporary ? path : nil
        guard number >= 0 else { throw CacheMiss() }
    }

    deinit {
        if number >= 0 { close(number) }
        if let temporary { unlink(temporary) }
    }
}

/// Writes a file of the cache beside its place, with a digest of everything behind it.
struct CacheWriter {
    private let path: String
    private let temporary: String
    private let file: CacheDescriptor
    private var digest: StoreMAC.Stream
    private var buffer: [UInt8] = []

    private static let bufferSize = 256 << 10

    /// - Parameter path: its folder is made when it is missing, with mode 0700.
    init(_ path: String, _ mac: StoreMAC) throws {
        try Folder.make(Folder.parent(of: path), withAncestors: true, synchronized: false)
        self.path = path
        temporary = "\(path).\(UInt64.random(in: .min ... .max))"
        digest = StoreMAC.Stream(mac)
        file = try CacheDescriptor(temporary, O_WRONLY | O_CREAT | O_EXCL, isTemporary: true)
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferSize { try flush() }
    }

    /// Numbers are as this machine has them: the file never leaves it.
    mutating func write(_ number: some FixedWidthInteger) throws {
        try withUnsafeBytes(of: number) { try write($0) }
    }

    mutating func write(_ mac: MAC) throws { try mac.bytes.withUnsafeBytes { try write($0) } }

    /// Puts the file in its place, whatever is there. There is no need to sync it: what a loss of power leaves has
    /// another digest.
    mutating func finish() throws {
        try flush()
        buffer = digest.finalize().bytes
        try put()
        guard rename(temporary, path) == 0 else { throw CacheMiss() }
    }

    private mutating func flush() throws {
        digest.update(buffer[...])
        try put()
    }

    private mutating func put() throws {
        try DurableFile.writeAll(buffer, to: file.number, path)
        buffer.removeAll(keepingCapacity: true)
    }
}

/// Reads a file of the cache whose digest was found right. Nothing in it is believed beyond what was read.
struct CacheReader {
    private let file: CacheDescriptor
    /// Bytes before the digest.
    private let end: Int
    private var buffer: [UInt8] = []
    /// Where `buffer` begins in the file, and how much of it was used.
    private var base = 0
    private var used = 0

    private static let bufferSize = 256 << 10

    /// Reads the whole file once, for its digest.
    init(_ path: String, _ mac: StoreMAC) throws {
        file = try CacheDescriptor(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, isTemporary: false)
        var status = stat()
        // What somebody else could have put there is not even looked at.
        guard fstat(file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            status.st_size >= 32, status.st_size < 64 << 30
        else { throw CacheMiss() }
        end = Int(status.st_size) - 32
        var digest = StoreMAC.Stream(mac)
        while base < end {
            try load(min(Self.bufferSize, end - base))
            digest.update(buffer[...])
            base += buffer.count
        }
        try load(32)
        guard MAC(buffer) == digest.finalize() else { throw CacheMiss() }
        buffer = []
        base = 0
    }

    var isAtEnd: Bool { base + used == end }

    mutating func fill(_ target: UnsafeMutableRawBufferPointer) throws {
        var filled = 0
        while filled < target.count {
            if used == buffer.count {
                base += used
                used = 0
                guard base < end else { throw CacheMiss() }
                try load(min(Self.bufferSize, end - base))
            }
            let count = min(target.count - filled, buffer.count - used)
            UnsafeMutableRawBufferPointer(rebasing: target[filled..<filled + count])
                .copyBytes(from: buffer[used..<used + count])
            filled += count
            used += count
        }
    }

    mutating func integer<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws -> Number {
        var number: Number = 0
        try withUnsafeMutableBytes(of: &number) { try fill($0) }
        return number
    }

    /// How many things of at least `size` bytes follow; never more than the file has room for.
    mutating func count(size: Int) throws -> Int {
        let number: UInt64 = try integer()
        guard number <= UInt64((end - base - used) / size) else { throw CacheMiss() }
        return Int(number)
    }

    mutating func bytes(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { try fill($0) }
        return bytes
    }

    mutating func mac() throws -> MAC {
        guard let mac = MAC(try bytes(32)) else { throw CacheMiss() }
        return mac
    }

    private mutating func load(_ count: Int) throws {
        buffer = [UInt8](unsafeUninitializedCapacity: count) { target, done in
            while done < count {
                let received = pread(
                    file.number, target.baseAddress.map { $0 + done }, count - done, off_t(base + done))
                if received < 0, errno == EINTR { continue }
                guard received > 0 else { return }
                done += received
            }
        }
        guard buffer.count == count else { throw CacheMiss() }
    }
}
