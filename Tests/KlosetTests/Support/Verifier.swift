import Foundation
import Testing

/// The independent reader of Kloset stores.
enum Verifier {
    /// Nil when it cannot be run here.
    static let command: (python: String, tool: String)? = {
        guard let python = ProcessInfo.processInfo.environment["FASTI_TEST_PYTHON"],
            let tool = Shared.folder.map({ $0 + "/tools/kloset_verify.py" }),
            FileManager.default.fileExists(atPath: tool)
        else { return nil }
        return (python, tool)
    }()

    /// What another of its commands prints.
    static func output(_ words: [String], passphrase: [UInt8]? = nil) throws -> [UInt8] {
        guard let command else { return [] }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command.python)
        process.arguments = [command.tool] + words
        var environment = ProcessInfo.processInfo.environment
        if let passphrase { environment["KLOSET_PASSPHRASE"] = String(decoding: passphrase, as: UTF8.self) }
        process.environment = environment
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = [UInt8](output.fileHandleForReading.readDataToEndOfFile())
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return bytes
    }

    /// Checks every rule of the format and expects none to be broken, not even those that readers forgive.
    static func expectClean(
        _ store: String, passphrase: [UInt8]? = nil, _ options: [String] = ["--all", "--foreign", "--complete"]
    ) throws {
        guard let command else { return }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command.python)
        process.arguments = [command.tool, "verify", "--strict"] + options + [store]
        var environment = ProcessInfo.processInfo.environment
        if let passphrase { environment["KLOSET_PASSPHRASE"] = String(decoding: passphrase, as: UTF8.self) }
        process.environment = environment
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(text.prefix(4000))")
    }
}
