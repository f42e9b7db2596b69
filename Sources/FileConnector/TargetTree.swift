internal import ConnectorKit

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// The folder that a restore writes to. Every folder below is opened name by name and never through a symbolic
/// link, so that neither the snapshot nor whoever can write here leads the restore out of it.
struct TargetTree {
    let root: Descriptor
    /// The folder that was used last: the next record is most often in it.
    private var current: (path: BytePath, directory: Descriptor)

    /// Opens a destination, and makes it with all folders above when it is not there.
    ///
    /// - Returns: the tree, and whether the destination is new.
    static func open(_ path: BytePath) throws(SystemError) -> (tree: TargetTree, isNew: Bool) {
        var directory = try Descriptor.open(path: BytePath.root.bytes, O_RDONLY | O_DIRECTORY)
        var existing: BytePath = path
        while true {
            do throws(SystemError) {
                directory = try Descriptor.open(path: existing.bytes, O_RDONLY | O_DIRECTORY)
                break
            } catch {
                guard error.number == ENOENT, let parent = existing.parent else { throw error }
                existing = parent
            }
        }
        for name in path.relative(to: existing)?.components ?? [] {
            try directory.makeDirectory(name, mode: 0o755)
            directory = try directory.open(name, O_RDONLY | O_DIRECTORY)
        }
        return (TargetTree(root: directory), existing != path)
    }

    private init(root: Descriptor) {
        self.root = root
        current = (.root, root)
    }

    /// Opens the folder at `path`, and makes what is missing of it.
    ///
    /// - Throws: also when something that is no folder, such as a symbolic link, stands on the way.
    mutating func directory(_ path: BytePath) throws(SystemError) -> Descriptor {
        if path == current.path { return current.directory }
        var directory = root
        var rest = path.components[...]
        if let below = path.relative(to: current.path) {
            directory = current.directory
            rest = below.components[...]
        }
        for name in rest {
            do throws(SystemError) {
                directory = try directory.open(name, O_RDONLY | O_DIRECTORY)
            } catch {
                guard error.number == ENOENT else { throw error }
                try directory.makeDirectory(name, mode: 0o700)
                directory = try directory.open(name, O_RDONLY | O_DIRECTORY)
            }
        }
        current = (path, directory)
        return directory
    }

    /// The folder that holds `path`, and the name in it.
    mutating func place(_ path: BytePath) throws(SystemError) -> (directory: Descriptor, name: [UInt8]) {
        guard let parent = path.parent else { return (root, [0x2E]) }
        return (try directory(parent), path.name)
    }
}
