import BackupEngine
import ConnectorKit
import Kloset
import Testing

@Suite("Backup")
struct BackupJobTests {
    @Test("A snapshot has everything, and the summary counts it")
    func complete() async throws {
        let store = try await TemporaryStore()
        let summary = try await store.backUp(["/a": .init("alpha"), "/d/b": .init("beta"), "/d/empty": .init()])
        #expect(summary.isComplete)
        #expect(summary.counts.files == 3)
        #expect(summary.counts.bytes == 9)
        #expect(!summary.hasParent)
        #expect(!summary.header.isIncomplete)
        let snapshot = try await store.repository.snapshot(summary.header.identifier)
        #expect(try await snapshot.content(at: "/d/b", limit: 100) == Array("beta".utf8))
        #expect(try await store.locks() == 0)
    }

    @Test("The next snapshot reads only what has changed")
    func incremental() async throws {
        let store = try await TemporaryStore()
        try await store.backUp(["/a": .init("alpha"), "/b": .init("beta")])
        let importer = FakeImporter(["/a": .init("alpha"), "/b": .init("beta 2"), "/c": .init("gamma")])
        let log = EventLog()
        let summary = try await BackupJob(repository: store.repository, importer: importer).run(log.report)
        #expect(summary.hasParent)
        #expect(importer.openedPaths == ["/b", "/c"])
        #expect(log.unchangedPaths == ["/a"])
        #expect(summary.counts.unchanged == 1)
        let snapshot = try await store.repository.snapshot(summary.header.identifier)
        #expect(try await snapshot.content(at: "/a", limit: 100) == Array("alpha".utf8))
        #expect(try await snapshot.content(at: "/b", limit: 100) == Array("beta 2".utf8))
    }

    @Test("A source that says that it is as before is not walked, and its snapshot is that of before")
    func asBefore() async throws {
        let store = try await TemporaryStore()
        let files: [BytePath: FakeImporter.File] = ["/a": .init("alpha"), "/d/b": .init("beta")]
        let first = try await store.backUp(files)
        let importer = KnowingImporter(FakeImporter(files))
        let second = try await BackupJob(repository: store.repository, importer: importer).run { _ in }
        #expect(!importer.wasWalked)
        #expect(second.hasParent && second.isComplete)
        #expect(second.counts.files == 2 && second.counts.unchanged == 2 && second.counts.directories == 2)
        #expect(second.header.identifier != first.header.identifier)
        #expect(second.header.sources == first.header.sources)
        // A walk would have come to the same.
        let walked = try await store.backUp(files)
        #expect(walked.header.sources == second.header.sources)
        // It stands by itself: the one before may go.
        try await store.repository.delete(snapshot: first.header.identifier)
        try await store.repository.delete(snapshot: walked.header.identifier)
        let snapshot = try await store.repository.snapshot(second.header.identifier)
        #expect(try await snapshot.content(at: "/d/b", limit: 100) == Array("beta".utf8))
        #expect(try await store.locks() == 0)
        let check = try await CheckJob(repository: store.repository).checkStore { _ in }
        #expect(check.isSound)
    }

    @Test("What is not whole is not repeated, whatever the source says")
    func asBeforeButIncomplete() async throws {
        let store = try await TemporaryStore()
        let broken = FakeImporter(["/a": .init("alpha"), "/torn": .init("torn", readingError: "the disk is broken")])
        _ = try await BackupJob(repository: store.repository, importer: broken).run { _ in }
        let importer = KnowingImporter(FakeImporter(["/a": .init("alpha"), "/torn": .init("torn")]))
        let summary = try await BackupJob(repository: store.repository, importer: importer).run { _ in }
        #expect(importer.wasWalked && summary.isComplete)
        // Nor is there anything to repeat the first time.
        let other = KnowingImporter(FakeImporter(["/a": .init("alpha")], origin: "elsewhere"))
        _ = try await BackupJob(repository: store.repository, importer: other).run { _ in }
        #expect(other.wasWalked)
    }

    @Test("A snapshot of another source is no parent")
    func otherSource() async throws {
        let store = try await TemporaryStore()
        try await store.backUp(["/a": .init("alpha")])
        for importer in [
            FakeImporter(["/a": .init("alpha")], origin: "elsewhere"),
            FakeImporter(["/x/a": .init("alpha")], root: "/x"),
        ] {
            let summary = try await BackupJob(repository: store.repository, importer: importer).run { _ in }
            #expect(!summary.hasParent)
            #expect(importer.openedPaths.count == 1)
        }
    }

    @Test("What cannot be read makes the snapshot incomplete, and is named")
    func unreadablePaths() async throws {
        let store = try await TemporaryStore()
        let importer = FakeImporter([
            "/good": .init("good"), "/hidden": .init(listingError: "not allowed"),
            "/torn": .init("torn", readingError: "the disk is broken"),
        ])
        let log = EventLog()
        let summary = try await BackupJob(repository: store.repository, importer: importer).run(log.report)
        #expect(!summary.isComplete)
        #expect(summary.failures.items.map(\.path).sorted() == ["/hidden", "/torn"])
        #expect(log.failedPaths.sorted() == ["/hidden", "/torn"])
        #expect(summary.header.isIncomplete)
        let snapshot = try await store.repository.snapshot(summary.header.identifier)
        let recorded = try await snapshot.errors().map(\.path)
        #expect(recorded.contains("/hidden") && recorded.contains("/torn"))
        #expect(try await snapshot.content(at: "/good", limit: 100) == Array("good".utf8))
    }

    @Test("A source that says something is missing makes the snapshot incomplete")
    func announcedGap() async throws {
        let store = try await TemporaryStore()
        let importer = FakeImporter(
            ["/a": .init("alpha")], events: [.note("hello"), .warning("odd"), .incomplete("One calendar is locked.")])
        let summary = try await BackupJob(repository: store.repository, importer: importer).run { _ in }
        #expect(summary.gaps == ["One calendar is locked."])
        #expect(summary.header.isIncomplete)
    }

    @Test("A source that breaks off leaves no snapshot")
    func brokenSource() async throws {
        let store = try await TemporaryStore()
        let importer = FakeImporter(["/a": .init("alpha")], breakdown: ConnectorError(.unavailable, "gone"))
        await #expect(throws: ConnectorError(.unavailable, "")) {
            try await BackupJob(repository: store.repository, importer: importer).run { _ in }
        }
        #expect(try await store.repository.snapshots().headers.isEmpty)
        #expect(try await store.locks() == 0)
    }

    @Test("Asked for, what was read of a broken source is kept, marked incomplete")
    func keepPartial() async throws {
        let store = try await TemporaryStore()
        var options = BackupOptions()
        options.keepsPartial = true
        let importer = FakeImporter(["/a": .init("alpha")], breakdown: ConnectorError(.unavailable, "gone"))
        let summary = try await BackupJob(repository: store.repository, importer: importer, options: options).run { _ in
        }
        #expect(summary.header.isIncomplete)
        #expect(summary.gaps.count == 1)
        let nothing = FakeImporter([:], breakdown: ConnectorError(.unavailable, "gone"))
        await #expect(throws: ConnectorError(.unavailable, "")) {
            try await BackupJob(repository: store.repository, importer: nothing, options: options).run { _ in }
        }
        #expect(try await store.repository.snapshots().headers.count == 1)
    }

    @Test("A source with nothing in it is an error, not an empty snapshot")
    func emptySource() async throws {
        let store = try await TemporaryStore()
        await #expect(throws: ConnectorError(.notFound, "")) { try await store.backUp([:]) }
        #expect(try await store.repository.snapshots().headers.isEmpty)
    }

    @Test("A cancelled backup leaves no snapshot and no lock")
    func cancelled() async throws {
        let store = try await TemporaryStore()
        let importer = FakeImporter(["/a": .init("alpha"), "/b": .init("beta")])
        let job = BackupJob(repository: store.repository, importer: importer)
        let task = Task {
            try await job.run { event in
                if case .entry = event { withUnsafeCurrentTask { $0?.cancel() } }
            }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await store.repository.snapshots().headers.isEmpty)
        #expect(try await store.locks() == 0)
    }

    @Test("A rehearsal reads no content and changes nothing")
    func rehearsal() async throws {
        let store = try await TemporaryStore()
        let importer = FakeImporter(["/a": .init("alpha"), "/b": .init("beta")])
        let summary = try await BackupJob(repository: store.repository, importer: importer).rehearse { _ in }
        #expect(summary.counts.files == 2 && summary.added == 2)
        #expect(importer.openedPaths.isEmpty)
        #expect(try await store.repository.snapshots().headers.isEmpty)
    }
}
