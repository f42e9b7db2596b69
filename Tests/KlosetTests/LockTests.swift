import ConnectorKit
import Kloset
import KlosetFormat
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
        let clock = TestClock(Self.now)
        let repository = try await Repository.create(in: store, passphrase: nil).with(clock: { clock.now })
        let writer = try await repository.writer(SnapshotDescription(identity: SampleSource.identity), parent: nil)
        clock.advance(by: 700)
        await #expect(throws: KlosetError(.locked, "")) { try await writer.commit() }
        await writer.abort()
        #expect(try await repository.snapshots().headers.isEmpty)
        #expect(try await store.list(.lock).isEmpty)
    }

    @Test func aLockThatSomebodyRemovedPublishesNothing() async throws {
        let store = MemoryStore()
        let repository = try await repository(store)
        let writer = try await repository.writer(SnapshotDescription(identity: SampleSource.identity), parent: nil)
        for lock in try await store.list(.lock) { try await store.delete(.lock, lock) }
        await #expect(throws: KlosetError(.locked, "")) { try await writer.commit() }
        await writer.abort()
        #expect(try await repository.snapshots().headers.isEmpty)
    }

    /// The format gives no process, only a text for the holder; ours names the process in it.
    @Test func theLockOfAKilledProcessOfThisMachineCountsForNothing() async throws {
        let own = Repository.lockHolder.split(separator: "/").map(String.init)
        guard own.count == 6 else { return }
        let store = MemoryStore()
        let repository = try await repository(store)
        // No such process; the number of this process when another one had it; this very process.
        let holders = [
            [own[0], own[1], "4194303", own[3], own[4], own[5]], [own[0], own[1], own[2], "1", own[4], own[5]], own,
        ].map { $0.joined(separator: "/") }
        for holder in holders[..<2] {
            _ = try await repository.plantLock(age: 1, isExclusive: true, holder: holder)
            try await source.backUp(to: repository)
            #expect(try await store.list(.lock).isEmpty, "\(holder)")
        }
        _ = try await repository.plantLock(age: 1, isExclusive: true, holder: holders[2])
        await #expect(throws: KlosetError(.locked, "")) { try await source.backUp(to: repository) }
    }

    /// The same process number on another machine, in another container, or before the machine was started anew says
    /// nothing.
    @Test func onlyAProofCounts() async throws {
        let own = Repository.lockHolder.split(separator: "/").map(String.init)
        guard own.count == 6 else { return }
        for holder in [
            [own[0], own[1], "4194303", own[3], "1", own[5]], [own[0], own[1], "4194303", own[3], own[4], "other"],
            [own[0], "fasti", "4194303"], [own[0], "plakar", "4194303", own[3], own[4], own[5]], [own[0]],
        ] {
            let repository = try await repository(MemoryStore())
            _ = try await repository.plantLock(age: 1, isExclusive: true, holder: holder.joined(separator: "/"))
            await #expect(throws: KlosetError(.locked, "")) { try await source.backUp(to: repository) }
        }
    }

    @Test func withoutLocksNoneAreTakenAndNoneCount() async throws {
        let store = MemoryStore()
        let repository = try await repository(store)
        let name = try await repository.plantLock(age: 1, isExclusive: true)
        repository.workWithoutLocks()
        try await source.backUp(to: repository)
        _ = try await repository.maintain()
        #expect(try await store.list(.lock) == [name])
    }
}
