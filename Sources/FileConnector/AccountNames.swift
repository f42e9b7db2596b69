#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// Names of users and groups, each looked up once: a look-up may ask a directory server.
struct AccountNames {
    private var users: [UInt32: [UInt8]] = [:]
    private var groups: [UInt32: [UInt8]] = [:]

    /// The name of a user; empty when there is none.
    mutating func user(_ id: UInt32) -> [UInt8] {
        if let known = users[id] { return known }
        let name = Self.lookUp { buffer, size in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            let result = getpwuid_r(id, &entry, buffer, size, &found)
            return (result, found == nil ? nil : entry.pw_name)
        }
        users[id] = name
        return name
    }

    /// The name of a group; empty when there is none.
    mutating func group(_ id: UInt32) -> [UInt8] {
        if let known = groups[id] { return known }
        let name = Self.lookUp { buffer, size in
            var entry = GroupEntry()
            var found: UnsafeMutablePointer<GroupEntry>?
            let result = getgrgid_r(id, &entry, buffer, size, &found)
            return (result, found == nil ? nil : entry.gr_name)
        }
        groups[id] = name
        return name
    }

    /// A group may have so many members that its entry needs a larger buffer.
    private static func lookUp(
        _ call: (UnsafeMutablePointer<CChar>, Int) -> (result: Int32, name: UnsafeMutablePointer<CChar>?)
    ) -> [UInt8] {
        var capacity = 4096
        while capacity <= 1 << 20 {
            var buffer = [CChar](repeating: 0, count: capacity)
            let (result, name) = buffer.withUnsafeMutableBufferPointer { buffer -> (Int32, [UInt8]?) in
                guard let base = buffer.baseAddress else { return (EINVAL, nil) }
                let (result, name) = call(base, buffer.count)
                return (result, name.map { Array(String(cString: $0).utf8) })
            }
            if result != ERANGE { return result == 0 ? name ?? [] : [] }
            capacity *= 4
        }
        return []
    }
}

private typealias GroupEntry = group
