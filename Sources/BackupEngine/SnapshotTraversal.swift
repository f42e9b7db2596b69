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
        try await visit(path, first)
        // The directories on the way to where the walk is; each holds only its place in its own listing.
        var open: [(path: BytePath, cursor: DirectoryCursor)] = []
        if first.isDirectory, let cursor = try await enter(path, damaged) { open.append((path, cursor)) }
        while let directory = open.last {
            try Task.checkCancellation()
            guard let child = try await next(&open[open.count - 1].cursor, directory.path, damaged) else {
                open.removeLast()
                continue
            }
            guard let childPath = directory.path.appending(child.name) else { continue }
            try await visit(childPath, child)
            guard child.isDirectory else { continue }
            guard open.count < Self.maximumDepth else {
                try await damaged(
                    childPath, KlosetError(.limitExceeded, "It lies more than \(open.count) folders deep."))
                continue
            }
            if let cursor = try await enter(childPath, damaged) { open.append((childPath, cursor)) }
        }
    }

    /// No file system has paths that go deeper.
    private static let maximumDepth = 10_000

    private func enter(
        _ path: BytePath, _ damaged: (BytePath, KlosetError) async throws -> Void
    ) async throws -> DirectoryCursor? {
        do {
            return try await snapshot.cursor(of: path)
        } catch let error as KlosetError {
            try await damaged(path, error)
            return nil
        }
    }

    private func next(
        _ cursor: inout DirectoryCursor, _ path: BytePath, _ damaged: (BytePath, KlosetError) async throws -> Void
    ) async throws -> Entry? {
        do {
            return try await cursor.next()
        } catch let error as KlosetError {
            try await damaged(path, error)
            return nil
        }
    }
}
