import Glibc

/// The few file operations a repository needs, with errors that name the file. Blocking.
package enum FileSystem {
    /// nil when there is no such file. Follows symbolic links.
    package static func status(of path: String) throws(GitError) -> FileStatus? {
        var status = stat()
        if stat(path, &status) == 0 { return FileStatus(status) }
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw failure("examine", path)
    }

    /// The whole content. Throws `.notFound` and `.limitExceeded`.
    package static func read(_ path: String, limit: Int) throws(GitError) -> [UInt8] {
        let file = try OpenFile(path, O_RDONLY)
        return try file.readAll(limit: limit)
    }

    /// The whole content, nil when there is no such file.
    package static func readIfPresent(_ path: String, limit: Int) throws(GitError) -> [UInt8]? {
        do {
            return try read(path, limit: limit)
        } catch  where error.code == .notFound {
            return nil
        }
    }

    /// Names in a directory without `.` and `..`, in the order of their bytes. Names that are not UTF-8 are left out.
    package static func entries(of directory: String) throws(GitError) -> [String] {
        guard let stream = opendir(directory) else { throw failure("list", directory) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let name, name != ".", name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Names of the directories in a directory, links to directories too, in the order of their bytes. Files cost next to
    /// nothing. Names that are not UTF-8 are left out.
    package static func subdirectories(of directory: String) throws(GitError) -> [String] {
        guard let stream = opendir(directory) else { throw failure("list", directory) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let kind = Int(entry.pointee.d_type)
            let isUnclear = kind == Int(DT_LNK) || kind == Int(DT_UNKNOWN)
            guard kind == Int(DT_DIR) || isUnclear else { continue }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let name, name != ".", name != ".." else { continue }
            if isUnclear, try status(of: directory + "/" + name)?.isDirectory != true { continue }
            names.append(name)
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Throws `.alreadyExists`, and `.notFound` when the parent is missing.
    package static func makeDirectory(_ path: String) throws(GitError) {
        if mkdir(path, 0o777) != 0 { throw failure("create", path) }
    }

    package static func makeDirectoryIfMissing(_ path: String) throws(GitError) {
        if mkdir(path, 0o777) != 0, errno != EEXIST { throw failure("create", path) }
    }

    package static func rename(_ from: String, to: String) throws(GitError) {
        if Glibc.rename(from, to) != 0 { throw failure("rename \(from) to", to) }
    }

    /// Does nothing when there is no such file.
    package static func removeFile(_ path: String) throws(GitError) {
        if unlink(path) != 0, errno != ENOENT { throw failure("remove", path) }
    }

    /// Removes a directory and all below it. Does not follow symbolic links.
    package static func removeTree(_ path: String) throws(GitError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw failure("remove", path)
        }
        guard FileStatus(status).isDirectory else { return try removeFile(path) }
        guard let stream = opendir(path) else { throw failure("remove", path) }
        var children: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { children.append(path + "/" + name) }
        }
        closedir(stream)
        for child in children { try removeTree(child) }
        if rmdir(path) != 0, errno != ENOENT { throw failure("remove", path) }
    }

    /// Makes renames and removals in a directory durable.
    package static func syncDirectory(_ path: String) throws(GitError) {
        let directory = try OpenFile(path, O_RDONLY | O_DIRECTORY)
        try directory.sync()
    }

    /// Replaces a file so that after a crash either the old or the new content is there.
    package static func replaceFile(_ path: String, with bytes: [UInt8], mode: UInt32 = 0o666) throws(GitError) {
        let temporary = path + ".fasti-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        do {
            let file = try OpenFile(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: mode_t(mode))
            try file.write(bytes)
            try file.sync()
            try rename(temporary, to: path)
        } catch {
            unlink(temporary)
            throw error
        }
        try syncDirectory(directory(of: path))
    }

    /// Gives a path new content that nobody sees half of. Not durable until the file system is synced.
    /// `temporary` is a free name on the same file system.
    /// - Parameter isRemovedFirst: the old content goes a moment before the new comes. A file system such as ext4 begins to
    ///   write each file at once that is renamed over another, so that hundreds of them are hundreds of writes.
    package static func placeFile(
        _ path: String, _ bytes: [UInt8], through temporary: String, mode: UInt32, isRemovedFirst: Bool = false
    ) throws(GitError) -> FileStatus {
        try placeFile(path, through: temporary, mode: mode, isRemovedFirst: isRemovedFirst) { write throws(GitError) in
            try write(bytes)
        }
    }

    /// The same with content that `body` writes piece by piece.
    package static func placeFile(
        _ path: String, through temporary: String, mode: UInt32, isRemovedFirst: Bool = false,
        _ body: (_ write: ([UInt8]) throws(GitError) -> Void) throws(GitError) -> Void
    ) throws(GitError) -> FileStatus {
        do throws(GitError) {
            let file = try OpenFile(temporary, O_WRONLY | O_CREAT | O_TRUNC, mode: mode_t(mode))
            let (descriptor, name) = (file.descriptor, file.path)
            try body { bytes throws(GitError) in try FileSystem.write(bytes, to: descriptor, name) }
            if isRemovedFirst { try removeFile(path) }
            try rename(temporary, to: path)
            // Renaming is a change of status too, and its time is what git compares.
            return try file.status()
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Everything before the last slash.
    package static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Asks the kernel to begin writing a file to the disk, so that waiting for several overlaps. Linux does that for
    /// pages that will not be needed; those being written stay in memory. (`sync_file_range` is not visible to Swift.)
    static func startWriteBack(_ descriptor: Int32) {
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
    }

    /// Writes all bytes behind what has been written. `path` is for the message.
    static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(GitError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                buffer.baseAddress.map { Glibc.write(descriptor, $0 + done, buffer.count - done) } ?? 0
            }
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                throw failure("write", path)
            }
        }
    }

    static func failure(_ verb: String, _ path: String) -> GitError {
        let number = errno
        let code: GitError.Code =
            switch number {
            case ENOENT, ENOTDIR: .notFound
            case EEXIST, ENOTEMPTY: .alreadyExists
            default: .inputOutput
            }
        return GitError(code, "Cannot \(verb) \(path): \(String(cString: strerror(number))).")
    }
}
