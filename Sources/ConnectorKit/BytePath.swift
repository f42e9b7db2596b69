/// An absolute, `/`-separated path made of raw bytes, as a snapshot stores it.
///
/// Names in a snapshot are bytes: a file system may hold names that are not UTF-8, and Kloset
/// neither normalises nor rejects them (Kloset format, section 9.3). Paths compare bytewise.
public struct BytePath: Hashable, Sendable {
    /// The path, beginning with `/`, without a trailing `/` except for the root itself.
    public let bytes: [UInt8]

    /// The root, `/`.
    public static let root = BytePath(unchecked: [UInt8(ascii: "/")])

    private init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    /// Cleans any spelling of an absolute or relative path into an absolute one: empty components and
    /// `.` vanish, `..` removes the component before it and never climbs above the root.
    public init(cleaning raw: some Sequence<UInt8>) {
        var components: [[UInt8]] = []
        for part in Array(raw).split(separator: UInt8(ascii: "/")) {
            if part.elementsEqual(".".utf8) { continue }
            if part.elementsEqual("..".utf8) {
                components.removeLast(components.isEmpty ? 0 : 1)
                continue
            }
            components.append(Array(part))
        }
        self.init(components: components)
    }

    /// Cleans the UTF-8 bytes of `text`; see ``init(cleaning:)``.
    public init(_ text: String) { self.init(cleaning: text.utf8) }

    /// Accepts only a path that is already absolute and clean, as data from a store or a plug-in must be.
    ///
    /// - Returns: nil when the bytes are anything but their own cleaned form, or contain NUL.
    public init?(validating bytes: [UInt8]) {
        guard bytes.first == UInt8(ascii: "/") else { return nil }
        var start = 1
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "/")) ?? bytes.count
            guard BytePath.isValidName(bytes[start..<end]) else { return nil }
            start = end + 1
            // A slash at the end, which no clean path but the root has.
            if start == bytes.count { return nil }
        }
        self.init(unchecked: bytes)
    }

    private init(components: [[UInt8]]) {
        guard !components.isEmpty else {
            self = .root
            return
        }
        var bytes: [UInt8] = []
        for component in components {
            bytes.append(UInt8(ascii: "/"))
            bytes.append(contentsOf: component)
        }
        self.init(unchecked: bytes)
    }

    public var isRoot: Bool { bytes.count == 1 }

    /// The last component; `/` for the root, as a snapshot names it.
    public var name: [UInt8] {
        guard !isRoot, let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return bytes }
        return Array(bytes[(slash + 1)...])
    }

    /// The directory that holds this path; nil for the root.
    public var parent: BytePath? {
        guard !isRoot, let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        return slash == 0 ? .root : BytePath(unchecked: Array(bytes[..<slash]))
    }

    /// The components from the root downwards; empty for the root.
    public var components: [[UInt8]] {
        bytes.split(separator: UInt8(ascii: "/")).map(Array.init)
    }

    /// The number of components; 0 for the root.
    public var depth: Int { isRoot ? 0 : bytes.count { $0 == UInt8(ascii: "/") } }

    /// The path of a direct child.
    ///
    /// - Returns: nil when `name` is empty, `.`, `..`, or contains `/` or NUL.
    public func appending(_ name: some Sequence<UInt8>) -> BytePath? {
        let name = Array(name)
        guard BytePath.isValidName(name) else { return nil }
        return BytePath(unchecked: (isRoot ? [] : bytes) + [UInt8(ascii: "/")] + name)
    }

    /// The path of a direct child, see ``appending(_:)-(Sequence)``.
    public func appending(_ name: String) -> BytePath? { appending(name.utf8) }

    /// Whether this path is `directory` or lies below it.
    public func isWithin(_ directory: BytePath) -> Bool {
        if directory.isRoot || self == directory { return true }
        return bytes.count > directory.bytes.count
            && bytes[directory.bytes.count] == UInt8(ascii: "/")
            && bytes.starts(with: directory.bytes)
    }

    /// This path as seen from `directory`: `/calendars/work` within `/calendars` is `/work`.
    ///
    /// - Returns: nil when the path does not lie within `directory`.
    public func relative(to directory: BytePath) -> BytePath? {
        guard isWithin(directory) else { return nil }
        if directory.isRoot { return self }
        let rest = bytes[directory.bytes.count...]
        return rest.isEmpty ? .root : BytePath(unchecked: Array(rest))
    }

    /// This path moved below `directory`: `/work` joined to `/calendars` is `/calendars/work`.
    public func joined(to directory: BytePath) -> BytePath {
        if directory.isRoot { return self }
        return isRoot ? directory : BytePath(unchecked: directory.bytes + bytes)
    }

    /// Whether `name` can be one component of a path.
    public static func isValidName(_ name: [UInt8]) -> Bool { isValidName(name[...]) }

    private static func isValidName(_ name: ArraySlice<UInt8>) -> Bool {
        switch name.count {
        case 0: return false
        case 1 where name.first == UInt8(ascii: "."): return false
        case 2 where name.elementsEqual("..".utf8): return false
        default: return !name.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
        }
    }
}

extension BytePath: Comparable {
    public static func < (a: BytePath, b: BytePath) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
}

extension BytePath: CustomStringConvertible, ExpressibleByStringLiteral {
    /// The path for people: bytes that are not UTF-8 are replaced, control characters escaped.
    public var description: String { printable(bytes) }

    public init(stringLiteral value: String) { self.init(value) }
}

/// Bytes from outside as text that is safe to print: invalid UTF-8 is replaced and control characters,
/// which could drive a terminal, are written as `\u{..}`.
public func printable(_ bytes: some Collection<UInt8>) -> String {
    // Nearly all names are as they are to be printed.
    if bytes.allSatisfy({ (0x20..<0x7F).contains($0) }) { return String(decoding: bytes, as: UTF8.self) }
    var text = ""
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
        if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) {
            text += "\\u{\(String(scalar.value, radix: 16))}"
        } else {
            text.unicodeScalars.append(scalar)
        }
    }
    return text
}
