package import ConnectorKit

/// Kloset messages, section 5.2: twelve keys, all always present.
extension FileInfo: MessagePackStructure {
    package static var unset: Self { Self(name: [], size: 0, mode: [], modificationTime: .goZero, linkCount: 0) }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.string("name", &name)
        fields.i64("size", &size)
        var modeBits = mode.rawValue
        fields.u32("mode", &modeBits)
        mode = FileMode(rawValue: modeBits)
        fields.time("mod_time", &modificationTime)
        fields.u64("dev", &device)
        fields.u64("ino", &inode)
        fields.u64("uid", &userID)
        fields.u64("gid", &groupID)
        fields.u16("nlink", &linkCount)
        fields.string("username", &userName)
        fields.string("groupname", &groupName)
        fields.u32("flags", &flags)
    }
}
