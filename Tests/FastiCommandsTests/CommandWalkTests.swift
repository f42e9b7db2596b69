import Foundation
import PeerPrograms
import Testing

/// Every command there is, taken from the definitions, so that a new one cannot be forgotten.
@Suite("Each command keeps to the common rules")
struct CommandWalkTests {
    /// Arguments with which a command that works on a store gets as far as opening it.
    private static let arguments: [String: [String]] = [
        "backup": ["data"], "ls": [], "cat": ["latest:a"], "restore": ["latest"], "diff": ["latest", "latest"],
        "check": [],
        "info": [], "digest": ["latest"], "rm": ["abc"], "prune": ["--newest", "1"], "locate": ["x"], "dup": ["latest"],
        "maintenance": [], "repair": [], "export": ["--output", "export.ics", "latest"],
        "archive": ["--output", "archive.tar", "latest"],
    ]
    /// Those that need no store that exists, or another one as well.
    private static let others: Set<String> = [
        "create", "ptar", "sync", "source", "destination", "store", "policy", "serve", "user", "version", "manual",
        "completion", "help",
    ]

    private func leaves(_ program: Program) async throws -> [[String]] {
        let document = try await program("help", "--json").document()
        var result: [[String]] = []
        func visit(_ command: [String: Any], _ words: [String]) {
            let children = command["subcommands"] as? [[String: Any]] ?? []
            if children.isEmpty { result.append(words) }
            for child in children where child["shouldDisplay"] as? Bool != false {
                if let name = child["commandName"] as? String { visit(child, words + [name]) }
            }
        }
        visit(try #require(document["command"] as? [String: Any]), [])
        return result
    }

    @Test("A wrong option answers 64 everywhere, help answers 0, and JSON has it as an object")
    func usage() async throws {
        let program = try Program()
        for words in try await leaves(program) where words != ["help"] {
            let wrong = try await program.run(words + ["--no-such-option", "--json"])
            #expect(wrong.status == 64, "\(words): \(wrong.standardError)")
            let error = try? JSONSerialization.jsonObject(with: Data(wrong.standardError.utf8)) as? [String: Any]
            #expect(error?["exitStatus"] as? Int == 64, "\(words): \(wrong.standardError)")
            #expect(wrong.standardOutput.isEmpty)
            let help = try await program.run(words + ["-help"])
            #expect(help.status == 0 && help.text.contains("USAGE"), "\(words)")
        }
    }

    @Test("Without a store 66, with the wrong passphrase 77, and in JSON as well")
    func stores() async throws {
        let program = try Program()
        try program.write("a", to: "data/a")
        try program.write("good and long enough for all\n", to: "key")
        try program.write("wrong\n", to: "wrong")
        #expect(try await program("-keyfile", "key", "at", "locked", "create").status == 0)
        for words in try await leaves(program) {
            let name = words[0]
            guard let arguments = Self.arguments[name] else {
                #expect(Self.others.contains(name), "\(name) is in neither list of this test")
                continue
            }
            for (place, status, options) in [
                ("absent", 66, []), ("data", 66, []), ("locked", 77, ["-keyfile", "wrong"]),
            ] {
                let result = try await program.run(["at", place, name] + arguments + options + ["--json"])
                #expect(result.status == status, "\(name) at \(place): \(result.standardError)")
                let error = try? JSONSerialization.jsonObject(with: Data(result.standardError.utf8)) as? [String: Any]
                #expect(error?["exitStatus"] as? Int == status, "\(name) at \(place): \(result.standardError)")
                #expect(!result.text.contains("{"), "\(name) at \(place)")
            }
        }
        #expect(!program.exists("absent"))
    }

    @Test("A store of a newer format answers 78")
    func newer() async throws {
        let program = try Program()
        _ = try await program("at", "store", "create", "-plaintext")
        // The version of the file stands behind eight bytes of magic and four of the kind, its major number third.
        let path = program.home.appending("store/CONFIG")
        var bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
        bytes[14] = 99
        try Data(bytes).write(to: URL(filePath: path))
        let result = try await program("at", "store", "ls")
        #expect(result.status == 78, "\(result.standardError)")
    }

    @Test("Nobody who asks gets a success for nothing")
    func nothing() async throws {
        let program = try Program()
        try program.write("a", to: "data/a")
        _ = try await program("at", "store", "create", "-plaintext")
        for words in [
            ["check"], ["restore"], ["prune", "-newest", "1"], ["rm", "-apply", "-tag", "x"], ["locate", "x"],
            ["diff", "latest"], ["cat", "latest:a"], ["digest", "latest"],
        ] {
            let result = try await program.run(["at", "store"] + words)
            #expect(result.status == 1, "\(words): \(result.text) \(result.standardError)")
            #expect(!result.standardError.isEmpty)
        }
    }
}
