package import ConnectorKit
package import Kloset
internal import KlosetFormat

/// A snapshot, or a path in one, as a person names it: `ID`, `ID:PATH`, `latest`, `latest:PATH`, or `/PATH` in the newest
/// snapshot (plakar command line, section 9).
package struct SnapshotReference: Hashable, Sendable {
    /// nil for the newest snapshot; else the beginning of an identifier, in lower case.
    package let prefix: String?
    /// As typed: absolute, or relative to the directory that was backed up. nil for that directory.
    package let path: String?

    /// - Returns: nil when the text is none of the forms.
    package init?(_ text: String) {
        if text.hasPrefix("/") {
            self.init(prefix: nil, path: text)
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first?.lowercased() else { return nil }
        let isIdentifier = (1...64).contains(name.utf8.count) && name.allSatisfy { $0.isASCII && $0.isHexDigit }
        guard name == "latest" || isIdentifier else { return nil }
        self.init(
            prefix: name == "latest" ? nil : name, path: parts.count > 1 && !parts[1].isEmpty ? String(parts[1]) : nil)
    }

    private init(prefix: String?, path: String?) {
        self.prefix = prefix
        self.path = path
    }

    /// The newest snapshot as a whole.
    package static let latest = SnapshotReference(prefix: nil, path: nil)

    /// Where ``path`` is in a snapshot of the directory `root`.
    package func path(below root: BytePath) -> BytePath {
        guard let path else { return root }
        return path.hasPrefix("/") ? BytePath(path) : BytePath(cleaning: root.bytes + [UInt8(ascii: "/")] + path.utf8)
    }

    /// Finds the snapshot.
    ///
    /// - Throws: ``KlosetError`` with `.notFound` when there is none, `.ambiguous` when the prefix fits several.
    package func find(in repository: Repository) async throws -> Snapshot {
        if let prefix { return try await repository.snapshot(prefix: prefix) }
        let listing = try await repository.snapshots()
        guard let newest = listing.headers.first else {
            if let damaged = listing.unreadable.first {
                throw KlosetError(
                    .corrupt, "No snapshot can be read; \(damaged.snapshot.shortHex): \(damaged.error.reason)")
            }
            throw KlosetError(.notFound, "There is no snapshot in this store yet.")
        }
        return try await repository.snapshot(newest.identifier)
    }
}
