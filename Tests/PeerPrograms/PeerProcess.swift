import Foundation

/// A program that a test started, with what it printed.
package final class PeerProcess: Sendable {
    private let process: Process
    private let log: URL
    private let logFolder: TemporaryFolder

    /// Starts `executable` with its standard output and error going to one file.
    package init(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:], in folder: String? = nil
    ) throws {
        logFolder = try TemporaryFolder("fasti-peer")
        log = logFolder.url.appending(path: "output.txt")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let output = try FileHandle(forWritingTo: log)
        process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let folder { process.currentDirectoryURL = URL(filePath: folder) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        // The program has its own by now; Foundation would keep ours for as long as the tests run.
        defer { try? output.close() }
        try process.runWithOpenSignals()
    }

    package var identifier: Int32 { process.processIdentifier }
    package var isRunning: Bool { process.isRunning }
    package var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    /// Asks the program to end and waits; after ten seconds it is killed. Returns its exit status.
    @discardableResult
    package func stop(signal: Int32 = SIGTERM) async -> Int32 {
        if process.isRunning { kill(process.processIdentifier, signal) }
        let deadline = ContinuousClock.now + .seconds(10)
        while process.isRunning {
            if ContinuousClock.now > deadline { kill(process.processIdentifier, SIGKILL) }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return process.terminationStatus
    }

    /// Ctrl-C, as a terminal sends it: to the program and everything that it has started. Waits until all have ended.
    package func interrupt() async {
        // Foundation gives each program a process group of its own.
        kill(-process.processIdentifier, SIGINT)
        await stop(signal: SIGINT)
    }

    /// Waits until the program has ended by itself.
    package func waitUntilExit() async -> Int32 {
        while process.isRunning { try? await Task.sleep(for: .milliseconds(5)) }
        return process.terminationStatus
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }
}

extension Process {
    /// Starts the program with no signal blocked. The threads that Swift runs tasks on block nearly all of them, and a
    /// child inherits that: it would never hear that it is to stop.
    fileprivate func runWithOpenSignals() throws {
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try run()
    }
}

/// What a finished program answered.
package struct ProgramResult: Sendable {
    package var status: Int32
    package var standardOutput: [UInt8]
    package var standardError: String
    package var text: String { String(decoding: standardOutput, as: UTF8.self) }
}

/// Runs a program to its end.
package func run(
    _ executable: String, _ arguments: [String], environment: [String: String] = [:], in folder: String? = nil,
    input: [UInt8]? = nil
) async throws -> ProgramResult {
    let scratch = try TemporaryFolder("fasti-run")
    let files = ["in", "out", "err"].map { scratch.url.appending(path: $0) }
    try Data(input ?? []).write(to: files[0])
    for file in files[1...] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }

    let process = Process()
    process.executableURL = URL(filePath: executable)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    if let folder { process.currentDirectoryURL = URL(filePath: folder) }
    let handles = [
        try FileHandle(forReadingFrom: files[0]), try FileHandle(forWritingTo: files[1]),
        try FileHandle(forWritingTo: files[2]),
    ]
    process.standardInput = input == nil ? FileHandle.nullDevice : handles[0]
    process.standardOutput = handles[1]
    process.standardError = handles[2]
    do {
        // The program has its own then. Foundation would keep ours for as long as the tests run, and starting a program
        // with more than some 1,300 open files makes it read beyond a buffer.
        defer { for handle in handles { try? handle.close() } }
        try process.run()
    }
    while process.isRunning { try await Task.sleep(for: .milliseconds(5)) }
    return ProgramResult(
        status: process.terminationStatus, standardOutput: [UInt8](try Data(contentsOf: files[1])),
        standardError: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self))
}
