import Glibc

/// What the file system says about a file, as much of it as git's index keeps.
package struct FileStatus: Hashable, Sendable {
    package var device: UInt64
    package var inode: UInt64
    package var mode: UInt32
    package var linkCount: UInt64
    package var userID: UInt32
    package var groupID: UInt32
    package var size: Int64
    package var modified: FileTime
    package var changed: FileTime

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        mode = UInt32(status.st_mode)
        linkCount = UInt64(status.st_nlink)
        userID = UInt32(status.st_uid)
        groupID = UInt32(status.st_gid)
        size = Int64(status.st_size)
        modified = FileTime(seconds: Int64(status.st_mtim.tv_sec), nanoseconds: UInt32(status.st_mtim.tv_nsec))
        changed = FileTime(seconds: Int64(status.st_ctim.tv_sec), nanoseconds: UInt32(status.st_ctim.tv_nsec))
    }

    package var isDirectory: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFDIR) }
    package var isRegularFile: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFREG) }
}

/// Tells whether a path still names the same unchanged file. Survives renaming, unlike the time of the last status change.
package struct FileStamp: Hashable, Sendable {
    private var inode: UInt64
    private var modified: FileTime
    private var size: Int64

    package init(_ status: FileStatus) {
        inode = status.inode
        modified = status.modified
        size = status.size
    }
}

/// An instant as file systems store it.
package struct FileTime: Hashable, Sendable {
    /// Since 1970.
    package var seconds: Int64
    /// 0 to 999,999,999.
    package var nanoseconds: UInt32

    package init(seconds: Int64, nanoseconds: UInt32) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// The clock of the machine.
    package static var now: FileTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return FileTime(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
    }
}
