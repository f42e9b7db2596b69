import ConnectorKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Whole-file reading and writing where a successful write survives a loss of power.
enum DurableFile {
    /// Writes a new file beside and renames it onto `path`.
    ///
    /// - Parameters:
    ///   - folder: where the temporary file lies; on the same file system as `path`.
    ///   - replacing: whether a file that is there gives way; otherwise it is an error.
    static func write(
        _ bytes: [UInt8], to path: String, temporaryIn folder: String, replacing: Bool = true
    ) throws {
        let temporary = "\(folder)/tmp.\(UInt64.random(in: .min ... .max))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw systemError("write", path) }
        do {
            do {
                try writeAll(bytes, to: descriptor, path)
                guard fsync(descriptor) == 0 else { throw systemError("write", path) }
            } catch {
                close(descriptor)
                throw error
            }
            guard close(descriptor) == 0 else { throw systemError("write", path) }
            try publish(temporary, as: path, replacing: replacing)
        } catch {
            unlink(temporary)
            throw error
        }
        try Folder.synchronize(Folder.parent(of: path))
    }

    private static func publish(_ temporary: String, as path: String, replacing: Bool) throws {
        if !replacing {
            // A second name fails when the name is taken, which a renaming would not.
            if link(temporary, path) == 0 {
                unlink(temporary)
                return
            }
            // File systems without second names have to do with the renaming.
            guard errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS else { throw systemError("write", path) }
        }
        guard rename(temporary, path) == 0 else { throw systemError("write", path) }
    }

    /// Reads a whole file.
    ///
    /// - Parameter limit: the largest length in bytes; nil for any.
    static func read(_ path: String, limit: UInt64?) throws -> [UInt8] {
        let file = try OpenFile(path)
        let size = try file.size()
        if let limit, size > limit {
            throw ConnectorError(.corrupt, "\(path) has \(size) bytes, more than the \(limit) it may have.")
        }
        return try file.read(0..<size)
    }

    /// Removes a file; none there is no error.
    static func remove(_ path: String) throws {
        guard unlink(path) != 0 else { return try Folder.synchronize(Folder.parent(of: path)) }
        guard errno == ENOENT else { throw systemError("remove", path) }
    }

    static func writeAll(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws {
        try bytes.withUnsafeBytes { buffer in
            var position = 0
            while position < buffer.count {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[position...])
                let written = writeSome(rest, to: descriptor)
                if written < 0 && errno == EINTR { continue }
                guard written >= 0 else { throw systemError("write", path) }
                position += written
            }
        }
    }
}

/// One `write(2)`, out of reach of the method of that name.
private func writeSome(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}

/// The error for the system call that just failed.
func systemError(_ verb: String, _ path: String) -> ConnectorError {
    let number = errno
    let code: ConnectorError.Code =
        switch number {
        case ENOENT, ENOTDIR: .notFound
        case EACCES, EPERM, EROFS: .permission
        case EEXIST: .alreadyExists
        case ENOSPC, EDQUOT: .limitExceeded
        default: .inputOutput
        }
    return ConnectorError(code, "Cannot \(verb) \(path): \(String(cString: strerror(number))).")
}
