import Foundation
import PeerPrograms
import Testing

@Suite("Command lines that cannot be understood")
struct UsageTests {
    @Test(
        "They end with 64, an explanation on standard error, and before anything is opened",
        arguments: [
            [], ["bakup"], ["at"], ["at", "/x"], ["ls", "--nope"], ["at", "/x", "source", "show"], ["source"],
            ["source", "add"], ["source", "add", "x"], ["source", "add", "a b", "/x"],
            ["source", "add", "x", "/x", "notapair"], ["source", "add", "x", "/x", "a=1", "a=2"],
            ["source", "set", "x"],
            ["source", "show", "--ini", "--json"], ["at", "/x", "ls", "not-hex"], ["at", "/x", "ls", "--recursive"],
            ["at", "/x", "ls", "abc", "--tag", "a"], ["at", "/x", "cat"], ["at", "/x", "cat", "abc"],
            ["at", "/x", "restore", "a", "b"], ["at", "/x", "rm"], ["at", "/x", "rm", "abc:/path"],
            ["at", "/x", "diff"], ["at", "/x", "backup", "@"], ["at", "/x", "backup", "--dry-run", "--check"],
            ["at", "/x", "create", "--hashing", "MD5"], ["at", "/x", "create", "--plaintext", "--keyfile", "k"],
            ["at", "/x", "ls", "--concurrency", "0"], ["at", "/x", "info", "--errors"], ["at", "/x", "restore", "-to"],
        ])
    func usage(words: [String]) async throws {
        let program = try Program()
        let result = try await program.run(words)
        #expect(result.status == 64, "\(words): \(result.standardError)")
        #expect(result.standardOutput.isEmpty)
        #expect(result.standardError.hasPrefix(words.contains("--json") ? "{" : "fasti: "))
        let json = try await program.run(words + ["--json"])
        if words.first != nil, !words.contains("--ini") {
            #expect(json.status == 64, "\(words): \(json.standardError)")
            #expect(json.standardOutput.isEmpty)
            let error = try #require(
                JSONSerialization.jsonObject(with: Data(json.standardError.utf8)) as? [String: Any])
            #expect(error["exitStatus"] as? Int == 64)
            #expect((error["message"] as? String)?.isEmpty == false)
        }
    }

    @Test(
        "Help goes to standard output and shows examples",
        arguments: [
            "create", "backup", "ls", "cat", "restore", "diff", "check", "info", "digest", "rm", "source add",
            "destination show", "store ping",
        ])
    func help(command: String) async throws {
        let program = try Program()
        let words = command.split(separator: " ").map(String.init)
        let result = try await program.run(words + ["--help"])
        #expect(result.status == 0)
        #expect(result.text.contains("fasti "))
        #expect(result.text.contains("Example"))
        #expect(try await program.run(["help"] + words).text == result.text)
    }

    @Test("What people try first is answered with the next step")
    func nextSteps() async throws {
        let program = try Program()
        let unknown = try await program("help", "bakup")
        #expect(unknown.status == 64 && unknown.standardError.contains("Did you mean \"backup\"?"))
        #expect(try await program("help", "source", "nope").status == 64)
        #expect(try await program("help", "source", "add").status == 0)
        let absent = try await program("at", "new", "ls")
        #expect(absent.status == 66 && absent.standardError.contains("fasti at new create"), "\(absent.standardError)")
        _ = try await program("at", "new", "create", "-plaintext")
        let web = try await program("at", "new", "backup", "https://cal.example.org/dav")
        #expect(web.status == 1 && web.standardError.contains("caldav://"), "\(web.standardError)")
        let refused = try await program("at", "new", "backup", "caldav+http://127.0.0.1:1/")
        #expect(
            refused.standardError.contains("No connection to 127.0.0.1:1: Connection refused."),
            "\(refused.standardError)")
    }

    @Test("The root help names every command")
    func rootHelp() async throws {
        let program = try Program()
        let text = try await program("help").text
        for name in ["create", "backup", "restore", "source", "store", "version"] {
            #expect(text.contains("  \(name) "))
        }
        #expect(try await program("--help").text == text)
        #expect(try await program("version").text.hasPrefix("fasti "))
    }
}

extension Program {
    func run(_ words: [String]) async throws -> ProgramResult {
        try await PeerPrograms.run(
            "/usr/bin/setsid", ["--wait", #require(PeerEnvironment.fasti)] + words, environment: ["HOME": home.path],
            in: home.path)
    }
}
