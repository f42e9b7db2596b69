import Foundation
import PeerPrograms
import SeededNumbers
import Testing

/// Two stores and some files, and what must be true of them whatever happens to the programs that work on them.
struct CrashScene: Sendable {
    let fasti: FastiProgram
    private let work: TemporaryFolder
    private let verifier: VerifierService?
    /// Snapshots that were complete and that nobody has removed since.
    private let promised = Promises()
    /// How long each command takes when it is left alone, by its first word.
    private var durations: [String: Duration] = [:]

    var store: String { work.appending("store") }
    var copy: String { work.appending("copy") }
    var files: String { work.appending("files") }
    var archive: String { work.appending("out/a.ptar") }

    private static let fileCount = 120

    init() async throws {
        fasti = try FastiProgram()
        work = try TemporaryFolder("fasti-crash")
        verifier = try VerifierService()
        for folder in ["files", "out"] {
            try FileManager.default.createDirectory(
                atPath: work.appending(folder), withIntermediateDirectories: true)
        }
        for (name, bytes) in Corpus.seededEvents(Self.fileCount) {
            try Data(bytes).write(to: URL(filePath: files).appending(path: name))
        }
        try await fasti("at \(store) create -plaintext")
        try await fasti(["at", copy, "create", "-plaintext", "-hashing", "SHA256"])
        try await backUp()
        try await recover()
    }

    func backUp() async throws {
        try await fasti("at \(store) backup \(files)")
        try await promised.add(fasti.snapshots(of: store), to: store)
    }

    /// A new file, and one that is changed, so that a backup has something to do.
    func change(_ round: Int) throws {
        var random = SeededGenerator(seed: UInt64(round) + 100)
        let bytes = (0..<(200 << 10) / 8).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
        try Data(bytes).write(to: URL(filePath: files).appending(path: "new-\(round % 5)"))
        try Data("changed \(round)".utf8).write(to: URL(filePath: files).appending(path: "changed"))
    }

    /// Every kind of work undisturbed, as after a crash; also measures how long each takes.
    mutating func recover() async throws {
        try await measure(["at", store, "backup", files])
        try await measure(["at", store, "sync", "to", copy])
        try await measure(["ptar", "-o", archive, "-plaintext", "-overwrite", "-k", store])
        try await promised.add(fasti.snapshots(of: store), to: store)
        try await measure(["at", store, "prune", "-newest", "3", "-apply"])
        try await promised.set(fasti.snapshots(of: store), of: store)
        // The copy is kept small, too.
        try await fasti(["at", copy, "prune", "-newest", "3", "-apply"])
        try await promised.set(fasti.snapshots(of: copy), of: copy)
        try await measure(["at", store, "maintenance", "-grace", "0"])
        try await fasti(["at", copy, "maintenance", "-grace", "0"])
        durations["rm"] = durations["prune"]
    }

    private mutating func measure(_ words: [String]) async throws {
        let start = ContinuousClock.now
        try await fasti(words)
        durations[Self.name(words)] = .now - start
    }

    private static func name(_ words: [String]) -> String { words[0] == "at" ? words[2] : words[0] }

    /// Starts a command and kills it.
    ///
    /// - Parameter share: of the time that it takes by itself.
    /// - Returns: whether it was still at work.
    func kill(_ words: [String], at share: Double) async throws -> Bool {
        let process = try PeerProcess(fasti.executable, words, environment: fasti.environment, in: fasti.home.path)
        try await Task.sleep(for: (durations[Self.name(words)] ?? .milliseconds(50)) * share)
        let status = await process.stop(signal: SIGKILL)
        guard status == SIGKILL else {
            #expect(status == 0, "\(words): \(process.output)")
            return false
        }
        return true
    }

    /// - Parameters:
    ///   - expendable: snapshots that were being removed.
    ///   - places: what may have been written to.
    func expectSound(_ occasion: String, expendable: Set<String>, in places: [String]) async throws {
        for place in places where place != archive {
            let found = Set(try await fasti.snapshots(of: place))
            let lost = await promised.of(place).subtracting(found).subtracting(place == store ? expendable : [])
            #expect(lost.isEmpty, "\(occasion): lost \(lost)")
            // What is visible is complete.
            await promised.set(Array(found), of: place)
            let check = try await run(fasti.executable, ["at", place, "check"], environment: fasti.environment)
            #expect(check.status == 0, "\(occasion): \(check.text.suffix(2000)) \(check.standardError.suffix(2000))")
            try await expectNoViolation(place, occasion)
        }
        if places.contains(archive), FileManager.default.fileExists(atPath: archive) {
            let check = try await run(fasti.executable, ["at", archive, "check"], environment: fasti.environment)
            #expect(check.status == 0, "\(occasion): \(check.standardError.suffix(2000))")
            try await expectNoViolation(archive, occasion)
        }
    }

    /// - Parameter leftovers: whether packfiles that no state lists are in order, which is what a killed writer leaves.
    private func expectNoViolation(_ place: String, _ occasion: String, leftovers: Bool = true) async throws {
        guard let violations = try await verifier?.violations(in: place) else { return }
        let lines = violations.split(separator: "\n").filter { $0.hasPrefix("VIOLATION") }
        if leftovers, !lines.isEmpty, lines.allSatisfy({ $0.hasSuffix("no state lists it") }) { return }
        Issue.record("\(occasion): \(violations.prefix(2000))")
    }

    /// After maintenance nothing is left of all the killed programs, and the oldest promises still hold.
    func expectNothingLeft() async throws {
        for place in [store, copy] {
            #expect(try FileManager.default.contentsOfDirectory(atPath: place + "/locks").isEmpty)
            #expect(try Self.leftovers(in: place).isEmpty)
            try await expectNoViolation(place, "in the end", leftovers: false)
            let check = try await fasti(["at", place, "check", "--json"])
            let last = try #require(check.text.split(separator: "\n").last)
            let result = try #require(JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
            let data = try #require(result["data"] as? [String: Any])
            #expect(data["notes"] as? Int == 0, "a packfile that no state lists was not removed")
        }
        let out = URL(filePath: archive).deletingLastPathComponent().path
        #expect(try FileManager.default.contentsOfDirectory(atPath: out) == ["a.ptar"])
        let oldest = try #require(try await fasti.snapshots(of: copy).first)
        let target = work.appending("restored-\(UInt32.random(in: 0...UInt32.max))")
        try await fasti(["at", copy, "restore", "-to", target, oldest])
        for (name, bytes) in Corpus.seededEvents(Self.fileCount) {
            #expect(try Data(contentsOf: URL(filePath: target).appending(path: name)) == Data(bytes), "\(name)")
        }
    }

    /// Temporary files.
    static func leftovers(in store: String) throws -> [String] {
        try ["", "/packfiles", "/states"].flatMap { folder in
            try FileManager.default.contentsOfDirectory(atPath: store + folder).filter { $0.hasPrefix("tmp.") }
        }
    }

    private actor Promises {
        private var snapshots: [String: Set<String>] = [:]

        func add(_ new: [String], to store: String) { snapshots[store, default: []].formUnion(new) }
        func set(_ all: [String], of store: String) { snapshots[store] = Set(all) }
        func of(_ store: String) -> Set<String> { snapshots[store] ?? [] }
    }
}

/// The independent verifier in one process that is asked again and again: starting Python takes longer than looking
/// through a small store.
actor VerifierService {
    private let process: Process
    private let input: FileHandle
    private let output: FileHandle

    private static let script = """
        import contextlib, io, sys
        sys.path.insert(0, sys.argv[1])
        import kloset_verify
        for line in sys.stdin:
            text = io.StringIO()
            with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
                status = kloset_verify.main(["verify", "--strict", "--foreign", "--all", line.rstrip("\\n")])
            answer = text.getvalue().encode() if status else b""
            sys.stdout.buffer.write(len(answer).to_bytes(8, "big") + answer)
            sys.stdout.buffer.flush()
        """

    /// - Returns: nil when there is no verifier here.
    init?() throws {
        guard let python = PeerEnvironment.python, let shared = PeerEnvironment.shared else {
            print("The independent verifier is not here: stores are checked by fasti alone.")
            return nil
        }
        let (input, output) = (Pipe(), Pipe())
        process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = ["-c", Self.script, shared.appending(path: "tools").path]
        process.standardInput = input
        process.standardOutput = output
        self.input = input.fileHandleForWriting
        self.output = output.fileHandleForReading
        try process.run()
    }

    /// - Returns: nil when the store is as the format wants it.
    func violations(in store: String) throws -> String? {
        try input.write(contentsOf: Data("\(store)\n".utf8))
        let count = try read(8).reduce(0) { $0 << 8 | Int($1) }
        return count == 0 ? nil : String(decoding: try read(count), as: UTF8.self)
    }

    private func read(_ count: Int) throws -> Data {
        var data = Data()
        while data.count < count {
            guard let more = try output.read(upToCount: count - data.count), !more.isEmpty else {
                throw CocoaError(.fileReadUnknown)
            }
            data += more
        }
        return data
    }

    deinit {
        try? input.close()
        process.terminate()
    }
}
