import Foundation
import PeerPrograms
import Testing

/// litmus, the test suite that WebDAV servers are measured with: every test of every part, none skipped.
@Suite struct LitmusTests {
    private static let program = ["/usr/bin/litmus", "/usr/local/bin/litmus"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    @Test func everyTestPasses() async throws {
        guard let litmus = Self.program else {
            print("litmus is not installed here: run make test")
            return
        }
        let work = try TemporaryFolder()
        let server = try #require(try await PeerServer.start(.fasti, in: work.appending("dav")))
        let parts = ["basic", "copymove", "props", "locks", "http"]
        let result = try await run(
            litmus, ["-k", server.url + "/user/calendars/"], environment: ["TESTS": parts.joined(separator: " ")],
            in: work.path)
        #expect(result.status == 0, "\(result.text.suffix(6000)) \(result.standardError)")
        for part in parts {
            let summary = result.text.split(separator: "\n").first { $0.contains("summary for `\(part)'") }
            let words = try #require(summary, "\(part) did not run: \(result.text)")
            #expect(words.contains(" 0 failed"), "\(part): \(words)")
        }
        for word in ["FAIL", "SKIPPED", "WARNING"] {
            let lines = result.text.split(separator: "\n").filter { $0.contains(word) }
            #expect(lines.isEmpty, "\(lines.joined(separator: "\n"))")
        }
        await server.stop()
        // What it has left behind are still repositories that git finds nothing wrong with.
        let folders = try await run("/usr/bin/find", [work.appending("dav"), "-type", "d", "-name", ".git"])
        for folder in folders.text.split(separator: "\n") {
            try await GitProgram(in: URL(filePath: String(folder)).deletingLastPathComponent().path).check()
        }
    }
}
