import ConnectorKit
import Foundation
import Kloset
import Synchronization
import Testing

/// Space is freed in two steps, nothing that a snapshot needs is ever touched, and whatever is in doubt stops it.
@Suite struct MaintenanceTests {
    private static let first = SampleSource(files: ["a.ics": Array("first".utf8), "shared": [1, 2, 3]])
    private static let second = SampleSource(files: ["b.ics": Array("second".utf8)])
    private let clock = TestClock()

    private func open(_ store: any Store, create: Bool = true) async throws -> Repository {
        let repository =
            create
            ? try await Repository.create(in: store, passphrase: nil)
            : try await LockedRepository.read(store).unlock(passphrase: nil)
        return try await repository.with(clock: { [clock] in clock.now })
    }

    private func expectWhole(_ source: SampleSource, _ header: SnapshotHeader, in store: any Store) async throws {
        let fresh = try await LockedRepository.read(store).unlock(passphrase: nil)
        #expect(try await source.differences(to: fresh.snapshot(header.identifier)).isEmpty)
        #expect(try await fresh.check { _ in }.isSound)
    }

    @Test func spaceIsFreedInTwoStepsAGracePeriodApart() async throws {
        let folder = try TemporaryFolder()
        let store = FileSystemStore(path: folder.path + "/store")
        let repository = try await open(store)
        let kept = try await Self.second.backUp(to: repository).header
        clock.advance(days: 1)
        let old = try await Self.first.backUp(to: repository).header
        let before = try await store.list(.packfile).count
        #expect(try await repository.maintain().scheduled.isEmpty, "everything is needed")
        try await repository.delete(snapshot: old.identifier)

        let step = try await repository.maintain()
        #expect(step.scheduled.count == 2 && step.removed.isEmpty && step.freedBytes == 0)
        #expect(step.scheduled.allSatisfy { $0.due == Timestamp(seconds: clock.now.seconds + 7 * 86_400) })
        #expect(try await store.list(.packfile).count == before)
        try await expectWhole(Self.second, kept, in: store)
        try Verifier.expectClean(folder.path + "/store")

        clock.advance(days: 6)
        let early = try await repository.maintain()
        #expect(early.waiting.map(\.mac) == step.scheduled.map(\.mac) && early.removed.isEmpty)

        clock.advance(days: 1)
        let sweep = try await repository.maintain()
        #expect(sweep.removed.map(\.mac) == step.scheduled.map(\.mac) && sweep.freedBytes > 16_384)
        #expect(try await store.list(.packfile).count == before - 2)
        #expect(try await store.list(.lock).isEmpty)
        try await expectWhole(Self.second, kept, in: store)
        try Verifier.expectClean(folder.path + "/store")

        let idle = try await repository.maintain()
        #expect(idle.removed.isEmpty && idle.scheduled.isEmpty && idle.waiting.isEmpty)
    }

    /// What both snapshots share lies in packfiles of the deleted one; these stay.
    @Test func sharedContentKeepsItsPackfile() async throws {
        let store = MemoryStore()
        let repository = try await open(store)
        let old = try await Self.first.backUp(to: repository).header
        let kept = try await Self.first.backUp(to: repository).header
        try await repository.delete(snapshot: old.identifier)
        let report = try await repository.maintain(MaintenanceOptions(grace: .zero))
        #expect(report.removed.isEmpty || report.used.count >= 2)
        try await expectWhole(Self.first, kept, in: store)
    }

    @Test func aRehearsalChangesNothing() async throws {
        let store = MemoryStore()
        let repository = try await open(store)
        let old = try await Self.first.backUp(to: repository).header
        try await repository.delete(snapshot: old.identifier)
        let before = store.contents.withLock { $0.objects }
        let report = try await repository.maintain(MaintenanceOptions(isRehearsal: true))
        #expect(report.scheduled.count == 2)
        #expect(store.contents.withLock { $0.objects } == before)
    }

    /// A writer without locks relied on a packfile that was scheduled meanwhile: it is taken back.
    @Test func aScheduledPackfileThatIsNeededAgainIsKept() async throws {
        let store = MemoryStore()
        let repository = try await open(store)
        let old = try await Self.first.backUp(to: repository).header
        let other = try await open(store, create: false)
        repository.workWithoutLocks()
        let writer = try await repository.writer(SnapshotDescription(identity: SampleSource.identity), parent: nil)
        try await other.delete(snapshot: old.identifier)
        #expect(try await other.maintain().scheduled.count == 2)
        clock.advance(by: 1)
        for record in Self.first.records {
            let content = Self.first.content(of: record.path) ?? []
            _ = try await writer.add(record) { InlineContentReader(content) }
        }
        let header = try await writer.commit()
        clock.advance(days: 30)
        let report = try await other.maintain()
        #expect(!report.rescued.isEmpty)
        try await expectWhole(Self.first, header, in: store)
    }

    // MARK: Orphans

    /// A store with what a killed writer leaves: a packfile that no state lists.
    private func withOrphan(_ store: MemoryStore) async throws -> (Repository, MAC) {
        let repository = try await open(store)
        try await Self.first.backUp(to: repository)
        let listed = Set(try await store.list(.packfile))
        store.contents.withLock { $0.putsBeforeFailure = 2 }
        await #expect(throws: (any Error).self) { try await Self.second.backUp(to: repository) }
        store.contents.withLock { $0.putsBeforeFailure = nil }
        for lock in try await store.list(.lock) { try await store.delete(.lock, lock) }
        let orphans = Set(try await store.list(.packfile)).subtracting(listed)
        return (repository, try #require(orphans.first))
    }

    @Test func whatAKilledBackupLeftGoesAway() async throws {
        let store = MemoryStore()
        let (repository, orphan) = try await withOrphan(store)
        #expect(try await repository.maintain().young.map(\.mac) == [orphan])
        clock.advance(days: 7)
        let step = try await repository.maintain()
        #expect(step.scheduled.map(\.mac) == [orphan] && step.young.isEmpty)
        clock.advance(days: 7)
        #expect(try await repository.maintain().removed.map(\.mac) == [orphan])
        #expect(try await !store.list(.packfile).contains(orphan))
        #expect(try await repository.check { _ in }.notes == 0)
    }

    @Test func withoutAGracePeriodItGoesAtOnce() async throws {
        let store = MemoryStore()
        let (repository, orphan) = try await withOrphan(store)
        let report = try await repository.maintain(MaintenanceOptions(grace: .zero))
        #expect(report.removed.map(\.mac) == [orphan] && report.scheduled.isEmpty)
    }

    @Test func aDamagedOrphanIsReportedAndStays() async throws {
        let store = MemoryStore()
        let (repository, orphan) = try await withOrphan(store)
        store.contents.withLock { $0.objects[MemoryStore.Key(resource: .packfile, mac: orphan)]?[100] ^= 1 }
        let report = try await repository.maintain(MaintenanceOptions(grace: .zero))
        #expect(report.damaged.map(\.packfile.mac) == [orphan])
        #expect(try await store.list(.packfile).contains(orphan))
    }

    /// Killed after the state that takes a packfile out, before the file went: the next one removes it.
    @Test func aSweepThatWasCutOffIsFinished() async throws {
        let store = MemoryStore()
        let repository = try await open(store)
        let old = try await Self.first.backUp(to: repository).header
        try await repository.delete(snapshot: old.identifier)
        let packfiles = store.contents.withLock { $0.objects.filter { $0.key.resource == .packfile } }
        let removed = try await repository.maintain(MaintenanceOptions(grace: .zero)).removed
        #expect(removed.count == packfiles.count)
        store.contents.withLock { $0.objects.merge(packfiles) { $1 } }
        #expect(try await repository.maintain().removed.count == packfiles.count)
        #expect(try await store.list(.packfile).isEmpty)
    }

    @Test func temporaryFilesOfKilledProcessesAreRemoved() async throws {
        let folder = try TemporaryFolder()
        let store = FileSystemStore(path: folder.path + "/store")
        let repository = try await Repository.create(in: store, passphrase: nil)
        let names = ["tmp.1", "packfiles/tmp.2", "states/tmp.3"].map { folder.path + "/store/" + $0 }
        for name in names { try Data(count: 10).write(to: URL(fileURLWithPath: name)) }
        #expect(try await repository.maintain().leftovers.isEmpty, "they are young")
        let old = Date(timeIntervalSinceNow: -8 * 86_400)
        for name in names { try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: name) }
        let report = try await repository.maintain()
        #expect(Set(report.leftovers.map(\.path)) == Set(names) && report.freedBytes == 30)
        #expect(names.allSatisfy { !FileManager.default.fileExists(atPath: $0) })
    }

    // MARK: In doubt

    @Test func anythingMissingStopsIt() async throws {
        let store = MemoryStore()
        let repository = try await open(store)
        let old = try await Self.first.backUp(to: repository).header
        try await Self.second.backUp(to: repository)
        try await repository.delete(snapshot: old.identifier)
        for key in store.contents.withLock({ $0.objects.keys.filter { $0.resource == .packfile } }) {
            let copy = MemoryStore(store.contents.withLock { $0 })
            copy.contents.withLock { $0.objects[key] = nil }
            let before = copy.contents.withLock { $0.objects }
            let damaged = try await open(copy, create: false)
            guard try await !damaged.check(report: { _ in }).isSound else { continue }
            if (try? await damaged.maintain(MaintenanceOptions(grace: .zero))) == nil {
                #expect(copy.contents.withLock { $0.objects } == before)
            } else {
                // The file that is missing was needed by nobody.
                #expect(try await damaged.check { _ in }.isSound)
            }
        }
    }

    @Test func anUnreadableStateStopsIt() async throws {
        let store = MemoryStore()
        let repository = try await open(store)
        let header = try await Self.first.backUp(to: repository).header
        store.contents.withLock { $0.objects[MemoryStore.Key(resource: .state, mac: header.identifier)]?[40] ^= 1 }
        let fresh = try await open(store, create: false)
        await #expect(throws: KlosetError(.corrupt, "")) { try await fresh.maintain() }
        #expect(try await store.list(.packfile).count == 2)
    }

    @Test func aWriterAtWorkStopsIt() async throws {
        let store = MemoryStore()
        let repository = try await open(store)
        _ = try await repository.plantLock(age: 60, isExclusive: false)
        await #expect(throws: KlosetError(.locked, "")) { try await repository.maintain() }
        #expect(try await store.list(.lock).count == 1)
    }

    // MARK: Stores of the Go engine

    @Test(
        .enabled(if: Shared.stores != nil, "the fixtures are not here"), arguments: ["store-plain", "store-after-gc"])
    func storesOfTheGoEngine(name: String) async throws {
        let folder = try TemporaryFolder()
        let path = try Shared.copy(name, to: folder.path)
        let store = FileSystemStore(path: path)
        let repository = try await LockedRepository.read(store).unlock(passphrase: nil)
        let headers = try await repository.snapshots().headers
        let oldest = try #require(headers.last)
        try await repository.delete(snapshot: oldest.identifier)
        let before = try await store.list(.packfile).count
        let report = try await repository.maintain(MaintenanceOptions(grace: .zero))
        #expect(try await store.list(.packfile).count == before - report.removed.count)
        let fresh = try await LockedRepository.read(store).unlock(passphrase: nil)
        #expect(try await fresh.check { _ in }.isSound)
        #expect(try await fresh.snapshots().headers.map(\.identifier) == headers.dropLast().map(\.identifier))
        try Verifier.expectClean(path, ["--all", "--foreign"])
    }
}
