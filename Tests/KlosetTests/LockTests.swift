import ConnectorKit
import Kloset
import KlosetFormat
import Synchronization
import Testing

@Suite struct LockTests {
    private let source = SampleSource(files: ["a": [1]])
    private static let now = Timestamp(seconds: 1_800_000_000)

    private func repository(_ store: MemoryStore) async throws -> Repository {
        try await Repository.create(in: store, passphrase: nil).with(clock: { Self.now })
    }

    @Test func anExclusiveLockKeepsWritersOut() async throws {
        let store = MemoryStore()
        let repository = try await repository(store)
        let name = try await repository.plantLock(age: 60, isExclusive: true)
        await #expect(throws: KlosetError(.locked, "")) { try await source.backUp(to: repository) }
        #expect(try await store.list(.lock) == [name])
        #expect(try await store.list(.packfile).isEmpty)
    }

    @Test func aSharedLockDoesNot() async throws {
        let store = MemoryStore()
        let repository = try await repository(store)
        let name = try await repository.plantLock(age: 60, isExclusive: false)
        try await source.backUp(to: repository)
        #expect(try await store.list(.lock) == [name])
    }

    @Test func staleLocksAreClearedAway() async throws {
        let store = MemoryStore()
        let repository = try await repository(store)
        _ = try await repository.plantLock(age: 601, isExclusive: true)
        try await source.backUp(to: repository)
        #expect(try await store.list(.lock).isEmpty)
    }

    @Test func aLockThatCannotBeReadKeepsWritersOut() async throws {
        let store = MemoryStore()
        let repository = try await repository(store)
        try await store.put(.lock, .random(), [1, 2, 3])
        await #expect(throws: KlosetError(.locked, "")) { try await source.backUp(to: repository) }
    }

    /// The machine slept over the lifetime of the lock: whoever ignored it may have removed what we rely on.
    @Test func aLockThatRanOutPublishesNothing() async throws {
        let store = MemoryStore()
        let clock = Clock(Self.now)
        let repository = try await Repository.create(in: store, passphrase: nil).with(clock: { clock.now })
        let writer = try await repository.writer(SnapshotDescription(identity: SampleSource.identity), parent: nil)
        clock.advance(by: 700)
        await #expect(throws: KlosetError(.locked, "")) { try await writer.commit() }
        await writer.abort()
        #expect(try await repository.snapshots().headers.isEmpty)
        #expect(try await store.list(.lock).isEmpty)
    }

    private final class Clock: Sendable {
        private let time: Mutex<Timestamp>

        init(_ time: Timestamp) { self.time = Mutex(time) }

        var now: Timestamp { time.withLock { $0 } }

        func advance(by seconds: Int64) { time.withLock { $0.seconds += seconds } }
    }
}
