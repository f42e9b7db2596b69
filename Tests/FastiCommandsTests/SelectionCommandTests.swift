import Foundation
import PeerPrograms
import Testing

@Suite("Choosing, keeping and comparing snapshots on the command line")
struct SelectionCommandTests {
    /// A store with snapshots of `data`, today and 3, 10 and 40 days ago.
    private func store(_ program: Program) async throws {
        try program.write("alpha\nbeta\n", to: "data/a.txt")
        _ = try await program("at", "store", "create", "-plaintext")
        for (age, tag) in [("40d", "old"), ("10d", "x"), ("3d", "x,y")] {
            let result = try await program(
                "at", "store", "backup", "data", "-force-timestamp", age, "-tag", tag, "-name", "n\(age)", "-job",
                "nightly",
                "-category", "c", "-environment", "e", "-perimeter", "p", "-dataset", "d")
            #expect(result.status == 0, "\(result.standardError)")
        }
        #expect(try await program("at", "store", "backup", "data").status == 0)
    }

    private func count(_ program: Program, _ words: String...) async throws -> Int {
        let result = try await program.run(["at", "store", "ls", "--json"] + words)
        guard result.status == 0 else { return result.status == 1 ? 0 : -1 }
        return (try result.document()["snapshots"] as? [Any])?.count ?? -1
    }

    @Test("Every option of the selection reaches the header")
    func options() async throws {
        let program = try Program()
        try await store(program)
        for (words, expected) in [
            (["-since", "5d"], 2), (["-before", "5d"], 2), (["-since", "11d", "-before", "2d"], 2), (["-latest"], 1),
            (["-tag", "x"], 2), (["-tag", "x,!y"], 1), (["-tag", "!x", "-tag", "!old"], 1), (["-name", "n3d"], 1),
            (["-job", "nightly"], 3), (["-category", "c"], 3), (["-environment", "e"], 3), (["-perimeter", "p"], 3),
            (["-dataset", "d"], 3), (["-dataset", "z"], 0), (["-type", "fs,dav"], 4), (["-type", "dav"], 0),
            (["-root", program.home.appending("data")], 4), (["-root", "/nowhere"], 0), (["-newest", "2"], 2),
            (["-days", "2"], 2), (["-per-year", "1", "-newest", "1"], 1), (["-newest", "1", "-group-by", "name"], 4),
            (["-data-class", "z"], 0), (["-since", "tomorrow"], -1), (["-group-by", "colour"], -1),
            (["-days", "0"], -1),
        ] as [([String], Int)] {
            let result = try await program.run(["at", "store", "ls", "--json"] + words)
            let found = result.status == 0 ? (try result.document()["snapshots"] as? [Any])?.count : nil
            let wanted: Int? = expected > 0 ? expected : nil
            // Snapshots 40 days apart may lie in two years.
            if words.first == "-per-year" {
                #expect([1, 2].contains(found))
            } else {
                #expect(found == wanted, "\(words): \(result.standardError)")
            }
            #expect(result.status == (expected > 0 ? 0 : expected == 0 ? 1 : 64), "\(words)")
        }
        let note = try await program("at", "store", "ls", "-since", "2026-01-01", environment: ["TZ": "Europe/Berlin"])
        #expect(note.standardError.contains("--since 2026-01-01: 2026-01-01 00:00:00 +01:00"))
    }

    @Test("prune shows first, removes with --apply, by rules or a policy")
    func prune() async throws {
        let program = try Program()
        try await store(program)
        #expect(try await program("at", "store", "prune").status == 64)
        #expect(try await program("at", "store", "prune", "-tag", "x").status == 64, "no rule")
        #expect(try await program("at", "store", "prune", "-policy", "gfs").status == 1, "no such policy")
        let shown = try await program("at", "store", "prune", "-newest", "2")
        #expect(shown.text.hasPrefix("prune: would keep 2 and delete 2 snapshot(s), run with -apply to proceed\n"))
        #expect(shown.text.contains("match=newest rank=1 cap=2"))
        #expect(shown.standardError.contains("maintenance"))
        #expect(try await count(program) == 4)
        _ = try await program("policy", "add", "two", "newest=3", "before=1 week")
        let policy = try await program("at", "store", "prune", "-policy", "two", "-newest", "1", "--json").document()
        #expect((policy["verdicts"] as? [[String: Any]])?.count == 2, "only those of the policy's time")
        #expect((policy["snapshots"] as? [String])?.count == 1)
        let ids = try await program("at", "store", "ls", "-uuid").text.split(separator: "\n").map {
            $0.split(separator: " ")[1]
        }
        let named = try await program("at", "store", "prune", "-newest", "1", "-apply", String(ids[2]))
        #expect(named.text.contains("kept 0 and deleted 1 snapshot(s)"), "\(named.text)")
        #expect(try await count(program) == 3)
        #expect(try await program("at", "store", "prune", "-newest", "1", "-apply").status == 0)
        #expect(try await count(program) == 1)
        #expect(try await program("at", "store", "rm", "-apply", "-type", "fs").status == 0)
        #expect(try await count(program) == 1, "the last one is spared")
        #expect(try await program("at", "store", "rm", "-apply", "-type", "fs", "-even-last").status == 0)
        #expect(try await program("at", "store", "ls").text.isEmpty)
    }

    @Test("diff of files, folders and of what is there now; locate finds by name and path")
    func diff() async throws {
        let program = try Program()
        try await store(program)
        try program.write("alpha\ngamma\n", to: "data/a.txt")
        try program.write("new", to: "data/sub/n.ics")
        let live = try await program("at", "store", "diff", "latest", "-recursive")
        #expect(live.text.hasPrefix("M /a.txt\n+ /sub\n+ /sub/n.ics\n"), "\(live.text)")
        #expect(live.text.contains("-beta\n+gamma\n"))
        #expect(try await program("at", "store", "diff", "latest", "-exit-code").status == 1)
        let old = String(try await program("at", "store", "ls").text.split(separator: " ")[1])
        _ = try await program("at", "store", "backup", "data")
        let files = try await program("at", "store", "diff", "\(old):a.txt", "latest:a.txt").text
        #expect(files.contains("@@ -1,2 +1,2 @@\n alpha\n-beta\n+gamma\n"))
        #expect(try await program("at", "store", "diff", "latest", "latest", "-exit-code").status == 0)
        let document = try await program("at", "store", "diff", old, "latest", "-recursive", "--json").document()
        #expect(document["added"] as? Int == 2)
        #expect((document["contents"] as? [[String: Any]])?.count == 1)

        let found = try await program("at", "store", "locate", "*.ics")
        #expect(found.text.split(separator: "\n").count == 1)
        #expect(found.text.hasSuffix("/data/sub/n.ics\n"))
        #expect(
            try await program("at", "store", "locate", "A.TXT", "-ignore-case").text.split(separator: "\n").count == 5)
        #expect(try await program("at", "store", "locate", "-snapshot", old, "a.*").text.hasPrefix("\(old):/"))
        #expect(try await program("at", "store", "locate", "nothing").status == 1)
        let places = try await program("at", "store", "locate", "-latest", "*.txt", "--json").document()
        #expect((places["places"] as? [[String: Any]])?.count == 1)
    }

    @Test("What is ignored is neither read nor kept; a dry run tells the differences")
    func ignoring() async throws {
        let program = try Program()
        try program.write("a", to: "data/a.ics")
        try program.write("b", to: "data/b.tmp")
        try program.write("c", to: "data/deep/c.tmp")
        try program.write("d", to: "data/deep/cache/d")
        try program.write("# nothing temporary\n*.tmp\n", to: "ignore")
        _ = try await program("at", "store", "create", "-plaintext")
        let words = [
            "at", "store", "backup", "data", "-ignore-file", "ignore", "-ignore", "cache/", "--ignore", "!c.tmp",
        ]
        #expect(try await program.run(words).status == 0)
        let names = try await program("at", "store", "ls", "-recursive", "latest").text
        #expect(names.contains("a.ics") && names.contains("c.tmp"))
        #expect(!names.contains("b.tmp") && !names.contains("cache"))
        #expect(try await program("at", "store", "backup", "data", "-ignore-file", "absent").status == 1)
        try program.write("changed", to: "data/a.ics")
        try FileManager.default.removeItem(atPath: program.home.appending("data/deep/c.tmp"))
        try program.write("n", to: "data/n.ics")
        let dry = try await program.run(words + ["--dry-run"])
        #expect(dry.text.contains("M \(program.home.appending("data/a.ics"))\n"), "\(dry.text)")
        #expect(dry.text.contains("+ \(program.home.appending("data/n.ics"))\n"))
        #expect(dry.text.contains("- \(program.home.appending("data/deep/c.tmp"))\n"))
        let result = try await program.run(words + ["--dry-run", "--json"]).result()
        #expect(result["added"] as? Int == 1 && result["changed"] as? Int == 1 && result["removed"] as? Int == 1)
        #expect(try await count(program) == 1)
    }

    @Test("Several sources, hooks, verification, and a time that is not in the future")
    func jobs() async throws {
        let program = try Program()
        try program.write("a", to: "one/a")
        try program.write("b", to: "two/b")
        _ = try await program("at", "store", "create", "-plaintext")
        let both = try await program("at", "store", "backup", "one", "absent", "two", "--json")
        #expect(both.status == 1, "one of the three was not there")
        #expect(try await count(program) == 2)
        let hooked = try await program(
            "at", "store", "backup", "one", "-pre-hook", "echo before", "-post-hook", "echo $FASTI_STATUS >> log",
            "-fail-hook", "echo failed >> log")
        #expect(hooked.status == 0 && !hooked.text.contains("before") && hooked.standardError.contains("before"))
        #expect(
            try await program(
                "at", "store", "backup", "one", "-pre-hook", "exit 3", "-fail-hook", "echo \"$FASTI_ERROR\" >> log"
            ).status == 1)
        #expect(try program.read("log") == "0\nThe command of --pre-hook ended with status 3.\n")
        #expect(try await count(program) == 3)
        #expect(try await program("at", "store", "backup", "one", "-force-timestamp", "2999-01-01").status == 64)
        let restore = try await program(
            "at", "store", "restore", "--to", "out", "--verify", "-root", program.home.appending("two"))
        #expect(
            restore.status == 0 && restore.text.contains("verified: 1 file as in the snapshot, 0 not"),
            "\(restore.text)")
        #expect(try program.read("out/b") == "b")
        #expect(try await program("at", "store", "restore", "--dry-run", "--to", "never", "latest").status == 0)
        #expect(!program.exists("never"))
    }
}
