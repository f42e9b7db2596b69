import ConnectorKit
import Kloset
import Synchronization
import Testing

/// States that are lost or damaged are written anew from what the packfiles say.
@Suite struct RepairTests {
    private static let first = SampleSource(files: ["a.ics": Array("first".utf8)])
    private static let second = SampleSource(files: ["b.ics": Array("second".utf8)])

    /// Two snapshots; then the state of the second one is hurt.
    private func store(
        _ hurt: (inout MemoryStore.Contents, MemoryStore.Key) -> Void
    ) async throws -> (MemoryStore, Repository, [MAC]) {
        let store = MemoryStore()
        let repository = try await Repository.create(in: store, passphrase: nil)
        let headers = [
            try await Self.first.backUp(to: repository).header, try await Self.second.backUp(to: repository).header,
        ]
        store.contents.withLock { hurt(&$0, MemoryStore.Key(resource: .state, mac: headers[1].identifier)) }
        let fresh = try await LockedRepository.read(store).unlock(passphrase: nil)
        return (store, fresh, headers.map(\.identifier))
    }

    @Test func aMissingStateIsWrittenAnew() async throws {
        let (store, repository, snapshots) = try await store { $0.objects[$1] = nil }
        #expect(try await repository.snapshots().headers.map(\.identifier) == [snapshots[0]])
        let before = store.contents.withLock { $0.objects }
        let plan = try await repository.repair(apply: false)
        #expect(plan.rebuilt.map(\.state) == [snapshots[1]] && plan.rebuilt[0].snapshots == [snapshots[1]])
        #expect(store.contents.withLock { $0.objects } == before, "nothing is changed without being asked for")

        let report = try await repository.repair(apply: true)
        #expect(!report.leavesDamage)
        let fresh = try await LockedRepository.read(store).unlock(passphrase: nil)
        #expect(try await Self.second.differences(to: fresh.snapshot(snapshots[1])).isEmpty)
        #expect(try await fresh.check { _ in }.isSound)
        #expect(try await fresh.repair(apply: false).isSound)
        #expect(try await store.list(.lock).isEmpty)
    }

    @Test func aDamagedStateIsReplaced() async throws {
        let (store, repository, snapshots) = try await store { $0.objects[$1]?[40] ^= 1 }
        let plan = try await repository.repair(apply: false)
        #expect(plan.unreadable.map(\.state) == [snapshots[1]])
        _ = try await repository.repair(apply: true)
        let fresh = try await LockedRepository.read(store).unlock(passphrase: nil)
        #expect(try await Self.second.differences(to: fresh.snapshot(snapshots[1])).isEmpty)
        #expect(try await fresh.check { _ in }.isSound)
        #expect(try await fresh.maintain(MaintenanceOptions(grace: .zero)).removed.isEmpty)
    }

    /// What a state says of removed snapshots is lost with it; nothing else is, and the store works again.
    @Test func aDamagedStateOfARemovalIsReplaced() async throws {
        let store = MemoryStore()
        let repository = try await Repository.create(in: store, passphrase: nil)
        let header = try await Self.first.backUp(to: repository).header
        let before = Set(try await store.list(.state))
        try await repository.delete(snapshot: header.identifier)
        let removal = try #require(Set(try await store.list(.state)).subtracting(before).first)
        store.contents.withLock { $0.objects[MemoryStore.Key(resource: .state, mac: removal)]?[40] ^= 1 }
        let hurt = try await LockedRepository.read(store).unlock(passphrase: nil)
        #expect(try await hurt.repair(apply: true).replaced == [removal])
        let fresh = try await LockedRepository.read(store).unlock(passphrase: nil)
        #expect(try await fresh.check { _ in }.isSound)
        #expect(try await fresh.snapshots().headers == [header])
    }

    @Test func aRemovedSnapshotStaysRemoved() async throws {
        let (store, repository, snapshots) = try await store { _, _ in }
        try await repository.delete(snapshot: snapshots[1])
        try await store.delete(.state, snapshots[1])
        let fresh = try await LockedRepository.read(store).unlock(passphrase: nil)
        _ = try await fresh.repair(apply: true)
        #expect(try await fresh.snapshots().headers.map(\.identifier) == [snapshots[0]])
    }

    @Test func whatIsLostIsNamed() async throws {
        let (store, repository, snapshots) = try await store { $0.objects[$1] = nil }
        let packfiles = try await store.list(.packfile)
        for packfile in packfiles {
            store.contents.withLock { $0.objects[MemoryStore.Key(resource: .packfile, mac: packfile)]?[30] ^= 1 }
        }
        let report = try await repository.repair(apply: true)
        #expect(report.damagedPackfiles.count == 2 && report.leavesDamage && report.rebuilt.isEmpty)
        try await store.delete(.packfile, packfiles[0])
        try await store.delete(.packfile, packfiles[1])
        try await store.delete(.packfile, packfiles[2])
        try await store.delete(.packfile, packfiles[3])
        #expect(try await repository.repair(apply: false).lostPackfiles.count == 2)
        #expect(snapshots.count == 2)
    }

    @Test func aSoundStoreHasNothingToRepair() async throws {
        let (_, repository, _) = try await store { _, _ in }
        #expect(try await repository.repair(apply: false).isSound)
        #expect(try await repository.repair(apply: true).isSound)
    }

    @Test func aWriterAtWorkStopsIt() async throws {
        let (_, repository, _) = try await store { _, _ in }
        _ = try await repository.plantLock(age: 1, isExclusive: false)
        await #expect(throws: KlosetError(.locked, "")) { try await repository.repair(apply: true) }
    }
}
