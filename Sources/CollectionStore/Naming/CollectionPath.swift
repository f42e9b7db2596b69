/// Where something is below the data directory: the decoded segments of a URL path.
///
/// Every segment has passed `NameRules`, so that a path can never leave the data directory nor enter `.git`.
package struct CollectionPath: Sendable {
    /// `/user/calendars/work`; `/` for the root. No trailing slash.
    package let string: String

    package static let root = CollectionPath(unchecked: "/")

    private init(unchecked string: String) { self.string = string }

    /// From percent-decoded segments. Throws `.invalidName`.
    package init(segments: some Sequence<String>) throws(CollectionStoreError) {
        var string = ""
        var count = 0
        for segment in segments {
            try NameRules.check(segment)
            count += 1
            string += "/" + segment
        }
        guard count <= Self.maximumDepth, string.utf8.count <= Self.maximumByteCount else {
            throw CollectionStoreError(.invalidName, "The path is deeper or longer than any collection can be.")
        }
        self.string = string.isEmpty ? "/" : string
    }

    /// From a decoded path such as `/user/calendars/work/`; empty segments are left out. Throws `.invalidName`.
    package init(_ path: String) throws(CollectionStoreError) {
        try self.init(segments: path.split(separator: "/").map(String.init))
    }

    package static let maximumDepth = 32
    package static let maximumByteCount = 2048

    package var segments: [String] { string.split(separator: "/").map(String.init) }
    package var isRoot: Bool { string == "/" }
    /// The last segment; empty for the root.
    package var name: String {
        string.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(string[string.utf8.index(after: $0)...]) } ?? ""
    }

    /// nil for the root.
    package var parent: CollectionPath? {
        guard !isRoot, let slash = string.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        return slash == string.startIndex ? .root : CollectionPath(unchecked: String(string[..<slash]))
    }

    package func appending(_ segment: String) throws(CollectionStoreError) -> CollectionPath {
        try CollectionPath(segments: segments + [segment])
    }

    package func appending(_ member: MemberName) -> CollectionPath {
        CollectionPath(unchecked: isRoot ? "/" + member.string : string + "/" + member.string)
    }

    /// Whether this is `other` or below it.
    package func isWithin(_ other: CollectionPath) -> Bool {
        other.isRoot || self == other || string.utf8.starts(with: (other.string + "/").utf8)
    }
}

extension CollectionPath: Hashable {
    package static func == (a: CollectionPath, b: CollectionPath) -> Bool {
        a.string.utf8.elementsEqual(b.string.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for byte in string.utf8 { hasher.combine(byte) }
    }
}

extension CollectionPath: CustomStringConvertible {
    package var description: String { string }
}
