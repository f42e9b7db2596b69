import BackupEngine
import ConnectorKit
import Kloset
import Testing

@Suite("Restore")
struct RestoreJobTests {
    private let files: [BytePath: FakeImporter.File] = [
        "/cal/work/a.ics": .init("a"), "/cal/work/b.ics": .init("b"), "/cal/home.ics": .init("home"),
        "/zeta": .init("zeta"),
    ]

    private func restore(
        _ path: BytePath, to exporter: FakeExporter, log: EventLog = EventLog()
    ) async throws -> RestoreSummary {
        let store = try await TemporaryStore()
        let header = try await store.backUp(files).header
        let snapshot = try await store.repository.snapshot(header.identifier)
        return try await RestoreJob(snapshot: snapshot, path: path, exporter: exporter).run(log.report)
    }

    @Test("Everything comes back, folders before what is in them")
    func everything() async throws {
        let exporter = FakeExporter()
        let summary = try await restore(.root, to: exporter)
        #expect(summary.isComplete)
        #expect(summary.counts.files == 4)
        #expect(summary.counts.bytes == 10)
        #expect(
            await exporter.paths == [
                "/", "/cal", "/cal/home.ics", "/cal/work", "/cal/work/a.ics", "/cal/work/b.ics", "/zeta",
            ])
        #expect(await exporter.files["/cal/work/b.ics"] == "b")
        #expect(await exporter.namesAtBegin == ["cal", "zeta"])
        #expect(await exporter.isFinished)
    }

    @Test("The path of the chosen folder is left out")
    func folder() async throws {
        let exporter = FakeExporter()
        _ = try await restore("/cal/work", to: exporter)
        #expect(await exporter.paths == ["/", "/a.ics", "/b.ics"])
        #expect(await exporter.namesAtBegin == ["a.ics", "b.ics"])
    }

    @Test("A single file comes under its own name, after the folder it was in")
    func singleFile() async throws {
        let exporter = FakeExporter()
        let summary = try await restore("/cal/work/b.ics", to: exporter)
        #expect(await exporter.paths == ["/", "/b.ics"])
        #expect(await exporter.files == ["/b.ics": "b"])
        #expect(summary.counts.files == 1)
    }

    @Test("What the destination refuses or loses is a failure; the rest is restored")
    func failures() async throws {
        let exporter = FakeExporter(refused: ["/cal/home.ics"], lost: ["/zeta"])
        let log = EventLog()
        let summary = try await restore(.root, to: exporter, log: log)
        #expect(!summary.isComplete)
        #expect(summary.failures.items.map(\.path) == ["/cal/home.ics", "/zeta"])
        #expect(log.failedPaths == ["/cal/home.ics", "/zeta"])
        #expect(await exporter.files["/cal/work/a.ics"] == "a")
    }

    @Test("A path that is not there is an error before the destination is touched")
    func missingPath() async throws {
        let exporter = FakeExporter()
        await #expect(throws: KlosetError(.notFound, "")) { try await restore("/nowhere", to: exporter) }
        #expect(await exporter.namesAtBegin.isEmpty)
    }

    @Test("The folder that was backed up need not be the root")
    func rootBelow() async throws {
        let store = try await TemporaryStore()
        let header = try await store.backUp(["/srv/data/x": .init("x")], root: "/srv/data").header
        let snapshot = try await store.repository.snapshot(header.identifier)
        let exporter = FakeExporter()
        _ = try await RestoreJob(snapshot: snapshot, path: header.root, exporter: exporter).run { _ in }
        #expect(await exporter.files == ["/x": "x"])
    }
}
