internal import ConnectorKit

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// What an importer reads, opened once: everything is then reached from there.
struct SourceRoot: Sendable {
    static let directoryFlags = O_RDONLY | O_DIRECTORY

    let path: BytePath
    let isDirectory: Bool
    /// The folder itself, or the one that holds the file.
    let base: Descriptor

    /// Follows symbolic links in `path`, the last component included.
    init(_ path: BytePath) throws(SystemError) {
        self.path = path
        do throws(SystemError) {
            base = try Descriptor.open(path: path.bytes, O_RDONLY | O_DIRECTORY)
            isDirectory = true
        } catch {
            guard error.number == ENOTDIR, let parent = path.parent else { throw error }
            base = try Descriptor.open(path: parent.bytes, O_RDONLY | O_DIRECTORY)
            isDirectory = false
            // `ENOTDIR` also means that a component before the last is a file.
            _ = try base.status(of: path.name, follow: true)
        }
    }

    /// Opens what lies at or below the root.
    func open(_ path: BytePath, _ flags: Int32) throws(SystemError) -> Descriptor {
        if path == self.path { return try base.open(isDirectory ? [0x2E] : path.name, flags, follow: !isDirectory) }
        guard isDirectory, let relative = path.relative(to: self.path) else {
            throw SystemError(number: ENOENT, action: "open it")
        }
        do throws(SystemError) {
            return try base.open(Array(relative.bytes.dropFirst()), flags)
        } catch {
            // Deeper than one call can express.
            guard error.number == ENAMETOOLONG else { throw error }
            return try base.directory(at: relative.components.dropLast()).open(relative.name, flags)
        }
    }

    /// What lies at the root.
    func status() throws(SystemError) -> stat {
        isDirectory ? try base.status() : try base.status(of: path.name, follow: true)
    }
}
