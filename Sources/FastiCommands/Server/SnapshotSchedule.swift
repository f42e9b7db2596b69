internal import Accounts
internal import BackupEngine
internal import CollectionStore
internal import ConnectorKit
internal import DAVConnector
internal import DAVService
internal import Kloset
internal import ServiceLifecycle

/// Keeps snapshots of what a server serves, while it serves: at the start, when something has changed, at the end.
struct SnapshotSchedule: Service {
    private let repository: Repository
    private let interval: Interval
    private let service: DAVService
    private let routePrefix: String
    private let storage: GitCollectionStorage
    /// nil when there is one user only, who has no name.
    private let usersFile: String?
    private let context: CommandContext

    /// Opens the store, or creates it.
    init(
        store location: String, interval: Interval, service: DAVService, routePrefix: String,
        storage: GitCollectionStorage,
        usersFile: String?, context: CommandContext
    ) async throws {
        self.interval = interval
        self.service = service
        self.routePrefix = routePrefix
        self.storage = storage
        self.usersFile = usersFile
        self.context = context
        repository = try await Self.open(location, context)
    }

    private static func open(_ text: String, _ context: CommandContext) async throws -> Repository {
        let store = try await context.registry.store(
            ConnectorConfiguration(location: Location(text), workingDirectory: context.workingDirectory))
        let passphrase = (context.environment["FASTI_PASSPHRASE"] ?? context.environment["PLAKAR_PASSPHRASE"])
            .flatMap { $0.isEmpty ? nil : Array($0.utf8) }
        let locked: LockedRepository
        do {
            locked = try await LockedRepository.read(store)
        } catch  where isMissing(error) {
            context.note(
                passphrase == nil
                    ? "Creating the store \(text), not encrypted: set FASTI_PASSPHRASE before the first start for an "
                        + "encrypted one."
                    : "Creating the encrypted store \(text). Without its passphrase nothing in it can be read.")
            return try await Repository.create(in: store, RepositoryOptions(), passphrase: passphrase)
        }
        return try await locked.unlock(passphrase: passphrase)
    }

    private static func isMissing(_ error: any Error) -> Bool {
        (error as? KlosetError)?.code == .notFound || (error as? ConnectorError)?.code == .notFound
    }

    func run() async throws {
        var last: String?
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            last = await snapshotIfChanged(since: last)
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(interval.seconds)) }
        }
        _ = await snapshotIfChanged(since: last)
        await repository.close()
    }

    /// - Returns: what tells whether something has changed since; the old one when the snapshot failed.
    private func snapshotIfChanged(since last: String?) async -> String? {
        do {
            let state = try await state(of: CollectionPath.root)
            guard state != last else { return last }
            for user in try users() { try await snapshot(of: user) }
            return state
        } catch {
            // The server goes on: people need their calendars more than this snapshot, and the next one is tried.
            context.warn("No snapshot was made: \(error)")
            return last
        }
    }

    private func users() throws -> [String?] {
        guard let usersFile else { return [nil] }
        return try UsersFile.load(usersFile).names
    }

    private func snapshot(of user: String?) async throws {
        let settings = try DAVSettings(
            ConnectorConfiguration(
                location: Location("dav+http://localhost\(routePrefix)"),
                options: user.map { ["username": $0, "password": "unused"] } ?? [:]), role: .source)
        let importer = try DAVImporter(settings, transport: EmbeddedTransport(service: service, user: user))
        var options = BackupOptions()
        options.name = user ?? "default"
        options.context = context.recordedContext
        let summary = try await BackupJob(repository: repository, importer: importer, options: options).run { event in
            if case .incomplete(let text) = event { context.warn("The snapshot is incomplete: \(text)") }
        }
        await importer.close()
        guard summary.isComplete || summary.failures.isEmpty else {
            context.warn(
                "\(summary.failures.count) objects are missing from snapshot \(summary.header.identifier.hex.prefix(8))."
            )
            return
        }
    }

    /// Paths and versions of all collections.
    private func state(of path: CollectionPath) async throws -> String {
        var result = ""
        if case .collection(let view) = try await storage.node(at: path) { result += "\(path) \(view.syncToken)\n" }
        for name in try await storage.children(of: path) {
            result += try await state(of: path.appending(name))
        }
        return result
    }
}
