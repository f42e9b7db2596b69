import BackupEngine
import ConnectorKit
import Kloset
import Testing

@Suite("Differences between snapshots")
struct SnapshotDiffTests {
    private func changes(
        _ old: [BytePath: FakeImporter.File], _ new: [BytePath: FakeImporter.File], at path: BytePath = .root
    ) async throws -> (lines: [String], summary: SnapshotDiff.Summary) {
        let store = try await TemporaryStore()
        let before = try await store.backUp(old).header.identifier
        let after = try await store.backUp(new).header.identifier
        var lines: [String] = []
        let summary = try await SnapshotDiff(
            from: .init(snapshot: store.repository.snapshot(before), path: path),
            to: .init(snapshot: store.repository.snapshot(after), path: path)
        ).run { path, change, kind in lines.append("\(change) \(kind) \(path)") }
        return (lines, summary)
    }

    @Test("Added, removed and changed paths are told in order, folders with all that is in them")
    func everyKind() async throws {
        let (lines, summary) = try await changes(
            ["/a": .init("1"), "/b": .init("same"), "/gone/x": .init("x"), "/turned": .init("file")],
            ["/a": .init("2"), "/b": .init("same"), "/new/y": .init("y"), "/turned/z": .init("z")])
        #expect(
            lines == [
                "changed file /a", "removed directory /gone", "removed file /gone/x", "added directory /new",
                "added file /new/y", "changed directory /turned", "added file /turned/z",
            ])
        #expect(summary.added == 3 && summary.removed == 2 && summary.changed == 2)
    }

    @Test("Equal snapshots have no difference")
    func equal() async throws {
        let (lines, summary) = try await changes(["/a": .init("1")], ["/a": .init("1")])
        #expect(lines.isEmpty)
        #expect(summary.isEmpty)
    }

    @Test("Only what lies below the two paths is compared, and told from there")
    func subTree() async throws {
        let (lines, _) = try await changes(
            ["/d/a": .init("1"), "/e": .init("1")], ["/d/a": .init("2"), "/e": .init("2")], at: "/d")
        #expect(lines == ["changed file /a"])
    }

    @Test("A path that one of them lacks is an error")
    func missing() async throws {
        await #expect(throws: KlosetError(.notFound, "")) {
            try await changes(["/d/a": .init("1")], ["/e": .init("1")], at: "/d")
        }
    }
}
