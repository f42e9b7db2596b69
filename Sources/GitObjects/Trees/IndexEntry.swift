/// What git's index says about one file of the work tree.
package struct IndexEntry: Hashable, Sendable {
    package var name: [UInt8]
    package var mode: TreeEntry.Mode
    package var id: ObjectID
    package var modified: FileTime
    package var changed: FileTime
    package var device: UInt32
    package var inode: UInt32
    package var userID: UInt32
    package var groupID: UInt32
    /// In bytes, modulo 2^32.
    package var size: UInt32
    /// 0, or 1 to 3 during a merge.
    package var stage: UInt8

    /// The entry of a file just written. `git status` compares all these with what it sees, to skip reading the file.
    package init(name: [UInt8], id: ObjectID, status: FileStatus) {
        self.name = name
        self.id = id
        mode = status.mode & 0o100 != 0 ? .executable : .regular
        modified = status.modified
        changed = status.changed
        device = UInt32(truncatingIfNeeded: status.device)
        inode = UInt32(truncatingIfNeeded: status.inode)
        userID = status.userID
        groupID = status.groupID
        size = UInt32(truncatingIfNeeded: status.size)
        stage = 0
    }

    init(name: [UInt8], mode: TreeEntry.Mode, id: ObjectID) {
        self.name = name
        self.mode = mode
        self.id = id
        modified = FileTime(seconds: 0, nanoseconds: 0)
        changed = modified
        (device, inode, userID, groupID, size) = (0, 0, 0, 0, 0)
        stage = 0
    }

    static let fixedSize = 62

    /// Version 2: 62 bytes, the name, and one to eight NUL so that the next begins at a multiple of eight.
    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.fixedSize + name.count + 8)
        func append(_ value: UInt32) { withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) } }
        append(UInt32(truncatingIfNeeded: changed.seconds))
        append(changed.nanoseconds)
        append(UInt32(truncatingIfNeeded: modified.seconds))
        append(modified.nanoseconds)
        append(device)
        append(inode)
        append(mode.bits)
        append(userID)
        append(groupID)
        append(size)
        id.append(to: &bytes)
        let flags = UInt16(stage & 3) << 12 | UInt16(min(name.count, 0xFFF))
        withUnsafeBytes(of: flags.bigEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: name)
        bytes.append(contentsOf: [UInt8](repeating: 0, count: 8 - bytes.count % 8))
        return bytes
    }
}
