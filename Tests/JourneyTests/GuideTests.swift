import Foundation
import PeerPrograms
import Testing

/// The guides in `docs/`: every command in a block that is marked with `<!-- run -->` is typed as it stands, all blocks of a
/// page in one shell with an empty home folder, and must answer the status that its `# status N` says, else 0.
struct GuideTests {
    static let pages: [String] = {
        let folder = PeerEnvironment.packageRoot.appending(path: "docs")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { name in
            let text = try? String(contentsOf: folder.appending(path: name), encoding: .utf8)
            return name.hasSuffix(".md") && text?.contains("<!-- run -->") == true
        }.sorted()
    }()

    @Test(arguments: pages) func theCommandsWorkAsWritten(page: String) async throws {
        let fasti = try #require(PeerEnvironment.fasti)
        let url = PeerEnvironment.packageRoot.appending(path: "docs/\(page)")
        let commands = Self.commands(try String(contentsOf: url, encoding: .utf8))
        try #require(!commands.isEmpty)
        let home = try TemporaryFolder("fasti-guide")
        var script = "cd\nPATH=\(URL(filePath: fasti).deletingLastPathComponent().path):$PATH\n"
        for command in commands { script += "\(command.text)\necho \"@@ $?\"\n" }
        let result = try await run(
            "/bin/bash", ["-c", script],
            environment: [
                "HOME": home.path, "XDG_DATA_HOME": "", "XDG_CONFIG_HOME": "", "XDG_CACHE_HOME": "", "NO_COLOR": "1",
                "FASTI_PASSPHRASE": "", "PLAKAR_PASSPHRASE": "", "FASTI_REPOSITORY": "", "PLAKAR_REPOSITORY": "",
            ], in: home.path)
        let statuses = result.text.split(separator: "\n").filter { $0.hasPrefix("@@ ") }.compactMap {
            Int($0.dropFirst(3))
        }
        #expect(statuses.count == commands.count, "\(page): \(result.standardError.suffix(1000))")
        for (command, status) in zip(commands, statuses) {
            #expect(status == command.status, "\(page): \(command.text)\n\(result.standardError.suffix(2000))")
        }
    }

    private static func commands(_ page: String) -> [(text: String, status: Int)] {
        var result: [(String, Int)] = []
        var isMarked = false
        var isInside = false
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            switch line {
            case "<!-- run -->": isMarked = true
            case "```console" where isMarked: isInside = true
            case "```":
                isInside = false
                isMarked = false
            default:
                guard isInside, line.hasPrefix("$ ") else { continue }
                let text = String(line.dropFirst(2))
                let status = text.firstMatch(of: /# status (\d+)$/).flatMap { Int($0.output.1) } ?? 0
                result.append((text, status))
            }
        }
        return result
    }
}
