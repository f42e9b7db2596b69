import Foundation
import PeerPrograms
import Testing

/// The program `fasti` as one person uses it: with a home folder of its own, and what it answers.
struct FastiProgram: Sendable {
    let executable: String
    let home: TemporaryFolder

    init() throws {
        executable = try #require(PeerEnvironment.fasti, "the program fasti is not built")
        home = try TemporaryFolder("fasti-home")
    }

    var environment: [String: String] {
        [
            "HOME": home.path, "XDG_CONFIG_HOME": home.appending("config"), "XDG_CACHE_HOME": home.appending("cache"),
            "XDG_DATA_HOME": home.appending("data"), "FASTI_PASSPHRASE": "correct horse battery staple",
            "NO_COLOR": "1",
        ]
    }

    /// Runs `fasti` with the words of `command`, which are separated by blanks.
    @discardableResult
    func callAsFunction(_ command: String, expecting status: Int32 = 0) async throws -> ProgramResult {
        try await self(command.split(separator: " ").map(String.init), expecting: status)
    }

    @discardableResult
    func callAsFunction(_ words: [String], expecting status: Int32 = 0) async throws -> ProgramResult {
        let result = try await run(executable, words, environment: environment, in: home.path)
        try #require(
            result.status == status,
            """
            fasti \(words.joined(separator: " ")) ended with \(result.status), not \(status)
            \(result.text.suffix(3000))
            \(result.standardError.suffix(3000))
            """)
        return result
    }

    /// The identifiers of all snapshots, oldest first.
    func snapshots(of store: String) async throws -> [String] {
        let list = try await self(["at", store, "ls", "--json"])
        let document = try #require(JSONSerialization.jsonObject(with: Data(list.standardOutput)) as? [String: Any])
        let snapshots = try #require(document["snapshots"] as? [[String: Any]])
        return snapshots.compactMap { $0["id"] as? String ?? $0["identifier"] as? String ?? $0["snapshot"] as? String }
            .reversed()
    }
}
