#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// An open file or directory, closed when the last reference to it goes.
///
/// Everything below a root is reached from its descriptor, name by name, and never through a symbolic link, so that
/// nobody who can write to the tree can lead us out of it.
final class Descriptor: Sendable {
    let number: Int32

    private init(number: Int32) { self.number = number }

    deinit { close(number) }

    /// Opens an absolute path, following links: for the path that a person gave.
    static func open(path: [UInt8], _ flags: Int32) throws(SystemError) -> Descriptor {
        let name = cName(path)
        return Descriptor(number: try attempt("open it") { openat(AT_FDCWD, name, flags | O_CLOEXEC) })
    }

    /// Opens a name, or a relative path, of this directory. The last component must not be a symbolic link; with
    /// `follow` it may.
    func open(
        _ name: [UInt8], _ flags: Int32, mode: mode_t = 0, follow: Bool = false
    ) throws(SystemError) -> Descriptor {
        let flags = flags | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW)
        let name = cName(name)
        return Descriptor(number: try attempt("open it") { openat(number, name, flags, mode) })
    }

    /// Opens a directory below this one, name by name, so that no component may be a symbolic link.
    func directory(at components: [[UInt8]]) throws(SystemError) -> Descriptor {
        var directory = self
        for component in components { directory = try directory.open(component, O_RDONLY | O_DIRECTORY) }
        return directory
    }

    /// What the open file is.
    func status() throws(SystemError) -> stat {
        var status = stat()
        try attempt("look at it") { fstat(number, &status) }
        return status
    }

    /// Reads at most `count` bytes; an empty result is the end.
    func read(_ count: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            do throws(SystemError) {
                initialized = try attempt("read it") { Platform.read(number, buffer.baseAddress, count) }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes all of `bytes` at `offset`.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            written += try attempt("write it") {
                pwrite(number, rest.baseAddress, rest.count, off_t(offset + Int64(written)))
            }
        }
    }

    /// Makes the file exactly `size` bytes long; what is added reads as zeros and takes no space.
    func setSize(_ size: Int64) throws(SystemError) {
        try attempt("set its size") { ftruncate(number, off_t(size)) }
    }
}

/// Functions of the C library whose names are also methods here.
private enum Platform {
    static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        #if canImport(Darwin)
            Darwin.read(descriptor, buffer, count)
        #else
            Glibc.read(descriptor, buffer, count)
        #endif
    }
}
