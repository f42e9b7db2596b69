internal import ConnectorKit

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// The folder that a restore writes to. Every folder below is opened name by name and never through a symbolic
/// link, so that neither the snapshot nor whoever can write here leads the restore out of it.
struct TargetTree {
    /// A folder on the way to the record that came last, still open.
    private struct Level {
        let path: BytePath
        let directory: Descriptor
        let isFresh: Bool
    }

    /// Where a record goes.
    struct Place {
        let directory: Descriptor
        let name: [UInt8]
        /// Whether this restore has made the folder, so that nothing but its own work is in it.
        let isFresh: Bool
    }

    let root: Descriptor
    /// From the root downwards. The next record is most often in the last one, or a few levels above.
    private var levels: [Level]
    /// Descriptors that are held for that.
    private static let levelLimit = 64

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
        return (TargetTree(root: directory, isNew: existing != path), existing != path)
    }

    private init(root: Descriptor, isNew: Bool) {
        self.root = root
        levels = [Level(path: .root, directory: root, isFresh: isNew)]
    }

    /// Opens the folder at `path`, and makes what is missing of it.
    ///
    /// - Throws: also when something that is no folder, such as a symbolic link, stands on the way.
    private mutating func level(_ path: BytePath) throws(SystemError) -> Level {
        while levels.count > 1, let last = levels.last, !path.isWithin(last.path) { levels.removeLast() }
        guard var level = levels.last else { throw SystemError(number: ENOENT, action: "open it") }
        guard path != level.path else { return level }
        for name in path.relative(to: level.path)?.components ?? [] {
            guard let next = level.path.appending(name) else { throw SystemError(number: EINVAL, action: "open it") }
            var isFresh = false
            let directory: Descriptor
            do throws(SystemError) {
                directory = try level.directory.open(name, O_RDONLY | O_DIRECTORY)
            } catch {
                guard error.number == ENOENT else { throw error }
                try level.directory.makeDirectory(name, mode: 0o700)
                directory = try level.directory.open(name, O_RDONLY | O_DIRECTORY)
                isFresh = true
            }
            level = Level(path: next, directory: directory, isFresh: isFresh)
            push(level)
        }
        return level
    }

    private mutating func push(_ level: Level) {
        // The root stays; a path as deep as this is opened anew when the walk comes back.
        if levels.count >= Self.levelLimit { levels.removeSubrange(1..<levels.count) }
        levels.append(level)
    }

    /// Remembers a folder that was just made at `path`, so that it is known to be fresh when its contents come.
    mutating func enter(_ path: BytePath, _ directory: Descriptor) {
        push(Level(path: path, directory: directory, isFresh: true))
    }

    /// Opens the folder at `path`, and makes what is missing of it.
    mutating func directory(_ path: BytePath) throws(SystemError) -> Descriptor { try level(path).directory }

    /// The folder that holds `path`, and the name in it.
    mutating func place(_ path: BytePath) throws(SystemError) -> Place {
        guard let parent = path.parent else { return Place(directory: root, name: [0x2E], isFresh: false) }
        let level = try level(parent)
        return Place(directory: level.directory, name: path.name, isFresh: level.isFresh)
    }
}
