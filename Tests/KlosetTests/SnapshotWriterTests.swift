import ConnectorKit
import Foundation
import Kloset
import Synchronization
import Testing

@Suite struct SnapshotWriterTests {
    private let source = SampleSource.standard()
    /// Cuts the large file into some eighty chunks.
    private static let smallChunks = ChunkingParameters(
        algorithm: "fastcdc-v1.0.0", minimumSize: 2048, normalSize: 8192, maximumSize: 65_536)

    @Test func givesBackWhatItTook() async throws {
        let store = MemoryStore()
        let repository = try await Repository.create(in: store, passphrase: nil)
        let (header, outcomes, statistics) = try await source.backUp(to: repository)
        #expect(outcomes.count == source.records.count)
        #expect(statistics.failed == 0)
        #expect(statistics.entries == UInt64(source.records.count))
        #expect(statistics.newBlobs > 0)

        let reopened = try await LockedRepository.read(store).unlock(passphrase: nil)
        let listing = try await reopened.snapshots()
        #expect(listing.headers == [header])
        let snapshot = try await reopened.snapshot(header.identifier)
        #expect(try await source.differences(to: snapshot).isEmpty)
        #expect(snapshot.identity == SampleSource.identity)
        #expect(header.tags == ["test"])
        #expect(header.contextValue("Client") == "tests")

        let names = try await snapshot.children(of: "/data/home").map { String(decoding: $0.name, as: UTF8.self) }
        #expect(names == ["calendars", "empty", "large.bin", "link", "nothing", "zeros"])
        #expect(try await snapshot.children(of: "/data/home/nothing").isEmpty)
        let link = try #require(try await snapshot.entry(at: "/data/home/link"))
        #expect(link.symbolicLinkTarget == Array("empty".utf8))
        #expect(link.info.modificationTime == Timestamp(seconds: 1_700_000_000, nanoseconds: 17))
        #expect(try await snapshot.entry(at: "/data/elsewhere") == nil)
        // The way to the source was invented.
        #expect(try await snapshot.entry(at: "/data")?.info.mode == .directory(permissions: 0o750))
        #expect(try await store.list(.lock).isEmpty)
    }

    /// The independent reader finds nothing to object to, strictly.
    @Test(
        .enabled(if: Verifier.command != nil, "kloset_verify.py cannot be run: set FASTI_TEST_PYTHON and FASTI_SHARED"),
        arguments: [
            RepositoryOptions(), RepositoryOptions(hashing: .sha256, compression: .none, chunking: smallChunks),
            RepositoryOptions(compression: .gzip),
        ])
    func writesWhatTheFormatSays(options: RepositoryOptions) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/store"
        let repository = try await Repository.create(in: FileSystemStore(path: path), options, passphrase: nil)
        let (first, _, _) = try await source.backUp(
            to: repository,
            extra: [.failed("/data/home/calendars/secret.ics", error: "Permission denied")] + attributes)
        var changed = source
        changed.files["calendars/work/event-3.ics"] = Array("BEGIN:VCALENDAR\r\nchanged\r\n".utf8)
        changed.files["calendars/work/event-4.ics"] = nil
        changed.modificationTime += 60
        let parent = try await repository.snapshot(first.identifier)
        try await changed.backUp(to: repository, parent: parent, incomplete: "the calendar server went away")
        try Verifier.expectClean(path)
    }

    @Test(
        .enabled(if: Verifier.command != nil, "kloset_verify.py cannot be run: set FASTI_TEST_PYTHON and FASTI_SHARED"))
    func writesEncryptedWhatTheFormatSays() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/store"
        let passphrase = Array("a long and boring passphrase".utf8)
        let repository = try await Repository.create(in: FileSystemStore(path: path), passphrase: passphrase)
        try await source.backUp(to: repository)
        try Verifier.expectClean(path, passphrase: passphrase)
        let reopened = try await LockedRepository.read(FileSystemStore(path: path)).unlock(passphrase: passphrase)
        let header = try #require(try await reopened.snapshots().headers.first)
        #expect(try await source.differences(to: reopened.snapshot(header.identifier)).isEmpty)
    }

    @Test(
        .enabled(if: Verifier.command != nil, "kloset_verify.py cannot be run: set FASTI_TEST_PYTHON and FASTI_SHARED"))
    func spreadsManyLocationsOverSeveralStates() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/store"
        let repository = try await Repository.create(in: FileSystemStore(path: path), passphrase: nil)
            .with(locationsPerState: 100)
        let (header, _, _) = try await source.backUp(to: repository)
        #expect(try await repository.store.list(.state).count > 2)
        #expect(try await source.differences(to: repository.snapshot(header.identifier)).isEmpty)
        try Verifier.expectClean(path)
    }

    /// Attributes with values, one of which cannot be read, so that its name must not stay in the entry.
    private var attributes: [Record] {
        let path: BytePath = "/data/home/tagged"
        let info = FileInfo(name: path.name, size: 3, mode: .regular(permissions: 0o600), modificationTime: .epoch)
        let names = ["user.b", "user.a", "user.lost"].map { Array($0.utf8) }
        return [
            Record(path: path, info: info, extendedAttributeNames: names, content: .inline([1, 2, 3])),
            Record(
                path: path, kind: .extendedAttribute(name: names[0], kind: .extended), info: nil,
                content: .inline(Array("value".utf8))),
            Record(
                path: path, kind: .extendedAttribute(name: names[1], kind: .extended), info: nil, content: .inline([])),
        ]
    }

    @Test func keepsAttributesAndErrors() async throws {
        let repository = try await Repository.create(in: MemoryStore(), passphrase: nil)
        let failed = Record.failed("/data/home/gone/away.txt", error: "No such file")
        let (header, outcomes, _) = try await source.backUp(to: repository, extra: attributes + [failed])
        #expect(outcomes.last == .failed(reason: "No such file"))
        let snapshot = try await repository.snapshot(header.identifier)
        let found = try await snapshot.extendedAttributes(of: "/data/home/tagged")
        #expect(found.map { String(decoding: $0.name, as: UTF8.self) } == ["user.a", "user.b"])
        #expect(try await snapshot.reader(for: found[1]).next() == Array("value".utf8))
        let entry = try await snapshot.entry(at: "/data/home/tagged")
        #expect(entry?.extendedAttributeNames == found.map(\.name))
        #expect(
            try await snapshot.errors().map { "\($0.path): \($0.reason)" } == ["/data/home/gone/away.txt: No such file"]
        )
        #expect(try await snapshot.entry(at: failed.path) == nil)
        #expect(try await snapshot.entry(at: "/data/home/gone")?.isDirectory == true)
        #expect(header.sources.first?.summary.below.counts.errors == 1)
    }

    @Test func aSecondSnapshotOfTheSameAddsNoContent() async throws {
        let store = MemoryStore()
        let repository = try await Repository.create(in: store, passphrase: nil)
        let (first, _, _) = try await source.backUp(to: repository)
        let parent = try await repository.snapshot(first.identifier)

        let (second, outcomes, statistics) = try await source.backUp(to: repository, parent: parent)
        #expect(outcomes.count { if case .unchanged = $0 { true } else { false } } == source.files.count)
        #expect(statistics.bytesRead == 0)
        // The header is the only thing that differs.
        #expect(statistics.newBlobs == 1)
        let snapshot = try await repository.snapshot(second.identifier)
        #expect(try await source.differences(to: snapshot).isEmpty)
        #expect(snapshot.header.sources.first?.root == first.sources.first?.root)

        // Without a parent everything is read and nothing is stored twice.
        let (_, _, again) = try await source.backUp(to: repository)
        #expect(again.unchanged == 0)
        #expect(again.newBlobs == 1)
    }

    @Test func onlyWhatChangedIsRead() async throws {
        let repository = try await Repository.create(in: MemoryStore(), passphrase: nil)
        let parent = try await repository.snapshot(source.backUp(to: repository).header.identifier)
        var changed = source
        changed.files["empty"] = Array("no longer".utf8)
        changed.files["new.txt"] = Array("new".utf8)
        let (header, outcomes, statistics) = try await changed.backUp(to: repository, parent: parent)
        #expect(statistics.bytesRead == 12)
        #expect(outcomes.count { if case .unchanged = $0 { true } else { false } } == source.files.count - 1)
        #expect(try await changed.differences(to: repository.snapshot(header.identifier)).isEmpty)
        #expect(try await source.differences(to: parent).isEmpty)

        // Other metadata alone make a file be read again; its content is still not stored twice.
        var touched = source
        touched.modificationTime += 1
        let (_, _, reread) = try await touched.backUp(to: repository, parent: parent)
        #expect(reread.unchanged == 0)
        #expect(reread.bytesRead == UInt64(source.files.values.reduce(0) { $0 + $1.count }))
    }

    @Test func aFileThatCannotBeReadIsAnOutcome() async throws {
        let repository = try await Repository.create(in: MemoryStore(), passphrase: nil)
        let writer = try await repository.writer(SnapshotDescription(identity: SampleSource.identity), parent: nil)
        let record = try #require(source.records.first)
        let refused = try await writer.add(record) { throw ConnectorError(.permission, "Not allowed.") }
        #expect(refused == .failed(reason: "Not allowed."))
        let broken = try await writer.add(source.records[1]) { BreakingReader() }
        #expect(broken == .failed(reason: "The line is dead."))
        let header = try await writer.commit(incomplete: nil)
        let snapshot = try await repository.snapshot(header.identifier)
        #expect(try await snapshot.errors().count == 2)
        #expect(try await snapshot.entry(at: record.path) == nil)
    }

    private actor BreakingReader: ContentReader {
        private var count = 0

        func next() throws -> [UInt8]? {
            count += 1
            if count > 3 { throw ConnectorError(.inputOutput, "The line is dead.") }
            return [UInt8](repeating: UInt8(count), count: 1 << 20)
        }

        func close() {}
    }

    @Test func nothingIsVisibleUntilTheEnd() async throws {
        let store = MemoryStore()
        let repository = try await Repository.create(in: store, passphrase: nil)
        let writer = try await repository.writer(SnapshotDescription(identity: SampleSource.identity), parent: nil)
        for record in source.records {
            let content = source.content(of: record.path) ?? []
            _ = try await writer.add(record) { InlineContentReader(content) }
        }
        #expect(try await store.list(.lock) == [writer.identifier])
        #expect(try await repository.snapshots().headers.isEmpty)
        await writer.abort()
        #expect(try await repository.snapshots().headers.isEmpty)
        #expect(try await store.list(.state).isEmpty)
        #expect(try await store.list(.lock).isEmpty)
        await #expect(throws: KlosetError(.invalidArgument, "")) { try await writer.commit() }
    }

    @Test func aCancelledWriterLeavesNoSnapshot() async throws {
        let store = MemoryStore()
        let repository = try await Repository.create(in: store, passphrase: nil)
        let writer = try await repository.writer(SnapshotDescription(identity: SampleSource.identity), parent: nil)
        let records = source.records
        let task = Task {
            for record in records {
                _ = try await writer.add(record) {
                    try await Task.sleep(for: .seconds(60))
                    return InlineContentReader([])
                }
            }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        await #expect(throws: KlosetError(.invalidArgument, "")) { try await writer.commit() }
        await writer.abort()
        #expect(try await repository.snapshots().headers.isEmpty)
        #expect(try await store.list(.lock).isEmpty)
    }

    /// Whichever write to the store fails, there is either the whole snapshot or none.
    @Test func aStoreThatFailsLeavesNoSnapshot() async throws {
        for successes in 0...3 {
            let store = MemoryStore()
            let repository = try await Repository.create(in: store, passphrase: nil)
            let (first, _, _) = try await source.backUp(to: repository)
            var changed = source
            changed.files["new"] = Array("new".utf8)
            store.contents.withLock { $0.putsBeforeFailure = successes }
            await #expect(throws: ConnectorError(.unavailable, "")) { try await changed.backUp(to: repository) }
            store.contents.withLock { $0.putsBeforeFailure = nil }
            let reopened = try await LockedRepository.read(store).unlock(passphrase: nil)
            #expect(try await reopened.snapshots().headers == [first])
            let check = try await reopened.check { _ in }
            #expect(check.isSound)
        }
    }

    @Test func twoWritersAtOnceDoNotDisturbEachOther() async throws {
        let store = MemoryStore()
        let repository = try await Repository.create(in: store, passphrase: nil)
        let other = try await LockedRepository.read(store).unlock(passphrase: nil)
        var second = source
        second.files["calendars/second.ics"] = Array("BEGIN:VCALENDAR\r\nsecond".utf8)
        async let one = source.backUp(to: repository)
        async let two = second.backUp(to: other)
        let headers = try await [one.header, two.header]
        let reopened = try await LockedRepository.read(store).unlock(passphrase: nil)
        #expect(try await reopened.snapshots().headers.count == 2)
        #expect(try await source.differences(to: reopened.snapshot(headers[0].identifier)).isEmpty)
        #expect(try await second.differences(to: reopened.snapshot(headers[1].identifier)).isEmpty)
        #expect(try await reopened.check { Issue.record("\($0)") }.isSound)
        #expect(try await store.list(.lock).isEmpty)
    }

    @Test func recordsMayComeFromSeveralTasks() async throws {
        let repository = try await Repository.create(in: MemoryStore(), passphrase: nil)
        let writer = try await repository.writer(SnapshotDescription(identity: SampleSource.identity), parent: nil)
        let source = source
        try await withThrowingTaskGroup(of: Void.self) { group in
            for record in source.records {
                group.addTask {
                    let content = source.content(of: record.path) ?? []
                    _ = try await writer.add(record) { InlineContentReader(content) }
                }
            }
            try await group.waitForAll()
        }
        let snapshot = try await repository.snapshot(writer.commit().identifier)
        #expect(try await source.differences(to: snapshot).isEmpty)
        #expect(try await repository.check { Issue.record("\($0)") }.isSound)
    }

    @Test func aDeletedSnapshotIsGoneAndTheOthersAreNot() async throws {
        let repository = try await Repository.create(in: MemoryStore(), passphrase: nil)
        let first = try await source.backUp(to: repository).header
        let second = try await source.backUp(to: repository).header
        try await repository.delete(snapshot: first.identifier)
        #expect(try await repository.snapshots().headers == [second])
        await #expect(throws: KlosetError(.notFound, "")) { try await repository.snapshot(first.identifier) }
        await #expect(throws: KlosetError(.notFound, "")) { try await repository.delete(snapshot: first.identifier) }
        #expect(try await source.differences(to: repository.snapshot(second.identifier)).isEmpty)
    }

    @Test func refusesAnEmptyPassphraseAndASecondStore() async throws {
        let store = MemoryStore()
        await #expect(throws: KlosetError(.invalidArgument, "")) {
            try await Repository.create(in: store, passphrase: [])
        }
        _ = try await Repository.create(in: store, passphrase: nil)
        await #expect(throws: ConnectorError(.alreadyExists, "")) {
            try await Repository.create(in: store, passphrase: nil)
        }
    }

    @Test func aPathThatIsFileAndFolderAtOnceBecomesAFolderAndAnError() async throws {
        let repository = try await Repository.create(in: MemoryStore(), passphrase: nil)
        var odd = source
        odd.files["thing"] = [1]
        odd.files["thing/inside"] = [2]
        let header = try await odd.backUp(to: repository).header
        let snapshot = try await repository.snapshot(header.identifier)
        #expect(try await snapshot.entry(at: "/data/home/thing")?.isDirectory == true)
        #expect(try await snapshot.content(at: "/data/home/thing/inside", limit: 10) == [2])
        #expect(try await snapshot.errors().map(\.path) == ["/data/home/thing"])
        #expect(try await snapshot.check { Issue.record("\($0)") }.isSound)
    }
}
