package import ConnectorKit
package import Kloset
package import KlosetFormat

/// Puts snapshots of sources, and those of other repositories, into one archive file.
package struct PtarJob: Sendable {
    private let writer: PtarWriter
    package let repository: Repository

    /// Begins an archive. There is no file until ``finish(replacing:)``.
    package init(path: String, options: RepositoryOptions, passphrase: [UInt8]?) async throws {
        writer = PtarWriter(path: path)
        do {
            repository = try await writer.create(options, passphrase: passphrase)
        } catch {
            await writer.close()
            throw error
        }
    }

    /// Makes a snapshot of a source.
    package func add(
        _ importer: any Importer, _ options: BackupOptions, _ report: @escaping JobReport
    ) async throws -> BackupSummary {
        try await BackupJob(repository: repository, importer: importer, options: options).run(report)
    }

    /// Copies snapshots of another repository.
    ///
    /// - Parameter headers: which, newest first; nil for all that can be read.
    package func add(
        _ other: Repository, only headers: [SnapshotHeader]? = nil, concurrency: Int, _ report: @escaping JobReport
    ) async throws -> SyncJob.Summary {
        let listing = try await other.snapshots()
        let job = try SyncJob(
            from: other, to: repository, concurrency: concurrency, usesCommonSnapshots: false)
        var summary = try await job.run(headers ?? listing.headers, insists: true, report)
        for (snapshot, error) in listing.unreadable {
            summary.failures.append(SyncJob.Summary.Failure(snapshot: snapshot, reason: error.reason))
            report(.incomplete("\(snapshot.shortHex): not copied: \(error.reason)"))
        }
        return summary
    }

    package func finish(replacing: Bool) async throws { try await writer.finish(replacing: replacing) }

    /// Gives up; nothing stays behind. Does nothing after ``finish(replacing:)``.
    package func close() async { await writer.close() }
}
