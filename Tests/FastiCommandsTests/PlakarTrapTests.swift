import Foundation
import PeerPrograms
import Testing

/// What goes wrong with plakar's command line, and must not go wrong here: the numbers are those of the list of traps in
/// section 13 of its description (docs/from-plakar.md has them in words).
@Suite("Traps of plakar's command line")
struct PlakarTrapTests {
    private static let passphrase = ["FASTI_PASSPHRASE": "correct horse battery staple"]

    /// A plaintext store with one snapshot of two files; `hurt` damages the content of one of them.
    private func prepared(hurt: Bool = false) async throws -> Program {
        let program = try Program()
        try program.write("alpha", to: "data/a.txt")
        try program.write("beta", to: "data/sub/b.txt")
        _ = try await program("at", "store", "create", "-plaintext", "-no-compression")
        #expect(try await program("at", "store", "backup", "data").status == 0)
        if hurt {
            try damage(program, "packfiles") { bytes in
                bytes.range(of: Data("alpha".utf8)).map { bytes[$0.lowerBound] ^= 1 }
            }
        }
        return program
    }

    /// Changes the files of one folder of the store.
    private func damage(_ program: Program, _ folder: String, _ change: (inout Data) -> Void) throws {
        let folder = program.home.url.appending(path: "store").appending(path: folder)
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
            let file = folder.appending(path: path)
            guard var bytes = try? Data(contentsOf: file) else { continue }
            change(&bytes)
            try bytes.write(to: file)
        }
    }

    @Test("1: incomplete work is never a success")
    func trap01() async throws {
        let program = try await prepared(hurt: true)
        #expect(try await program("at", "store", "restore", "-to", "out").status == 3)
        #expect(try await program("at", "store", "check").status == 65)
        #expect(try await program("at", "store", "digest", "latest").status == 65)
        #expect(try await program("at", "store", "cat", "latest:a.txt").status == 65)
        #expect(try await program("at", "store", "archive", "-output", "x.tar", "latest").status == 3)
        _ = try await program("at", "second", "create", "-plaintext")
        #expect(try await program("at", "store", "sync", "to", "second").status == 3)
        #expect(try await program("ptar", "-plaintext", "-o", "x.ptar", "-k", "store", "data/sub").status == 3)
        for words in [["check", "dead"], ["digest", "dead"], ["dup", "dead"], ["restore", "dead"], ["rm", "dead"]] {
            let result = try await program.run(["at", "store"] + words)
            #expect(result.status == 1 && !result.standardError.isEmpty, "\(words)")
        }
        // Nobody may read this file of Linux, not even root.
        guard FileManager.default.fileExists(atPath: "/proc/sys/vm/compact_memory") else { return }
        let backup = try await program("at", "second", "backup", "/proc/sys/vm")
        #expect(backup.status == 3, "\(backup.text) \(backup.standardError)")
        #expect(backup.text.contains("INCOMPLETE"))
        #expect(try await program("at", "second", "info", "--errors", "latest").text.contains("compact_memory"))
    }

    @Test("2: JSON in pipes, of queries as well")
    func trap02() async throws {
        let program = try await prepared()
        for words in [
            ["ls"], ["info"], ["info", "latest"], ["ls", "latest"], ["locate", "a*"], ["digest", "latest"],
        ] {
            _ = try await program.run(["-json", "at", "store"] + words).document()
        }
        #expect(try await program("at", "store", "check", "-json").result()["sound"] as? Bool == true)
    }

    @Test("3: options after arguments are options")
    func trap03() async throws {
        let program = try await prepared()
        #expect(try await program("at", "store", "backup", "data", "-tag", "late", "-json").status == 0)
        #expect(try await program("at", "store", "ls", "-tag", "late").text.split(separator: "\n").count == 1)
        // What really is a path called so comes after two dashes.
        #expect(try await program("at", "store", "backup", "--", "-tag").status != 0)
    }

    @Test("4: one broken file of the settings stops nothing that does not need it")
    func trap04() async throws {
        let program = try await prepared()
        try program.write("sources: [broken", to: ".config/fasti/sources.yml")
        #expect(try await program("at", "store", "ls").status == 0)
        #expect(try await program("at", "store", "backup", "data").status == 0)
        let named = try await program("at", "store", "backup", "@work")
        #expect(named.status == 78 || named.status == 1)
        #expect(named.standardError.contains("sources.yml"))
        #expect(try program.read(".config/fasti/sources.yml") == "sources: [broken", "and it is left as it is")
    }

    @Test("5: no secrets in the clear")
    func trap05() async throws {
        let program = try await prepared()
        try program.write("geheim\n", to: "secret")
        let location = "caldav+http://127.0.0.1:1/"
        let refused = try await program(
            "at", "store", "backup", location, "-o", "username=anna", "-o", "password=geheim", "-trace", "all")
        #expect(refused.status == 1 && !refused.standardError.contains("geheim"))
        #expect(try await program("at", "store", "backup", "data", "-o=password=geheim").status != 0)
        let inAddress = try await program("at", "store", "backup", "caldav://anna:geheim@h.example/")
        #expect(inAddress.status == 1 && !inAddress.standardError.contains("geheim"))
        _ = try await program(
            "source", "add", "a", location, "username=anna", "password_file=\(program.home.appending("secret"))",
            "--no-test")
        #expect(!(try program.read(".config/fasti/sources.yml").contains("geheim")))
        for name in ["sources.yml"] {
            let path = program.home.appending(".config/fasti/\(name)")
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        }
        let folder = program.home.appending(".config/fasti")
        #expect(try FileManager.default.attributesOfItem(atPath: folder)[.posixPermissions] as? Int == 0o700)
    }

    @Test("6: relative times stay relative, dates are local, prune honours names")
    func trap06() async throws {
        let program = try await prepared()
        _ = try await program("policy", "add", "old", "before=30 days", "latest=true")
        #expect(try await program("policy", "show", "old").text.contains("30 days"))
        let first = try await program("at", "store", "ls", "-uuid", "-json").document()
        let snapshots = try #require(first["snapshots"] as? [[String: Any]])
        let identifier = try #require(snapshots.first?.values.compactMap { $0 as? String }.first { $0.count == 64 })
        #expect(try await program("at", "store", "backup", "data").status == 0)
        #expect(try await program("at", "store", "backup", "data").status == 0)
        let one = try await program("at", "store", "prune", identifier, "-newest", "1")
        #expect(one.status == 0)
        #expect(one.text.contains("keep 0 and delete 1"), "the two that were not named are not judged: \(one.text)")
        // Midnight in two zones is two instants.
        var said: Set<String> = []
        for zone in ["UTC", "Asia/Tokyo"] {
            let result = try await program(
                "at", "store", "ls", "-before", "2099-01-01", environment: ["TZ": zone])
            said.insert(result.standardError)
        }
        #expect(said.count == 2, "\(said)")
    }

    @Test("8: an empty choice is no success")
    func trap08() async throws {
        let program = try await prepared()
        for words in [
            ["ls", "-tag", "none"], ["check", "-tag", "none"], ["restore", "-tag", "none"], ["rm", "-tag", "none"],
            ["prune", "-tag", "none", "-newest", "1"], ["locate", "-tag", "none", "x"],
            ["sync", "-tag", "none", "to", "second"],
        ] {
            _ = try await program("at", "second", "create", "-plaintext")
            let result = try await program.run(["at", "store"] + words)
            #expect(result.status == 1 && !result.standardError.isEmpty, "\(words): \(result.status)")
        }
    }

    @Test("10: the passphrase comes from where the documentation says, in that order")
    func trap10() async throws {
        let program = try Program()
        #expect(try await program("at", "store", "create", environment: Self.passphrase).status == 0)
        try program.write("wrong\n", to: "wrong")
        try program.write("correct horse battery staple\n", to: "right")
        let (right, wrong) = (program.home.appending("right"), program.home.appending("wrong"))
        _ = try await program("store", "add", "s", program.home.appending("store"), "passphrase_file=\(wrong)")
        // Key file, then entry, then FASTI_PASSPHRASE, then PLAKAR_PASSPHRASE; the first that there is counts.
        #expect(try await program("at", "@s", "ls", "-keyfile", right, "-tags").status == 0)
        #expect(try await program("at", "@s", "ls", environment: Self.passphrase).status == 77)
        _ = try await program("store", "set", "s", "passphrase_cmd=cat '\(right)'")
        #expect(try await program("at", "@s", "ls", environment: ["FASTI_PASSPHRASE": "wrong"]).status == 0)
        let plakar = ["PLAKAR_PASSPHRASE": "correct horse battery staple"]
        #expect(try await program("at", "store", "ls", environment: plakar).status == 0)
        let both = plakar.merging(["FASTI_PASSPHRASE": "wrong"]) { $1 }
        #expect(try await program("at", "store", "ls", environment: both).status == 77)
    }

    @Test("11: mistakes in the command line are told before the passphrase is asked for")
    func trap11() async throws {
        let program = try Program()
        #expect(try await program("at", "store", "create", environment: Self.passphrase).status == 0)
        for words in [
            ["ls", "-nope"], ["cat", "abc"], ["restore", "a", "b"], ["sync", "to"], ["prune", "-days", "x"],
        ] {
            let result = try await program.run(["at", "store"] + words)
            #expect(result.status == 64 && !result.standardError.contains("passphrase"), "\(words)")
        }
    }

    @Test("12: a schedule that stopped, and then prune, do not empty the store")
    func trap12() async throws {
        let program = try await prepared()
        for days in [400, 300, 200] {
            let words = ["at", "store", "backup", "data", "-force-timestamp", "\(days) days"]
            #expect(try await program.run(words).status == 0)
        }
        let newest = try await program("at", "store", "ls", "-latest", "-json").document()
        let identifier = try #require(
            (newest["snapshots"] as? [[String: Any]])?.first?.values.compactMap { $0 as? String }.first {
                $0.count == 64
            })
        #expect(try await program("at", "store", "rm", "-apply", identifier).status == 0)
        #expect(try await program("at", "store", "prune", "-days", "2", "-apply").status == 0)
        #expect(try await program("at", "store", "ls").text.split(separator: "\n").count == 2)
    }

    @Test("13: what cannot be read is listed, checked, and never left out in silence")
    func trap13() async throws {
        let program = try await prepared()
        try damage(program, "packfiles") { bytes in
            for place in bytes.indices where place % 97 == 40 { bytes[place] ^= 0xFF }
        }
        let list = try await program("at", "store", "ls")
        #expect(list.status == 65 && list.standardError.contains("cannot be read"), "\(list.standardError)")
        #expect(try await program("at", "store", "check").status == 65)
        let document = try await program("at", "store", "ls", "-json")
        #expect(document.status == 65 && document.text.contains("unreadable"), "\(document.text)")
    }
}
