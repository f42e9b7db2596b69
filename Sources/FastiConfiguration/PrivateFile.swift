#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Small files that may hold secrets: readable by their owner only, replaced as a whole or not at all.
enum PrivateFile {
    /// Larger files are refused: nobody writes such a configuration by hand.
    static let sizeLimit = 4 << 20

    /// - Returns: nil when there is no such file.
    static func read(_ path: String) throws(ConfigurationError) -> [UInt8]? {
        guard let file = FileDescriptor(opening: path, O_RDONLY) else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .system("open \(path)")
        }
        guard let bytes = try file.readToEnd(limit: sizeLimit) else {
            throw ConfigurationError(.damaged, "\(path) is larger than \(sizeLimit >> 20) MiB.")
        }
        return bytes
    }

    /// Creates the folder and those above it that are missing, for the owner only.
    static func createFolder(_ path: String) throws(ConfigurationError) {
        if mkdir(path, 0o700) == 0 { return }
        if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try createFolder(String(path[..<slash]))
            if mkdir(path, 0o700) == 0 { return }
        }
        guard errno == EEXIST else { throw .system("create the folder \(path)") }
    }

    /// Replaces the file durably. A symbolic link stays one: its target is replaced, so that configuration kept
    /// in another folder and linked here is not torn apart.
    static func write(_ bytes: [UInt8], to path: String) throws(ConfigurationError) {
        let target = realPath(path) ?? path
        let temporary = "\(target).\(getpid()).tmp"
        unlink(temporary)
        do throws(ConfigurationError) {
            guard let file = FileDescriptor(opening: temporary, O_WRONLY | O_CREAT | O_EXCL) else {
                throw ConfigurationError.system("create \(temporary)")
            }
            try file.writeAll(bytes)
            guard fsync(file.rawValue) == 0 else { throw ConfigurationError.system("write \(temporary) to the disk") }
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, target) == 0 else {
            let error = ConfigurationError.system("replace \(target)")
            unlink(temporary)
            throw error
        }
        let folder = target.lastIndex(of: "/").map { String(target[...$0]) } ?? "."
        if let directory = FileDescriptor(opening: folder, O_RDONLY) { fsync(directory.rawValue) }
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
