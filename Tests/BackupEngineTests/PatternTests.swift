import BackupEngine
import ConnectorKit
import Testing

@Suite("Patterns for names and paths")
struct PatternTests {
    @Test(
        "Globs",
        arguments: [
            ("*.ics", "a.ics", true), ("*.ics", "a.ics.bak", false), ("?", "é", true), ("?", "ab", false),
            ("[a-c]x", "bx", true), ("[!a-c]x", "bx", false), ("[^a-c]x", "dx", true), ("[]]", "]", true),
            ("a\\*b", "a*b", true), ("a\\*b", "axb", false), ("[", "[", true), ("**", "anything", true), ("", "", true),
            ("a*b*c", "aXbYc", true), ("a*b*c", "acb", false),
            ("*a*a*a*a*b", String(repeating: "a", count: 200), false),
        ])
    func globs(pattern: String, name: String, fits: Bool) { #expect(Glob(pattern).matches(Array(name.utf8)) == fits) }

    @Test("Bytes that are no text count as characters")
    func bytes() {
        #expect(Glob("a?c").matches([0x61, 0xFF, 0x63]))
        #expect(!Glob("a?c").matches([0x61, 0xFF, 0xFE, 0x63]))
    }

    /// The files that a backup of `/srv/data` keeps; directories are not told.
    private func kept(_ rules: [String], _ files: [String], root: BytePath = "/srv/data") async throws -> [String] {
        let store = try await TemporaryStore()
        var contents: [BytePath: FakeImporter.File] = [:]
        for file in files {
            if let path = BytePath(validating: root.bytes + Array("/\(file)".utf8)) { contents[path] = .init(file) }
        }
        var options = BackupOptions()
        for rule in rules { options.ignored.add(pattern: Array(rule.utf8), root: root) }
        let log = EventLog()
        let importer = FakeImporter(contents, root: root)
        _ = try await BackupJob(repository: store.repository, importer: importer, options: options).run(log.report)
        return log.events.compactMap { event in
            guard case .entry(let entry) = event, entry.kind == .file else { return nil }
            return entry.path.relative(to: root).map { String("\($0)".dropFirst()) }
        }.sorted()
    }

    @Test(
        "Rules of gitignore files",
        arguments: [
            (["*.tmp"], ["a.ics", "sub/c.ics"]), (["sub"], ["a.ics", "b.tmp"]), (["sub/"], ["a.ics", "b.tmp"]),
            (["a.ics/"], ["a.ics", "b.tmp", "sub/c.ics", "sub/d.tmp"]),
            (["/b.tmp"], ["a.ics", "sub/c.ics", "sub/d.tmp"]),
            (["/d.tmp"], ["a.ics", "b.tmp", "sub/c.ics", "sub/d.tmp"]),
            (["sub/*.ics"], ["a.ics", "b.tmp", "sub/d.tmp"]), (["*", "!*.ics"], ["a.ics"]),
            (["*.tmp", "!/sub/*.tmp"], ["a.ics", "sub/c.ics", "sub/d.tmp"]),
            (["sub/", "!sub/c.ics"], ["a.ics", "b.tmp"]), (["sub/**"], ["a.ics", "b.tmp"]),
            (["**/d.tmp"], ["a.ics", "b.tmp", "sub/c.ics"]),
            (["# a.ics", "", "  "], ["a.ics", "b.tmp", "sub/c.ics", "sub/d.tmp"]),
            (["/srv/data/sub"], ["a.ics", "b.tmp"]), (["srv"], ["a.ics", "b.tmp", "sub/c.ics", "sub/d.tmp"]),
        ])
    func ignore(rules: [String], expected: [String]) async throws {
        #expect(try await kept(rules, ["a.ics", "b.tmp", "sub/c.ics", "sub/d.tmp"]) == expected)
    }

    @Test("locate compares names, and whole paths where a pattern has a slash")
    func queries() {
        #expect(EntryQuery(["*.ics"]).matches("/a/b.ics"))
        #expect(!EntryQuery(["a"]).matches("/a/b.ics"))
        #expect(EntryQuery(["/a/**"]).matches("/a/b/c"))
        #expect(!EntryQuery(["/a/*"]).matches("/a/b/c"))
        #expect(EntryQuery(["B.*"], ignoresCase: true).matches("/a/b.ICS"))
        #expect(!EntryQuery(["*"]).matches(.root))
    }
}
