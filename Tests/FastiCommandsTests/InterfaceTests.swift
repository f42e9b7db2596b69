import Foundation
import PeerPrograms
import Testing

@Suite("Manual pages and completions")
struct InterfaceTests {
    /// Every visible command by its words, with its options, from the definitions themselves.
    private func commands(_ program: Program) async throws -> [(words: [String], options: [String])] {
        let document = try await program("help", "--json").document()
        let root = try #require(document["command"] as? [String: Any])
        var result: [(words: [String], options: [String])] = []
        func visit(_ command: [String: Any], _ words: [String]) {
            for child in command["subcommands"] as? [[String: Any]] ?? [] where child["shouldDisplay"] as? Bool != false
            {
                guard let name = child["commandName"] as? String else { continue }
                let options = (child["arguments"] as? [[String: Any]] ?? []).filter {
                    $0["kind"] as? String != "positional" && $0["shouldDisplay"] as? Bool != false
                }.flatMap { ($0["names"] as? [[String: Any]] ?? []) }.compactMap { name -> String? in
                    guard let text = name["name"] as? String else { return nil }
                    return name["kind"] as? String == "long" ? "--\(text)" : "-\(text)"
                }
                result.append((words + [name], options))
                visit(child, words + [name])
            }
        }
        visit(root, [])
        return result
    }

    @Test("Every command and every option is in the manual and is completed")
    func complete() async throws {
        let program = try Program()
        let commands = try await commands(program)
        #expect(commands.count > 40)
        #expect(try await program("manual", "--to", "man1").status == 0)
        for (words, options) in commands {
            let page = try program.read("man1/fasti-\(words[0]).1").replacingOccurrences(of: "\\-", with: "-")
            #expect(words.allSatisfy { page.contains($0) })
            for option in options { #expect(page.contains("\\fB\(option)\\fR"), "\(option) of \(words)") }
            let parent = try await program.run(["complete", "--"] + words.dropLast() + [""]).text
            #expect(parent.split(separator: "\n").contains { $0.hasPrefix(words[words.count - 1]) }, "\(words)")
            guard words[0] != "help", !options.isEmpty else { continue }
            let completed = try await program.run(["complete", "--"] + words + ["--"]).text
                .split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
            for option in options where option.hasPrefix("--") {
                #expect(completed.contains(option), "\(option) of \(words)")
            }
        }
    }

    @Test("The pages render without complaints")
    func render() async throws {
        let groff = "/usr/bin/groff"
        guard FileManager.default.isExecutableFile(atPath: groff) else {
            print("Skipped: there is no groff.")
            return
        }
        let program = try Program()
        #expect(try await program("manual", "--to", "man1").status == 0)
        for name in try FileManager.default.contentsOfDirectory(atPath: program.home.appending("man1")) {
            let result = try await PeerPrograms.run(
                groff, ["-man", "-Tutf8", "-ww", "-P-bcou", program.home.appending("man1/\(name)")], environment: [:])
            #expect(result.standardError.isEmpty, "\(name): \(result.standardError)")
            #expect(result.text.contains("NAME") && result.text.contains("EXIT STATUS"))
        }
    }

    @Test("Names, snapshots and paths are completed")
    func dynamic() async throws {
        let program = try Program()
        try program.write("x", to: "data/sub/file.txt")
        _ = try await program("source", "add", "mine", program.home.appending("data"))
        _ = try await program("policy", "add", "gfs", "days=7")
        _ = try await program("at", "store", "create", "-plaintext")
        _ = try await program("at", "store", "backup", "data")
        let id = String(try await program("at", "store", "ls").text.split(separator: " ")[1])
        func complete(_ words: String...) async throws -> [String] {
            try await program.run(["complete", "--"] + words).text.split(separator: "\n").map {
                String($0.prefix { $0 != "\t" })
            }
        }
        #expect(try await complete("at", "store", "backup", "@") == ["@mine"])
        #expect(try await complete("source", "set", "") == ["mine"])
        #expect(try await complete("at", "store", "prune", "-policy", "") == ["gfs"])
        #expect(try await complete("at", "store", "cat", "") == ["latest", id])
        #expect(try await complete("at", "store", "cat", "latest:sub/") == ["latest:sub/file.txt"])
        #expect(try await complete("at", "store", "ls", "-sin") == ["-since"])
        #expect(try await complete("at", "store", "backup", "--ignore-file", "") == [":files"])
        #expect(try await complete("at", "").contains(":files"))
        #expect(try await complete("at", "nowhere", "cat", "") == ["latest"])
        #expect(try await complete("--json", "at", "store", "lo") == ["locate"])
    }

    @Test("bash loads its script and completes with it")
    func bash() async throws {
        let program = try Program()
        let script = try await program("completion", "bash").text
        try program.write(script, to: "fasti.bash")
        let fasti = try #require(PeerEnvironment.fasti)
        let test = """
            source fasti.bash
            PATH=\(URL(filePath: fasti).deletingLastPathComponent().path):$PATH
            COMP_LINE='fasti at x loc'; COMP_POINT=${#COMP_LINE}; COMP_WORDS=(fasti at x loc); COMP_CWORD=3
            _fasti; echo "${COMPREPLY[@]}"
            """
        let result = try await PeerPrograms.run(
            "/bin/bash", ["-c", test], environment: ["HOME": program.home.path], in: program.home.path)
        #expect(result.text == "locate\n", "\(result.standardError)")
        for (shell, path) in [("zsh", "/usr/bin/zsh"), ("fish", "/usr/bin/fish")] {
            try program.write(try await program("completion", shell).text, to: "fasti.\(shell)")
            guard FileManager.default.isExecutableFile(atPath: path) else {
                print("Skipped: there is no \(shell).")
                continue
            }
            let check = try await PeerPrograms.run(
                path, ["-n", program.home.appending("fasti.\(shell)")], environment: [:])
            #expect(check.status == 0, "\(shell): \(check.standardError)")
        }
    }

    @Test("fish loads its script and completes with it")
    func fish() async throws {
        let fish = "/usr/bin/fish"
        guard FileManager.default.isExecutableFile(atPath: fish) else {
            print("Skipped: there is no fish.")
            return
        }
        let program = try Program()
        try program.write(try await program("completion", "fish").text, to: "fasti.fish")
        let fasti = try #require(PeerEnvironment.fasti)
        let test = """
            set -x PATH \(URL(filePath: fasti).deletingLastPathComponent().path) $PATH
            source fasti.fish
            complete -C 'fasti at x loc'
            """
        let result = try await PeerPrograms.run(
            fish, ["-c", test], environment: ["HOME": program.home.path], in: program.home.path)
        #expect(result.text.hasPrefix("locate\t"), "\(result.text) \(result.standardError)")
    }
}
