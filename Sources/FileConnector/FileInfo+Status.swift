internal import ConnectorKit

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

extension FileInfo {
    /// What the file system says (Kloset format, section 9.3).
    init(name: [UInt8], _ status: stat, userName: [UInt8] = [], groupName: [UInt8] = []) {
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        self.init(
            name: name, size: Int64(status.st_size), mode: FileMode(posix: UInt32(status.st_mode)),
            modificationTime: Timestamp(
                seconds: Int64(time.tv_sec), nanoseconds: UInt32(truncatingIfNeeded: time.tv_nsec)),
            device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(truncatingIfNeeded: status.st_ino),
            userID: UInt64(status.st_uid), groupID: UInt64(status.st_gid),
            linkCount: UInt16(truncatingIfNeeded: status.st_nlink), userName: userName, groupName: groupName)
    }

    /// Whether `status` is of the very file that this was made from.
    func isSameFile(as status: stat) -> Bool {
        device == UInt64(truncatingIfNeeded: status.st_dev) && inode == UInt64(truncatingIfNeeded: status.st_ino)
    }
}
