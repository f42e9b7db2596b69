import ConnectorKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Folders of the local file system.
enum Folder {
    struct Entry: Hashable {
        /// Names that are not UTF-8 are left out of listings: nothing of a store is called so.
        var name: String
        var isFolder: Bool
    }

    /// Everything in a folder but `.` and `..`, in no order. Symbolic links are followed to tell what they are.
    static func entries(_ path: String) throws -> [Entry] {
        guard let stream = opendir(path) else { throw systemError("list", path) }
        defer { closedir(stream) }
        var result: [Entry] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw systemError("list", path) }
                return result
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let name, name != ".", name != ".." else { continue }
            var kind = Int32(entry.pointee.d_type)
            if kind == Int32(DT_UNKNOWN) || kind == Int32(DT_LNK) {
                var status = stat()
                guard stat("\(path)/\(name)", &status) == 0 else { continue }
                kind = status.st_mode & S_IFMT == S_IFDIR ? Int32(DT_DIR) : Int32(DT_REG)
            }
            result.append(Entry(name: name, isFolder: kind == Int32(DT_DIR)))
        }
    }

    /// Makes a folder with mode 0700; one that is there already is fine.
    ///
    /// - Parameter synchronized: false when many are made in one folder, which the caller then synchronizes once.
    static func make(_ path: String, withAncestors: Bool = false, synchronized: Bool = true) throws {
        if mkdir(path, 0o700) == 0 {
            if synchronized { try synchronize(parent(of: path)) }
            return
        }
        switch errno {
        case EEXIST:
            var status = stat()
            guard stat(path, &status) == 0 else { throw systemError("make", path) }
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw ConnectorError(.alreadyExists, "\(path) is there and not a folder.")
            }
        case ENOENT where withAncestors && parent(of: path) != path:
            try make(parent(of: path), withAncestors: true)
            try make(path)
        default:
            throw systemError("make", path)
        }
    }

    /// Makes what was created, renamed or removed in a folder survive a loss of power.
    static func synchronize(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemError("open", path) }
        defer { close(descriptor) }
        // Some file systems cannot sync a folder and say EINVAL; there is nothing better to do there.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw systemError("write", path) }
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
