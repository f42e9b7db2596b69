import Foundation
import PeerPrograms
import Testing

/// The program `fasti` with a home folder of its own and without a terminal, so that nobody can be asked anything.
final class Program: Sendable {
    let home: TemporaryFolder
    private let executable: String

    init() throws {
        executable = try #require(PeerEnvironment.fasti, "the program fasti is not built")
        home = try TemporaryFolder("fasti-home")
    }

    /// - Parameter environment: added to an environment without passphrase and without default store.
    func callAsFunction(
        _ words: String..., environment: [String: String] = [:]
    ) async throws -> ProgramResult {
        let clean = [
            "HOME": home.path, "XDG_CONFIG_HOME": "", "FASTI_PASSPHRASE": "", "PLAKAR_PASSPHRASE": "",
            "FASTI_REPOSITORY": "", "PLAKAR_REPOSITORY": "", "FASTI_TAGS": "", "PLAKAR_TAGS": "", "NO_COLOR": "1",
        ].merging(environment) { $1 }
        // A session of its own has no terminal.
        return try await PeerPrograms.run(
            "/usr/bin/setsid", ["--wait", executable] + words, environment: clean, in: home.path)
    }

    func write(_ text: String, to path: String) throws {
        let url = home.url.appending(path: path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    func read(_ path: String) throws -> String {
        try String(contentsOf: home.url.appending(path: path), encoding: .utf8)
    }

    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: home.appending(path)) }
}

extension ProgramResult {
    /// The only JSON document on standard output.
    func document() throws -> [String: Any] {
        #expect(text.split(separator: "\n").count == 1, "one document in one line")
        return try #require(JSONSerialization.jsonObject(with: Data(standardOutput)) as? [String: Any])
    }

    /// The JSON objects on standard output, one in each line.
    func events() throws -> [[String: Any]] {
        try text.split(separator: "\n").map {
            try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    /// The data of the last event.
    func result() throws -> [String: Any] {
        let last = try #require(try events().last)
        #expect(last["type"] as? String == "result")
        return try #require(last["data"] as? [String: Any])
    }
}
