import CPOSIX
import Glibc

/// A file that nobody else can open and that is gone with the last who has it open.
final class UnnamedFile: Sendable {
    let descriptor: Int32

    /// In memory: for what is small.
    init() throws {
        descriptor = cposix_unnamed_file()
        guard descriptor >= 0 else { throw GitTransportError("No file in memory could be made: errno \(errno).") }
    }

    /// On the disk, in a folder: for what may be large.
    init(in folder: String) throws {
        let path = "\(folder)/spool-\(UInt64.random(in: 0...UInt64.max))"
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw GitTransportError("\(path) could not be made: errno \(errno).") }
        unlink(path)
    }

    deinit { close(descriptor) }

    func append(_ bytes: some Collection<UInt8>) throws {
        let bytes = Array(bytes)
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                throw GitTransportError("What was sent could not be kept: \(String(cString: strerror(errno))).")
            }
        }
    }

    /// The next who reads begins there.
    func rewind(to offset: Int = 0) throws {
        guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else { throw GitTransportError("lseek: errno \(errno).") }
    }

    /// Up to `count` bytes at a place; fewer at the end.
    func read(at offset: Int, count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let found = pread(descriptor, &bytes, count, off_t(offset))
        return Array(bytes.prefix(max(0, found)))
    }

    var size: Int { max(0, Int(lseek(descriptor, 0, SEEK_END))) }

    func text(last count: Int) -> String {
        let size = size
        return String(decoding: read(at: max(0, size - count), count: count), as: UTF8.self)
    }
}
