import ConnectorKit
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A new file that grows at its end and gets its name when it is whole.
///
/// Where the system can do it, the file has no name at all until then, so that a process that is killed leaves nothing
/// behind; elsewhere it is a hidden one beside the name.
package final class StagedFile: Sendable {
    /// The name that it will have.
    package let path: String
    private let descriptor: Int32
    /// nil for a file without a name.
    private let temporary: String?

    private struct Progress {
        var size: UInt64 = 0
        var isOpen = true
        /// What is not written out yet.
        var pending: [UInt8] = []
    }

    private let progress = Mutex(Progress())
    private static let bufferSize = 1 << 20

    /// - Parameter permissions: of the file, before the umask.
    package init(path: String, permissions: UInt32) throws {
        self.path = path
        let folder = Folder.parent(of: path)
        #if os(Linux)
            // O_TMPFILE, which is no simple constant in C.
            let unnamed = open(folder, 0o20000000 | O_DIRECTORY | O_RDWR | O_CLOEXEC, permissions)
            if unnamed >= 0 {
                descriptor = unnamed
                temporary = nil
                return
            }
        #endif
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        let hidden = "\(folder)/.\(name).\(UInt32.random(in: .min ... .max)).tmp"
        descriptor = open(hidden, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(permissions))
        guard descriptor >= 0 else { throw systemError("write", path) }
        temporary = hidden
    }

    deinit { discard() }

    /// Bytes so far.
    package var size: UInt64 { progress.withLock { $0.size } }

    package func append(_ bytes: [UInt8]) throws {
        try progress.withLock { progress in
            progress.pending += bytes
            progress.size += UInt64(bytes.count)
            if progress.pending.count >= Self.bufferSize { try flush(&progress) }
        }
    }

    private func flush(_ progress: inout Progress) throws {
        try progress.pending.withUnsafeBytes { buffer in
            var position = 0
            while position < buffer.count {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[position...])
                let written = writeBytes(descriptor, rest)
                if written < 0 && errno == EINTR { continue }
                guard written >= 0 else { throw systemError("write", path) }
                position += written
            }
        }
        progress.pending.removeAll(keepingCapacity: true)
    }

    /// Bytes that were appended before.
    package func read(_ range: Range<UInt64>) throws -> [UInt8] {
        try progress.withLock { progress in
            try flush(&progress)
            guard range.upperBound <= progress.size, let start = off_t(exactly: range.lowerBound) else {
                throw ConnectorError(.corrupt, "\(path) has only \(progress.size) bytes so far.")
            }
            return try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, initialized in
                while initialized < range.count {
                    let rest = UnsafeMutableRawBufferPointer(
                        rebasing: UnsafeMutableRawBufferPointer(buffer)[initialized...])
                    let count = pread(
                        descriptor, rest.baseAddress, min(rest.count, range.count - initialized),
                        start + off_t(initialized))
                    if count < 0 && errno == EINTR { continue }
                    guard count > 0 else { throw systemError("read", path) }
                    initialized += count
                }
            }
        }
    }

    /// Makes the file durable and gives it its name.
    ///
    /// - Parameter replacing: whether a file of that name gives way; otherwise it is an error.
    package func publish(replacing: Bool) throws {
        try progress.withLock { progress in
            try flush(&progress)
            guard fsync(descriptor) == 0 || errno == EINVAL else { throw systemError("write", path) }
        }
        if let temporary {
            if replacing {
                guard rename(temporary, path) == 0 else { throw systemError("write", path) }
            } else {
                guard link(temporary, path) == 0 else { throw systemError("write", path) }
            }
        } else if !giveName(path) {
            guard errno == EEXIST, replacing else { throw systemError("write", path) }
            // A name can only be given where there is none; a renaming takes the place of what is there.
            let beside = "\(path).\(UInt32.random(in: .min ... .max)).tmp"
            guard giveName(beside), rename(beside, path) == 0 else {
                unlink(beside)
                throw systemError("write", path)
            }
        }
        discard()
        try Folder.synchronize(Folder.parent(of: path))
    }

    private func giveName(_ name: String) -> Bool {
        #if os(Linux)
            linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, name, Int32(AT_SYMLINK_FOLLOW)) == 0
        #else
            false
        #endif
    }

    /// Gives the file up, unless it has its name already.
    package func discard() {
        progress.withLock { progress in
            guard progress.isOpen else { return }
            progress.isOpen = false
            close(descriptor)
            if let temporary { unlink(temporary) }
        }
    }
}

/// One `write(2)`.
private func writeBytes(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}
