import BackupEngine
import ConnectorKit
import Kloset
import Testing

@Suite("Choosing snapshots")
struct SelectionTests {
    @Test(
        "References",
        arguments: [
            ("3f2a", "3f2a", nil), ("3F2A:/x", "3f2a", "/x"), ("latest", nil, nil), ("latest:work", nil, "work"),
            ("/work", nil, "/work"), ("3f2a:", "3f2a", nil), ("3f2a:a:b", "3f2a", "a:b"),
        ] as [(String, String?, String?)])
    func references(text: String, prefix: String?, path: String?) throws {
        let reference = try #require(SnapshotReference(text))
        #expect(reference.prefix == prefix)
        #expect(reference.path == path)
    }

    @Test(
        "What is no reference",
        arguments: ["", "xyz", ":x", "3f2g", "late", String(repeating: "a", count: 65), "3f 2a"])
    func noReferences(text: String) { #expect(SnapshotReference(text) == nil) }

    @Test("Relative paths begin at the folder that was backed up")
    func paths() throws {
        let relative = try #require(SnapshotReference("ab:work/../home"))
        #expect(relative.path(below: "/srv") == "/srv/home")
        #expect(SnapshotReference("ab:/work")?.path(below: "/srv") == "/work")
        #expect(SnapshotReference("ab")?.path(below: "/srv") == "/srv")
    }

    @Test("The newest, a prefix, an unknown and an ambiguous one")
    func finding() async throws {
        let store = try await TemporaryStore()
        await #expect(throws: KlosetError(.notFound, "")) {
            try await SnapshotReference.latest.find(in: store.repository)
        }
        // Among 17 identifiers two begin with the same digit.
        var newest = MAC.zero
        for number in 0..<17 { newest = try await store.backUp(["/a": .init("\(number)")]).header.identifier }
        #expect(try await SnapshotReference.latest.find(in: store.repository).header.identifier == newest)
        let exact = try #require(SnapshotReference(newest.hex))
        #expect(try await exact.find(in: store.repository).header.identifier == newest)
        let all = try await store.repository.snapshots().headers.map(\.identifier.hex)
        let digits = all.compactMap(\.first)
        let shared = try #require(digits.first { digit in digits.count { $0 == digit } > 1 })
        let ambiguous = try #require(SnapshotReference(String(shared)))
        await #expect(throws: KlosetError(.ambiguous, "")) { try await ambiguous.find(in: store.repository) }
        let unknown = try #require(SnapshotReference(String(repeating: "0", count: 40)))
        await #expect(throws: KlosetError(.notFound, "")) { try await unknown.find(in: store.repository) }
    }

    @Test("Filters must all hold, and keep the order")
    func filters() async throws {
        let store = try await TemporaryStore()
        for (name, tags) in [("one", ["a"]), ("two", ["a", "b"]), ("two", [])] {
            var options = BackupOptions()
            options.name = name
            options.tags = tags
            let importer = FakeImporter(["/a": .init(name)])
            _ = try await BackupJob(repository: store.repository, importer: importer, options: options).run { _ in }
        }
        let headers = try await store.repository.snapshots().headers
        func count(_ change: (inout SnapshotFilter) -> Void) -> Int {
            var filter = SnapshotFilter()
            change(&filter)
            return filter.apply(headers).count
        }
        #expect(count { _ in } == 3)
        #expect(count { $0.tags = ["a"] } == 2)
        #expect(count { $0.tags = ["a", "!b"] } == 1)
        #expect(count { $0.name = "two" } == 2)
        #expect(count { $0.latestOnly = true } == 1)
        #expect(count { $0.types = ["fs", "fake"] } == 3)
        #expect(count { $0.origins = ["elsewhere"] } == 0)
        #expect(count { $0.roots = ["/"] } == 3)
    }
}
