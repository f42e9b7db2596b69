package import ConnectorKit
package import KlosetFormat

/// Which snapshots a command is about (plakar command line, section 9). Different conditions must all hold.
package struct SnapshotFilter: Hashable, Sendable {
    /// Inclusive.
    package var before: Timestamp?
    /// Inclusive.
    package var since: Timestamp?
    package var name: String?
    package var category: String?
    package var environment: String?
    package var perimeter: String?
    package var job: String?
    package var dataset: String?
    /// All of them; `!TAG` excludes.
    package var tags: [String] = []
    /// Beginnings of identifiers, in lower case; any of them.
    package var identifiers: [String] = []
    /// Any of them.
    package var types: [String] = []
    /// Any of them.
    package var origins: [String] = []
    /// Any of them.
    package var dataClasses: [String] = []
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

    package func matches(_ header: SnapshotHeader) -> Bool {
        if let before, header.timestamp > before { return false }
        if let since, header.timestamp < since { return false }
        if !identifiers.isEmpty {
            let hex = header.identifier.hex
            guard identifiers.contains(where: { hex.hasPrefix($0) }) else { return false }
        }
        let equalities = [
            (name, header.name), (category, header.category), (environment, header.environment),
            (perimeter, header.perimeter), (job, header.job), (dataset, header.dataset ?? ""),
        ]
        for (wanted, found) in equalities {
            if let wanted, ByteString(wanted) != found { return false }
        }
        for tag in tags {
            let isExcluded = tag.hasPrefix("!")
            let name = ByteString(isExcluded ? String(tag.dropFirst()) : tag)
            if header.tags.contains(name) == isExcluded { return false }
        }
        if !dataClasses.isEmpty {
            let found = header.dataClasses ?? []
            guard dataClasses.contains(where: { found.contains(ByteString($0)) }) else { return false }
        }
        return matchesSource(header)
    }

    private func matchesSource(_ header: SnapshotHeader) -> Bool {
        guard !types.isEmpty || !origins.isEmpty || !roots.isEmpty else { return true }
        guard let importer = header.source?.importer else { return false }
        if !types.isEmpty, !types.contains(where: { importer.type == ByteString($0) }) { return false }
        if !origins.isEmpty, !origins.contains(where: { importer.origin == ByteString($0) }) { return false }
        return roots.allSatisfy { importer.directory == ByteString($0) }
    }
}
