package import ConnectorKit
package import Kloset
internal import KlosetFormat

/// Reads what a restore has written, and compares every file with the snapshot.
package struct RestoreVerification: Sendable {
    package let snapshot: Snapshot
    /// The directory, or the file, that was restored.
    package let path: BytePath
    /// The destination, as a source.
    package let importer: any Importer

    package init(snapshot: Snapshot, path: BytePath, importer: any Importer) {
        self.snapshot = snapshot
        self.path = path
        self.importer = importer
    }

    package struct Summary: Sendable {
        /// Files that are as in the snapshot.
        package var files = 0
        package var failures = JobFailures()
    }

    /// - Throws: when the snapshot has nothing at the path, or the task was cancelled.
    package func run() async throws -> Summary {
        guard let first = try await snapshot.entry(at: path) else {
            throw KlosetError(.notFound, "There is no \(path) in snapshot \(snapshot.header.identifier.shortHex).")
        }
        let base = first.isDirectory ? path : path.parent ?? .root
        var summary = Summary()
        try await SnapshotTraversal(snapshot).run(from: path) { path, entry in
            guard entry.info.mode.isRegular, let relative = path.relative(to: base) else { return }
            do {
                let record = Record(
                    path: relative.joined(to: importer.identity.root), info: nil, content: .onDemand)
                if try await isSame(record, entry) {
                    summary.files += 1
                } else {
                    summary.failures.append(path, "It differs from the snapshot.")
                }
            } catch let error as CancellationError {
                throw error
            } catch {
                summary.failures.append(path, (error as? ConnectorError)?.reason ?? "\(error)")
            }
        } damaged: { path, error in
            summary.failures.append(path, error.reason)
        }
        return summary
    }

    private func isSame(_ record: Record, _ entry: Entry) async throws -> Bool {
        let live = try await importer.open(record)
        do {
            let stored = try snapshot.reader(for: entry)
            let isSame = try await LiveComparison.isSame(live, stored)
            await live.close()
            await stored.close()
            return isSame
        } catch {
            await live.close()
            throw error
        }
    }
}
