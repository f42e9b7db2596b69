package import ConnectorKit
package import Kloset
package import KlosetFormat

/// A walk through a part of a snapshot that goes on after damage: a directory that cannot be listed is reported, and
/// everything beside it is still visited.
package struct SnapshotTraversal: Sendable {
    package let snapshot: Snapshot

    package init(_ snapshot: Snapshot) { self.snapshot = snapshot }

    /// Visits each directory before its contents, the children of a directory in bytewise order of their names.
    ///
    /// - Parameters:
    ///   - visit: called for every entry, also for that at `path`.
    ///   - damaged: called for every directory whose contents cannot be listed.
    /// - Throws: ``KlosetError`` with `.notFound` when there is nothing at `path`; whatever `visit` throws.
    package func run(
        from path: BytePath, visit: (BytePath, Entry) async throws -> Void,
        damaged: (BytePath, KlosetError) async throws -> Void
    ) async throws {
        guard let first = try await snapshot.entry(at: path) else {
            throw KlosetError(.notFound, "There is no \(path) in snapshot \(snapshot.header.identifier.shortHex).")
        }
        // The next entry to visit is the last one.
        var waiting: [(path: BytePath, entry: Entry)] = [(path, first)]
        while let (path, entry) = waiting.popLast() {
            try Task.checkCancellation()
            try await visit(path, entry)
            guard entry.isDirectory else { continue }
            do {
                for child in try await snapshot.children(of: path).reversed() {
                    if let childPath = path.appending(child.name) { waiting.append((childPath, child)) }
                }
            } catch let error as KlosetError {
                try await damaged(path, error)
            }
        }
    }
}
