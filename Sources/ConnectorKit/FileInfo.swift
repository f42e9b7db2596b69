/// What a snapshot remembers of one file system object besides its content (Kloset messages, section 5.2).
public struct FileInfo: Hashable, Sendable {
    /// The base name; `/` for the root.
    public var name: [UInt8]
    /// Bytes; -1 when a connector does not know the size before reading.
    public var size: Int64
    public var mode: FileMode
    public var modificationTime: Timestamp
    public var device: UInt64
    public var inode: UInt64
    public var userID: UInt64
    public var groupID: UInt64
    /// 1 for everything that is not a real hard link: above 1, equal device and inode mean "the same file".
    public var linkCount: UInt16
    public var userName: [UInt8]
    public var groupName: [UInt8]
    public var flags: UInt32

    public init(
        name: [UInt8], size: Int64, mode: FileMode, modificationTime: Timestamp, device: UInt64 = 0, inode: UInt64 = 0,
        userID: UInt64 = 0, groupID: UInt64 = 0, linkCount: UInt16 = 1, userName: [UInt8] = [], groupName: [UInt8] = [],
        flags: UInt32 = 0
    ) {
        self.name = name
        self.size = size
        self.mode = mode
        self.modificationTime = modificationTime
        self.device = device
        self.inode = inode
        self.userID = userID
        self.groupID = groupID
        self.linkCount = linkCount
        self.userName = userName
        self.groupName = groupName
        self.flags = flags
    }
}

/// File mode bits in Go's portable layout, which is what snapshots and plug-ins carry; not POSIX `st_mode`.
public struct FileMode: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let directory = FileMode(rawValue: 0x8000_0000)
    public static let appendOnly = FileMode(rawValue: 0x4000_0000)
    public static let exclusive = FileMode(rawValue: 0x2000_0000)
    public static let temporary = FileMode(rawValue: 0x1000_0000)
    public static let symbolicLink = FileMode(rawValue: 0x0800_0000)
    public static let device = FileMode(rawValue: 0x0400_0000)
    public static let namedPipe = FileMode(rawValue: 0x0200_0000)
    public static let socket = FileMode(rawValue: 0x0100_0000)
    public static let setUserID = FileMode(rawValue: 0x0080_0000)
    public static let setGroupID = FileMode(rawValue: 0x0040_0000)
    /// Set together with ``device``.
    public static let characterDevice = FileMode(rawValue: 0x0020_0000)
    public static let sticky = FileMode(rawValue: 0x0010_0000)
    public static let irregular = FileMode(rawValue: 0x0008_0000)

    /// The nine permission bits, as in POSIX.
    public var permissions: UInt32 { rawValue & 0o777 }

    public static func regular(permissions: UInt32) -> FileMode { FileMode(rawValue: permissions & 0o777) }
    public static func directory(permissions: UInt32) -> FileMode {
        [.directory, FileMode(rawValue: permissions & 0o777)]
    }

    public var isDirectory: Bool { contains(.directory) }
    public var isSymbolicLink: Bool { contains(.symbolicLink) }
    public var isRegular: Bool {
        isDisjoint(with: [
            .directory, .symbolicLink, .device, .namedPipe, .socket, .characterDevice, .irregular,
        ])
    }

    /// Converts a POSIX `st_mode`.
    public init(posix mode: UInt32) {
        var result = FileMode(rawValue: mode & 0o777)
        switch mode & 0o170000 {
        case 0o040000: result.insert(.directory)
        case 0o120000: result.insert(.symbolicLink)
        case 0o060000: result.insert(.device)
        case 0o020000: result.formUnion([.device, .characterDevice])
        case 0o010000: result.insert(.namedPipe)
        case 0o140000: result.insert(.socket)
        case 0o100000: break
        default: result.insert(.irregular)
        }
        if mode & 0o4000 != 0 { result.insert(.setUserID) }
        if mode & 0o2000 != 0 { result.insert(.setGroupID) }
        if mode & 0o1000 != 0 { result.insert(.sticky) }
        self = result
    }

    /// The POSIX permission bits with set-uid, set-gid and sticky, as `chmod` takes them.
    public var posixPermissions: UInt32 {
        permissions | (contains(.setUserID) ? 0o4000 : 0) | (contains(.setGroupID) ? 0o2000 : 0)
            | (contains(.sticky) ? 0o1000 : 0)
    }
}

/// An instant to the nanosecond.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Seconds since 1970-01-01T00:00:00Z; negative before.
    public var seconds: Int64
    /// 0 ..< 1,000,000,000, counted forwards from `seconds`.
    public var nanoseconds: UInt32

    public init(seconds: Int64, nanoseconds: UInt32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// From nanoseconds since 1970.
    public init(nanosecondsSince1970 value: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: 1_000_000_000)
        if remainder < 0 {
            self.init(seconds: quotient - 1, nanoseconds: UInt32(remainder + 1_000_000_000))
        } else {
            self.init(seconds: quotient, nanoseconds: UInt32(remainder))
        }
    }

    /// Nanoseconds since 1970, clamped to what 64 bits hold (years 1678 to 2262).
    public var nanosecondsSince1970: Int64 {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carry) = product.addingReportingOverflow(Int64(nanoseconds))
        return carry ? .max : sum
    }

    public static let epoch = Timestamp(seconds: 0)

    public static func < (a: Timestamp, b: Timestamp) -> Bool {
        (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds)
    }
}
