package import ConnectorKit
import KlosetFormat
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A lock file of ours in the store, kept fresh until it is released (format, section 8.6).
///
/// Writers hold a shared lock; an exclusive one, for whatever removes packfiles, tolerates no other.
final class RepositoryLock: Sendable {
    let identifier: MAC
    private let repository: Repository
    private let isExclusive: Bool

    private struct Holding {
        var refreshedAt: Timestamp
        var refresher: Task<Void, Never>?
    }

    private let holding: Mutex<Holding>

    /// Takes a lock and begins to refresh it.
    ///
    /// - Throws: ``KlosetError/Code/locked`` when another lock is in the way; then there is none of ours.
    static func acquire(_ repository: Repository, _ identifier: MAC, isExclusive: Bool) async throws -> RepositoryLock {
        let lock = RepositoryLock(repository, identifier, isExclusive: isExclusive)
        try await lock.write()
        do {
            // Ours is written before the others are looked at, so that of two that come at once one sees the other.
            try await lock.checkOthers()
        } catch {
            try? await repository.store.delete(.lock, identifier)
            throw error
        }
        lock.startRefreshing()
        return lock
    }

    private init(_ repository: Repository, _ identifier: MAC, isExclusive: Bool) {
        self.repository = repository
        self.identifier = identifier
        self.isExclusive = isExclusive
        holding = Mutex(Holding(refreshedAt: repository.clock()))
    }

    deinit { holding.withLock { $0.refresher?.cancel() } }

    /// Checks, before something is published, that the lock was never so old that others may have ignored it: the
    /// machine may have slept, or the store been away.
    func checkHeld() throws(KlosetError) {
        let refreshedAt = holding.withLock { $0.refreshedAt }
        guard !lockMessage(at: refreshedAt).isStale(at: repository.clock()) else {
            throw KlosetError(
                .locked, "The lock on the store ran out, so that others may have changed it meanwhile.",
                advice: "Run the backup again.")
        }
    }

    /// Stops refreshing and removes the lock.
    func release() async throws {
        let refresher = holding.withLock { holding in
            defer { holding.refresher = nil }
            return holding.refresher
        }
        refresher?.cancel()
        // A refresh that is under way would write the file again.
        await refresher?.value
        try await repository.store.delete(.lock, identifier)
    }

    private func lockMessage(at time: Timestamp) -> Lock {
        Lock(timestamp: time, hostname: ByteString(Self.hostname()), isExclusive: isExclusive)
    }

    private func write() async throws {
        let now = repository.clock()
        let file = try repository.wrap(.lock, .v1_0_0, lockMessage(at: now).encoded())
        try await repository.store.put(.lock, identifier, file)
        holding.withLock { $0.refreshedAt = now }
    }

    private func startRefreshing() {
        let task = Task { [weak self] in
            while true {
                do { try await Task.sleep(for: Lock.refreshInterval) } catch { return }
                // One that could not be written is tried again in five minutes, and checkHeld() knows.
                do { try await self?.write() } catch {}
                if self == nil || Task.isCancelled { return }
            }
        }
        holding.withLock { $0.refresher = task }
    }

    private func checkOthers() async throws {
        for other in try await repository.store.list(.lock) where other != identifier {
            guard let lock = try await read(other) else { continue }
            if lock.isStale(at: repository.clock()) {
                try await repository.store.delete(.lock, other)
            } else if isExclusive || lock.isExclusive {
                throw KlosetError(
                    .locked,
                    "The store is locked \(lock.isExclusive ? "exclusively " : "")by \(printable(lock.hostname.bytes)).",
                    advice: "Wait until that is done; a lock that was left behind counts for nothing after ten minutes."
                )
            }
        }
    }

    /// - Returns: nil when the lock is gone by now.
    private func read(_ other: MAC) async throws -> Lock? {
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

    static func hostname() -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            buffer.initialize(repeating: 0)
            guard let name = buffer.baseAddress, gethostname(name, buffer.count - 1) == 0 else { return "" }
            return String(decoding: buffer.lazy.map { UInt8(bitPattern: $0) }.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

extension Repository {
    /// Leaves a lock behind as another process would, for tests.
    ///
    /// - Parameter age: seconds since it was last refreshed.
    package func plantLock(age: Int64, isExclusive: Bool) async throws -> MAC {
        var time = clock()
        time.seconds -= age
        let lock = Lock(timestamp: time, hostname: "elsewhere", isExclusive: isExclusive)
        let name = MAC.random()
        try await store.put(.lock, name, try wrap(.lock, .v1_0_0, lock.encoded()))
        return name
    }
}
