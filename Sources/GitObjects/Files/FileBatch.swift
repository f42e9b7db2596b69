import Glibc

/// Files written together: first all under temporary names, then one wait for the disk, then all renamed.
///
/// What has not been published when the batch goes out of scope is removed.
package struct FileBatch: ~Copyable {
    private struct Staged {
        let descriptor: Int32
        let temporary: String
        let path: String
        let directory: String
    }

    private var staged: [Staged] = []
    private var published = 0
    private var extraDirectories: Set<String> = []

    package init() {}

    deinit {
        for file in staged { close(file.descriptor) }
        for file in staged[published...] { unlink(file.temporary) }
    }

    /// How many files the batch has.
    package var count: Int { staged.count }

    /// Writes the bytes under a temporary name in `temporaryDirectory` (of the same file system) and starts their way to
    /// the disk. `mode` is subject to the umask.
    package mutating func stage(
        _ bytes: [UInt8], as path: String, temporaryDirectory: String, prefix: String = "tmp_obj_", mode: UInt32
    ) throws(GitError) {
        try stage([bytes], as: path, temporaryDirectory: temporaryDirectory, prefix: prefix, mode: mode)
    }

    /// The same with content that lies in pieces, which follow each other in the file.
    package mutating func stage(
        _ pieces: [[UInt8]], as path: String, temporaryDirectory: String, prefix: String = "tmp_obj_", mode: UInt32
    ) throws(GitError) {
        // git's own names for what is being written: `git gc` removes those that a crash left behind.
        let temporary = "\(temporaryDirectory)/\(prefix)\(getpid())_\(UInt64.random(in: 0...UInt64.max))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(mode))
        guard descriptor >= 0 else { throw FileSystem.failure("create", temporary) }
        staged.append(
            Staged(
                descriptor: descriptor, temporary: temporary, path: path, directory: FileSystem.directory(of: path)))
        for piece in pieces { try FileSystem.write(piece, to: descriptor, temporary) }
        FileSystem.startWriteBack(descriptor)
    }

    /// A directory whose new entries must be durable as well.
    package mutating func alsoSync(directory: String) { extraDirectories.insert(directory) }

    /// Waits until the content of every staged file is on the disk.
    package func sync() throws(GitError) {
        for file in staged where fsync(file.descriptor) != 0 { throw FileSystem.failure("sync", file.temporary) }
    }

    /// Gives every file its name, in the order they were staged, and makes the names durable.
    package mutating func publish() throws(GitError) {
        var directories = extraDirectories
        for file in staged[published...] {
            try FileSystem.rename(file.temporary, to: file.path)
            published += 1
            directories.insert(file.directory)
        }
        for directory in directories { try FileSystem.syncDirectory(directory) }
    }

    /// What the file system says about the staged files, in the order they were staged.
    package func statuses() throws(GitError) -> [FileStatus] {
        var statuses: [FileStatus] = []
        for file in staged {
            var status = stat()
            guard fstat(file.descriptor, &status) == 0 else { throw FileSystem.failure("examine", file.path) }
            statuses.append(FileStatus(status))
        }
        return statuses
    }
}
