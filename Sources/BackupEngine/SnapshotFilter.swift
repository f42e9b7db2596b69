package import KlosetFormat

/// Which snapshots a command is about (plakar command line, section 9). Different conditions must all hold.
package struct SnapshotFilter: Hashable, Sendable {
    /// All of them; `!TAG` excludes.
    package var tags: [String] = []
    package var name: String?
    /// Any of them.
    package var types: [String] = []
    /// Any of them.
    package var origins: [String] = []
    /// All of them, so that at most one can hold with one source.
    package var roots: [String] = []
    package var latestOnly = false

    package init() {}

    package var isEmpty: Bool { self == SnapshotFilter() }

    /// - Parameter headers: newest first; the order is kept.
    package func apply(_ headers: [SnapshotHeader]) -> [SnapshotHeader] {
        let matching = headers.filter(matches)
        return latestOnly ? Array(matching.prefix(1)) : matching
    }

    private func matches(_ header: SnapshotHeader) -> Bool {
        for tag in tags {
            let isExcluded = tag.hasPrefix("!")
            let name = ByteString(isExcluded ? String(tag.dropFirst()) : tag)
            if header.tags.contains(name) == isExcluded { return false }
        }
        if let name, header.name != ByteString(name) { return false }
        guard !types.isEmpty || !origins.isEmpty || !roots.isEmpty else { return true }
        guard let importer = header.source?.importer else { return false }
        if !types.isEmpty, !types.contains(where: { importer.type == ByteString($0) }) { return false }
        if !origins.isEmpty, !origins.contains(where: { importer.origin == ByteString($0) }) { return false }
        return roots.allSatisfy { importer.directory == ByteString($0) }
    }
}
