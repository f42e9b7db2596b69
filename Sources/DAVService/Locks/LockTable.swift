import CollectionStore
import FoundationEssentials
import HTTPTypes
import Synchronization
import WebDAV
import XMLStream

/// All locks of the server. They live in memory: a restart ends them, as RFC 4918, 6.6 lets a server do, and clients lock
/// again.
final class LockTable: Sendable {
    /// What a request is about to do with a path; decides which locks stand in its way (RFC 4918, 7).
    enum Change: Sendable {
        /// Its content or its properties.
        case content
        /// It comes into being, or goes: a change of the collection around it too.
        case binding
        /// The same with all that is below.
        case tree
    }

    private let locks = Mutex<[ActiveLock]>([])
    private let isInUse = Atomic<Bool>(false)

    /// The longest time a lock is given, in seconds; clients refresh.
    static let longestTimeout = 7 * 86_400
    static let usualTimeout = 3_600
    private static let maximumCount = 10_000

    static var now: Int64 { Int64(Date().timeIntervalSince1970) }

    private func current() -> [ActiveLock] {
        // Most servers never see a lock.
        guard isInUse.load(ordering: .acquiring) else { return [] }
        let now = Self.now
        return locks.withLock { locks in
            locks.removeAll { $0.expires <= now }
            if locks.isEmpty { isInUse.store(false, ordering: .releasing) }
            return locks
        }
    }

    /// Whether there is certainly none.
    var isEmpty: Bool { !isInUse.load(ordering: .acquiring) }

    /// Locks that hold for a path, its own and those of collections above.
    func covering(_ path: CollectionPath) -> [ActiveLock] { current().filter { $0.covers(path) } }

    /// Locks that stand in the way of a change.
    func guarding(_ path: CollectionPath, _ change: Change) -> [ActiveLock] {
        current().filter { lock in
            if lock.covers(path) { return true }
            switch change {
            case .content: return false
            case .binding: return lock.root == path.parent
            case .tree: return lock.root == path.parent || lock.root.isWithin(path)
            }
        }
    }

    /// Takes a lock.
    /// - Returns: the locks that are in its way, when there are any; nothing has changed then.
    /// - Throws: 507 when there are too many.
    func add(_ lock: ActiveLock) throws(DAVError) -> [ActiveLock] {
        let now = Self.now
        let result: Result<[ActiveLock], DAVError> = locks.withLock { locks in
            locks.removeAll { $0.expires <= now }
            let conflicts = locks.filter { other in
                guard lock.scope == .exclusive || other.scope == .exclusive else { return false }
                return other.covers(lock.root) || (lock.isDeep && other.root.isWithin(lock.root))
            }
            guard conflicts.isEmpty else { return .success(conflicts) }
            guard locks.count < Self.maximumCount else {
                return .failure(DAVError(.insufficientStorage, "This server has \(Self.maximumCount) locks already."))
            }
            locks.append(lock)
            isInUse.store(true, ordering: .releasing)
            return .success([])
        }
        return try result.get()
    }

    /// Gives a lock more time.
    func refresh(_ token: String, timeout: Int) -> ActiveLock? {
        let now = Self.now
        return locks.withLock { locks in
            guard let index = locks.firstIndex(where: { $0.token == token && $0.expires > now }) else { return nil }
            locks[index].timeout = timeout
            locks[index].expires = now + Int64(timeout)
            return locks[index]
        }
    }

    func remove(_ token: String) { locks.withLock { $0.removeAll { $0.token == token } } }

    /// Locks end with what they were on.
    func remove(within path: CollectionPath) { locks.withLock { $0.removeAll { $0.root.isWithin(path) } } }
}
