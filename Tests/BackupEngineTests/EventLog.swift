import BackupEngine
import ConnectorKit
import Foundation
import Kloset
import Synchronization

/// What a job told.
final class EventLog: Sendable {
    private let log = Mutex<[JobEvent]>([])

    var events: [JobEvent] { log.withLock { $0 } }

    func report(_ event: JobEvent) { log.withLock { $0.append(event) } }

    var failedPaths: [BytePath] {
        events.compactMap { event in
            guard case .entry(let entry) = event, case .failed = entry.outcome else { return nil }
            return entry.path
        }
    }

    var unchangedPaths: [BytePath] {
        events.compactMap { event in
            guard case .entry(let entry) = event, case .unchanged = entry.outcome else { return nil }
            return entry.path
        }.sorted()
    }
}

/// A plaintext store in a folder that goes away with it.
final class TemporaryStore: Sendable {
    let path: String
    let repository: Repository

    init() async throws {
        path = FileManager.default.temporaryDirectory.appending(path: "fasti-engine-\(UUID().uuidString)").path
        repository = try await Repository.create(in: FileSystemStore(path: path), passphrase: nil)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Backs up in-memory files, which must succeed.
    @discardableResult
    func backUp(_ files: [BytePath: FakeImporter.File], root: BytePath = .root) async throws -> BackupSummary {
        try await BackupJob(repository: repository, importer: FakeImporter(files, root: root)).run { _ in }
    }

    /// How many locks there are.
    func locks() async throws -> Int { try await repository.store.list(.lock).count }
}
