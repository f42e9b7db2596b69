package import ConnectorKit
import KlosetFormat
import Synchronization

/// A lock file of ours in the store, kept fresh until it is released (format, section 8.6).
///
/// Writers hold a shared lock; an exclusive one, for whatever removes packfiles, tolerates no other. In a store that
/// is used without locks (``Repository/workWithoutLocks()``) it does nothing.
final class RepositoryLock: Sendable {
    let identifier: MAC
    private let repository: Repository
    private let isExclusive: Bool
    /// The names of the packfiles that are written under this lock.
    let packfileNames: PackfileNames
    private let holder: LockHolder

    private struct Holding {
        var refreshedAt: Timestamp
        var refresher: Task<Void, Never>?
        /// Somebody may have taken the lock for abandoned meanwhile. There is no way back from that.
        var isLost = false
        var staleLocksRemoved = 0
    }

    private let holding: Mutex<Holding>

    /// Takes a lock and begins to refresh it.
    ///
    /// - Throws: ``KlosetError/Code/locked`` when another lock is in the way; then there is none of ours.
    static func acquire(_ repository: Repository, _ identifier: MAC, isExclusive: Bool) async throws -> RepositoryLock {
        let lock = RepositoryLock(repository, identifier, isExclusive: isExclusive)
        guard !repository.isLockless else { return lock }
        do {
            // A copy of the same snapshot that was cut off has a lock of the same name.
            let previous = try? await read(identifier, repository).map { LockHolder($0) }
            try await lock.write()
            // Ours is written before the others are looked at, so that of two that come at once one sees the other.
            try await lock.clearAway(lock.checkOthers(), previous)
        } catch {
            try? await lock.remove()
            throw error
        }
        lock.startRefreshing()
        return lock
    }

    /// Whether somebody who is alive holds the lock of this name.
    static func isTaken(_ identifier: MAC, _ repository: Repository) async throws -> Bool {
        guard let lock = try await read(identifier, repository) else { return false }
        return !lock.isStale(at: repository.clock()) && !LockHolder(lock).isGone
    }

    private init(_ repository: Repository, _ identifier: MAC, isExclusive: Bool) {
        self.repository = repository
        self.identifier = identifier
        self.isExclusive = isExclusive
        let token = MAC.random().hex.prefix(32)
        packfileNames = PackfileNames(repository.keys, token: String(token))
        holder = LockHolder(host: LockHolder.current.host, process: LockHolder.current.process, token: String(token))
        holding = Mutex(Holding(refreshedAt: repository.clock()))
    }

    deinit { holding.withLock { $0.refresher?.cancel() } }

    /// Locks of others that were stale and have been removed when this one was taken.
    var staleLocksRemoved: Int { holding.withLock { $0.staleLocksRemoved } }

    /// Checks, before something is published or removed, that the lock was never so old that others may have ignored
    /// it, and that nobody removed it: the machine may have slept, or the store been away.
    func checkHeld() async throws {
        guard !repository.isLockless else { return }
        let lost = KlosetError(
            .locked,
            "The store is not locked for this any more: the lock ran out, or somebody copied the same snapshot meanwhile.",
            advice: "Run the command again; nothing was published.")
        noteAge()
        guard !holding.withLock({ $0.isLost }) else { throw lost }
        guard try await read(identifier) != nil else {
            holding.withLock { $0.isLost = true }
            throw lost
        }
    }

    /// Stops refreshing and removes the lock, also when the task was cancelled.
    func release() async throws {
        let refresher = holding.withLock { holding in
            defer { holding.refresher = nil }
            return holding.refresher
        }
        refresher?.cancel()
        // A refresh that is under way would write the file again.
        await refresher?.value
        try await remove()
    }

    /// Runs `body` and releases the lock after it, whatever comes of it.
    func hold<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        do {
            let result = try await body()
            // What was done is done; a lock that stays behind for its ten minutes does not undo it.
            try? await release()
            return result
        } catch {
            try? await release()
            throw error
        }
    }

    private func remove() async throws {
        guard !repository.isLockless else { return }
        // A task of its own: in a cancelled one the connection to a store may refuse to work.
        try await Task { [store = repository.store, identifier] in try await store.delete(.lock, identifier) }.value
    }

    private func lockMessage(at time: Timestamp) -> Lock {
        Lock(timestamp: time, hostname: ByteString(holder.text), isExclusive: isExclusive)
    }

    private func write() async throws {
        let now = repository.clock()
        let file = try repository.wrap(.lock, .v1_0_0, lockMessage(at: now).encoded())
        try await repository.store.put(.lock, identifier, file)
        holding.withLock { $0.refreshedAt = now }
    }

    private func noteAge() {
        let now = repository.clock()
        holding.withLock { holding in
            if lockMessage(at: holding.refreshedAt).isStale(at: now) { holding.isLost = true }
        }
    }

    // MARK: Refreshing

    /// After a refresh that failed.
    private static let retryInterval = Duration.seconds(30)

    private func startRefreshing() {
        let task = Task { [weak self] in
            var pause = Lock.refreshInterval
            while true {
                do { try await Task.sleep(for: pause) } catch { return }
                guard let lock = self, !Task.isCancelled else { return }
                // One that cannot be written is tried again soon; once it is too old, checkHeld() stops the writer.
                pause = await lock.refresh() ? Lock.refreshInterval : Self.retryInterval
            }
        }
        holding.withLock { $0.refresher = task }
    }

    /// - Returns: false when it has to be tried again.
    private func refresh() async -> Bool {
        noteAge()
        guard !holding.withLock({ $0.isLost }) else { return true }
        do {
            // One that was removed by somebody must not come back.
            guard try await read(identifier) != nil else {
                holding.withLock { $0.isLost = true }
                return true
            }
            try await write()
            return true
        } catch {
            return false
        }
    }

    // MARK: Others

    /// - Returns: the locks that count for nothing.
    private func checkOthers() async throws -> [(name: MAC, holder: LockHolder)] {
        var result: [(name: MAC, holder: LockHolder)] = []
        for other in try await repository.store.list(.lock) where other != identifier {
            guard let lock = try await read(other) else { continue }
            let holder = LockHolder(lock)
            if lock.isStale(at: repository.clock()) || holder.isGone {
                result.append((other, holder))
            } else if isExclusive || lock.isExclusive {
                throw KlosetError(
                    .locked,
                    "The store is locked \(lock.isExclusive ? "exclusively " : "")by \(holder.name).",
                    advice: "Wait until that is done; a lock that was left behind counts for nothing after ten minutes."
                )
            }
        }
        return result
    }

    /// Removes locks that count for nothing, and before them what their holders left.
    private func clearAway(_ others: [(name: MAC, holder: LockHolder)], _ previous: LockHolder?) async throws {
        let gone = (others.map(\.holder) + [previous].compactMap(\.self)).filter(\.isGone)
        try await repository.removePackfiles(ofWriters: gone.compactMap(\.token))
        for other in others {
            try await repository.store.delete(.lock, other.name)
            holding.withLock { $0.staleLocksRemoved += 1 }
        }
    }

    private func read(_ other: MAC) async throws -> Lock? { try await Self.read(other, repository) }

    /// - Returns: nil when the lock is gone by now.
    private static func read(_ other: MAC, _ repository: Repository) async throws -> Lock? {
        let place = "lock \(other)"
        do {
            return try Lock(decoding: try await repository.readWrapped(.lock, other, .lock, place).payload)
        } catch let error as KlosetError where error.code == .notFound {
            return nil
        } catch let error as KlosetError {
            throw KlosetError(
                .locked, "\(error.reason), so nobody can tell who holds it.",
                advice: "When no other program works on the store, remove locks/\(other).")
        } catch let error as FormatError {
            throw KlosetError(error, in: place)
        }
    }
}

extension LockHolder {
    init(_ lock: Lock) { self.init(parsing: printable(lock.hostname.bytes)) }
}

extension Repository {
    /// Leaves a lock behind as another process would, for tests.
    ///
    /// - Parameters:
    ///   - age: seconds since it was last refreshed.
    ///   - holder: the text that says who holds it.
    package func plantLock(age: Int64, isExclusive: Bool, holder: String = "elsewhere") async throws -> MAC {
        var time = clock()
        time.seconds -= age
        let lock = Lock(timestamp: time, hostname: ByteString(holder), isExclusive: isExclusive)
        let name = MAC.random()
        try await store.put(.lock, name, try wrap(.lock, .v1_0_0, lock.encoded()))
        return name
    }

    /// How a writer calls its packfiles whose lock has this token, for tests.
    package func packfileName(_ number: Int, token: String) -> MAC { PackfileNames(keys, token: token).name(number) }

    /// What this process writes into its locks, for tests.
    package static var lockHolder: String { LockHolder.current.text }
}
