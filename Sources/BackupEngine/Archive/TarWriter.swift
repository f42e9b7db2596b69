internal import ConnectorKit

/// Writes tar as POSIX.1-2001 has it (pax): what the old header has no room for stands in a record before it. Names of
/// any length and bytes, sizes beyond 8 GiB, times to the nanosecond, and extended attributes as `SCHILY.xattr`, which
/// GNU tar, bsdtar and Python understand.
struct TarWriter: ArchiveWriter {
    private static let blockSize = 512
    private(set) var missing: UInt64 = 0
    private var padding = 0
    private var size = 0

    mutating func begin(_ member: ArchiveMember) throws -> [UInt8] {
        var bytes = extendedHeader(member)
        bytes += header(member, type: type(member), size: member.size)
        missing = member.size
        padding = Self.padding(member.size)
        return count(bytes)
    }

    mutating func append(_ bytes: [UInt8]) -> [UInt8] {
        let taken = Array(bytes.prefix(Int(clamping: missing)))
        missing -= UInt64(taken.count)
        return count(taken)
    }

    mutating func end() -> [UInt8] {
        defer { padding = 0 }
        return count([UInt8](repeating: 0, count: padding))
    }

    /// Two empty blocks, filled up to a record of 10 KiB.
    mutating func finish() -> [UInt8] {
        let record = 20 * Self.blockSize
        let total = size + 2 * Self.blockSize
        return [UInt8](repeating: 0, count: 2 * Self.blockSize + (record - total % record) % record)
    }

    private mutating func count(_ bytes: [UInt8]) -> [UInt8] {
        size = (size + bytes.count) % (20 * Self.blockSize)
        return bytes
    }

    private static func padding(_ size: UInt64) -> Int { (blockSize - Int(size % UInt64(blockSize))) % blockSize }

    // MARK: Headers

    private func type(_ member: ArchiveMember) -> UInt8 {
        switch member.kind {
        case .file: UInt8(ascii: "0")
        case .hardLink: UInt8(ascii: "1")
        case .symbolicLink: UInt8(ascii: "2")
        case .characterDevice: UInt8(ascii: "3")
        case .blockDevice: UInt8(ascii: "4")
        case .directory: UInt8(ascii: "5")
        case .pipe: UInt8(ascii: "6")
        }
    }

    private func path(_ member: ArchiveMember) -> [UInt8] {
        if case .directory = member.kind { return member.path + [UInt8(ascii: "/")] }
        return member.path
    }

    private func link(_ member: ArchiveMember) -> [UInt8] {
        switch member.kind {
        case .symbolicLink(let target): target
        case .hardLink(let path): path
        default: []
        }
    }

    /// The 512 bytes of POSIX.1-1988. What does not fit is cut off here and stands in the extended header.
    private func header(_ member: ArchiveMember, type: UInt8, size: UInt64) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: Self.blockSize)
        func put(_ bytes: some Collection<UInt8>, at offset: Int, length: Int) {
            for (index, byte) in bytes.prefix(length).enumerated() { block[offset + index] = byte }
        }
        /// Octal digits and a zero byte; the highest number for one that is too high.
        func put(_ number: UInt64, at offset: Int, length: Int) {
            let highest = (UInt64(1) << UInt64(3 * (length - 1))) - 1
            let digits = String(min(number, highest), radix: 8)
            put((String(repeating: "0", count: length - 1 - digits.count) + digits).utf8, at: offset, length: length)
        }
        put(path(member), at: 0, length: 100)
        put(UInt64(member.permissions), at: 100, length: 8)
        put(member.userID, at: 108, length: 8)
        put(member.groupID, at: 116, length: 8)
        put(size, at: 124, length: 12)
        put(UInt64(max(0, member.modificationTime.seconds)), at: 136, length: 12)
        put([UInt8](repeating: UInt8(ascii: " "), count: 8), at: 148, length: 8)
        block[156] = type
        put(link(member), at: 157, length: 100)
        put("ustar\0".utf8, at: 257, length: 6)
        put("00".utf8, at: 263, length: 2)
        put(member.userName, at: 265, length: 31)
        put(member.groupName, at: 297, length: 31)
        put(0, at: 329, length: 8)
        put(0, at: 337, length: 8)
        let sum = block.reduce(0) { $0 + UInt64($1) }
        put(sum, at: 148, length: 7)
        block[154] = 0
        return block
    }

    /// Empty when the old header says it all.
    private func extendedHeader(_ member: ArchiveMember) -> [UInt8] {
        var records: [UInt8] = []
        func add(_ key: [UInt8], _ value: [UInt8]) { records += Self.record(key, value) }
        func add(_ key: String, _ value: [UInt8]) { add(Array(key.utf8), value) }
        let (path, link) = (path(member), link(member))
        // Other programs take names for UTF-8 unless they are told.
        let isText = [path, link, member.userName, member.groupName].allSatisfy {
            String(validating: $0, as: UTF8.self) != nil
        }
        if !isText { add("hdrcharset", Array("BINARY".utf8)) }
        if path.count > 100 || !path.allSatisfy({ $0 < 0x80 }) { add("path", path) }
        if link.count > 100 || !link.allSatisfy({ $0 < 0x80 }) { add("linkpath", link) }
        if member.size >= 1 << 33 { add("size", Array(String(member.size).utf8)) }
        if member.userID >= 1 << 21 { add("uid", Array(String(member.userID).utf8)) }
        if member.groupID >= 1 << 21 { add("gid", Array(String(member.groupID).utf8)) }
        if member.userName.count > 31 || !member.userName.allSatisfy({ $0 < 0x80 }) { add("uname", member.userName) }
        if member.groupName.count > 31 || !member.groupName.allSatisfy({ $0 < 0x80 }) { add("gname", member.groupName) }
        let time = member.modificationTime
        if time.nanoseconds != 0 || time.seconds < 0 || time.seconds >= 1 << 33 {
            add("mtime", Array(Self.decimal(time).utf8))
        }
        for (name, value) in member.attributes { add(Array("SCHILY.xattr.".utf8) + Self.keyword(name), value) }
        guard !records.isEmpty else { return [] }
        var own = member
        own.path = Array("PaxHeaders/".utf8) + (member.path.split(separator: UInt8(ascii: "/")).last ?? [])
        own.kind = .file(size: UInt64(records.count))
        own.permissions = 0o644
        let padding = [UInt8](repeating: 0, count: Self.padding(UInt64(records.count)))
        return header(own, type: UInt8(ascii: "x"), size: UInt64(records.count)) + records + padding
    }

    /// `LENGTH KEY=VALUE\n`, where the length counts its own digits.
    private static func record(_ key: [UInt8], _ value: [UInt8]) -> [UInt8] {
        let rest = key.count + value.count + 3
        var length = rest + String(rest).count
        if String(length).count != String(rest).count { length = rest + String(length).count }
        return Array("\(length) ".utf8) + key + [UInt8(ascii: "=")] + value + [UInt8(ascii: "\n")]
    }

    /// An equals sign would end the key: GNU tar writes it as a URL does.
    private static func keyword(_ name: [UInt8]) -> [UInt8] {
        guard name.contains(UInt8(ascii: "=")) else { return name }
        return name.flatMap { byte in
            byte == UInt8(ascii: "=")
                ? Array("%3D".utf8) : byte == UInt8(ascii: "%") ? Array("%25".utf8) : [byte]
        }
    }

    /// Seconds with a fraction: nanoseconds count forwards, also before 1970.
    private static func decimal(_ time: Timestamp) -> String {
        var seconds = time.seconds
        var nanoseconds = Int64(time.nanoseconds)
        let isNegative = seconds < 0
        if isNegative, nanoseconds > 0 {
            seconds += 1
            nanoseconds = 1_000_000_000 - nanoseconds
        }
        let digits = String(nanoseconds)
        let fraction = nanoseconds == 0 ? "" : "." + String(repeating: "0", count: 9 - digits.count) + digits
        return "\(isNegative ? "-" : "")\(seconds.magnitude)\(fraction)"
    }
}
