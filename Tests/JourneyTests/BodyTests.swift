import Foundation
import PeerPrograms
import Testing

/// Bodies of requests: refused before they are sent, asked for, and bounded together.
@Suite struct BodyTests {
    private let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Peers/bodies.py").path

    private func bodies(_ words: String...) async throws -> ProgramResult {
        try await run("/usr/bin/env", ["python3", script] + words)
    }

    @Test func largeBodiesAreBoundedOneByOneAndTogether() async throws {
        let work = try TemporaryFolder()
        let server = try #require(
            try await PeerServer.start(.fasti, in: work.path, arguments: ["--max-resource-size", "2"]))
        // The largest object, and a mebibyte for what may be around it.
        let result = try await bodies("size", String(server.port), String(3 << 20))
        #expect(result.status == 0, "\(result.text.suffix(2000)) \(result.standardError.suffix(2000))")
        #expect(await server.stop() == 0)
    }

    @Test func strangersSendNoBodies() async throws {
        let work = try TemporaryFolder()
        let fasti = try #require(PeerEnvironment.fasti, "the program fasti is not built")
        let users = work.appending("users")
        let added = try await run(
            fasti, ["user", "add", "--users", users, "--stdin", "user"], input: Array("some pass word\n".utf8))
        try #require(added.status == 0, "\(added.standardError)")
        let server = try #require(
            try await PeerServer.start(.fasti, in: work.appending("dav"), arguments: ["--users", users]))
        let result = try await bodies("password", String(server.port))
        #expect(result.status == 0, "\(result.text) \(result.standardError)")
        await server.stop()
    }
}
