public import ConnectorKit
public import KlosetFormat
import Synchronization

/// An open Kloset repository: reads blobs, snapshots and states, and makes the writers that add to them.
///
/// Safe to use from several tasks. Other processes may write to the same store at any time; what they published is
/// seen after ``refresh()``, which ``snapshots()`` and ``writer(_:parent:)`` do by themselves.
public final class Repository: Sendable {
    public let store: any Store
    public let configuration: StoreConfiguration
    let keys: RepositoryKeys
    /// The time that locks and records carry; tests set it.
    let clock: @Sendable () -> Timestamp

    /// Locations in one state; what a snapshot has beyond that goes into states before its own.
    let locationsPerState: Int

    private let cache: RepositoryCache?

    private struct Memory {
        var aggregate = StateAggregate()
        /// Locations that the cache has; nil before it was looked at.
        var cachedLocations: Int?
        /// States that were taken from the cache, not from the store.
        var hasCachedStates = false
        var damagedStates: [MAC: KlosetError] = [:]
        var nodes = NodeCache(capacity: 16 << 20)
        var headers: [MAC: SnapshotHeader] = [:]
    }

    private let memory = Mutex(Memory())
    /// Parts of packfiles, shared by all readers.
    let windows = PackfileWindows()
    private let lockless = Atomic<Bool>(false)

    init(
        store: any Store, configuration: StoreConfiguration, keys: RepositoryKeys,
        clock: @escaping @Sendable () -> Timestamp = Timestamp.now, locationsPerState: Int = 200_000,
        cache: RepositoryCache? = nil
    ) {
        self.store = store
        self.configuration = configuration
        self.keys = keys
        self.clock = clock
        self.locationsPerState = locationsPerState
        self.cache = cache
    }

    /// The same repository with another clock or smaller states, for tests.
    package func with(
        clock: (@Sendable () -> Timestamp)? = nil, locationsPerState: Int? = nil
    ) async throws -> Repository {
        let repository = Repository(
            store: store, configuration: configuration, keys: keys, clock: clock ?? self.clock,
            locationsPerState: locationsPerState ?? self.locationsPerState)
        try await repository.refresh()
        return repository
    }

    public var identifier: RepositoryID { configuration.repositoryID }

    public var isEncrypted: Bool { configuration.encryption != nil }

    /// From now on no locks are taken and none are looked at, for stores where locks cannot be deleted. Whoever asks for
    /// this sees to it that nobody maintains the store while others write to it.
    public func workWithoutLocks() { lockless.store(true, ordering: .relaxed) }

    var isLockless: Bool { lockless.load(ordering: .relaxed) }

    /// Releases what the store holds, such as a connection.
    public func close() async { await store.close() }

    var aggregate: StateAggregate { memory.withLock { $0.aggregate } }

    /// State files that could not be read, and why. What only they list is missing from the repository.
    public var damagedStates: [(state: MAC, error: KlosetError)] {
        memory.withLock { memory in
            memory.damagedStates.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
        }
    }

    // MARK: States

    /// Merges the states that were published since the last time.
    public func refresh() async throws {
        let listed = try await store.list(.state).sorted()
        lookIntoCache(listed)
        let known = aggregate.mergedStates
        var states: [StateFile] = []
        var damaged: [MAC: KlosetError] = [:]
        var kept = 0
        for mac in listed where !known.contains(mac) {
            do {
                var state = try await readState(mac)
                kept += state.payload?.count ?? 0
                if kept > Self.keptPayloads { state.payload = nil }
                states.append(state)
            } catch let error as KlosetError {
                damaged[mac] = error
            }
        }
        for state in StateFile.inOrder(states) {
            do {
                let payload: [UInt8]
                if let kept = state.payload {
                    payload = kept
                } else {
                    payload = try await readState(state.mac).payload ?? []
                }
                try memory.withLock { try $0.aggregate.merge(state, payload) }
            } catch let error as FormatError {
                damaged[state.mac] = KlosetError(error, in: "state \(state.mac)")
            } catch let error as KlosetError {
                damaged[state.mac] = error
            }
        }
        memory.withLock { $0.damagedStates = damaged }
        updateCache(newStates: states.count)
    }

    /// Reads all states from the store, where so far they may have come from the cache: for those who want to know
    /// how the store itself is.
    public func rereadStates() async throws {
        let mustRead = memory.withLock { memory in
            guard memory.hasCachedStates else { return false }
            memory.aggregate = StateAggregate()
            memory.hasCachedStates = false
            return true
        }
        if mustRead { try await refresh() }
    }

    private func lookIntoCache(_ listed: [MAC]) {
        guard let cache, memory.withLock({ $0.cachedLocations == nil && $0.aggregate.mergedStates.isEmpty }) else {
            return
        }
        let cached = cache.load(self, listed: Set(listed))
        memory.withLock { memory in
            memory.cachedLocations = cached?.blobs.locations.count ?? 0
            guard let cached else { return }
            memory.aggregate = cached
            memory.hasCachedStates = true
        }
    }

    private func updateCache(newStates: Int) {
        guard let cache else { return }
        let (aggregate, cached) = memory.withLock { ($0.aggregate, $0.cachedLocations ?? 0) }
        guard cache.pays(for: aggregate, cached: cached, newStates: newStates) else { return }
        cache.save(aggregate, of: self)
        memory.withLock { $0.cachedLocations = aggregate.blobs.locations.count }
    }

    /// Reads and checks one state file.
    ///
    /// - Throws: ``KlosetError`` when the file is damaged; what the store throws when it cannot be reached.
    func readState(_ mac: MAC) async throws -> StateFile {
        let place = "state \(mac)"
        let (version, payload) = try await readWrapped(.state, mac, .state, place)
        do {
            return try StateFile(mac, version: version, payload: payload)
        } catch {
            throw KlosetError(error, in: place)
        }
    }

    /// Reads a state or a lock: wrapper, digest, decryption, decompression.
    func readWrapped(
        _ resource: StoreResource, _ mac: MAC, _ type: ResourceType, _ place: String
    ) async throws -> (version: FormatVersion, payload: [UInt8]) {
        let file: [UInt8]
        do {
            file = try await store.get(resource, mac, range: nil)
        } catch let error as ConnectorError {
            throw try KlosetError.damage(error, in: place)
        }
        let wrapper: Wrapper
        do {
            wrapper = try Wrapper(parsing: file, expecting: type)
        } catch {
            throw KlosetError(error, in: place)
        }
        guard keys.mac(file[wrapper.authenticated]) == wrapper.mac else {
            throw KlosetError(.corrupt, "\(place): its digest does not fit its bytes")
        }
        do {
            return (wrapper.version, try keys.codec.decode(Array(file[wrapper.payload]), limit: Self.wrappedLimit))
        } catch {
            throw error.within(place)
        }
    }

    /// Wraps the payload of a state or a lock.
    func wrap(_ type: ResourceType, _ version: FormatVersion, _ payload: consuming [UInt8]) throws -> [UInt8] {
        let encoded = try keys.codec.encode(consume payload)
        return Wrapper.seal(type, version, encoded) { keys.mac($0) }
    }

    /// Bytes of payloads that wait in memory for their turn; what is beyond is read twice.
    private static let keptPayloads = 32 << 20
    /// Most bytes of the plaintext of a state: twenty million locations.
    private static let wrappedLimit = 2 << 30

    // MARK: Memory shared by all readers

    /// Where a blob is, without a copy of everything that is known.
    func place(of id: BlobID) -> BlobPlace? { memory.withLock { $0.aggregate.place(of: id) } }

    func knownNode(_ id: BlobID) -> BTreeNode? { memory.withLock { $0.nodes.find(id) } }

    func remember(_ node: BTreeNode, _ id: BlobID, size: Int) {
        memory.withLock { $0.nodes.insert(id, node, size: size) }
    }

    func knownHeader(_ mac: MAC) -> SnapshotHeader? { memory.withLock { $0.headers[mac] } }

    func remember(_ header: SnapshotHeader) { memory.withLock { $0.headers[header.identifier] = header } }
}
