import CollectionStore
import Foundation
import GitTransport
import Logging
import PeerPrograms
import Testing

/// Histories take little room, whatever made them, and packing takes nothing away from anybody.
@Suite(.enabled(if: GitProgram.isInstalled, "git is not installed"))
struct PackingTests {
    private struct Scene {
        let folder: TemporaryFolder
        let path: CollectionPath
        let author = ChangeAuthor(user: "ada", userAgent: nil)
        let executable = GitExecutable.find(in: "/usr/bin:/usr/local/bin:/bin")

        init() throws {
            folder = try TemporaryFolder("fasti-packing")
            path = try CollectionPath("/cal")
        }

        var git: GitProgram { GitProgram(in: folder.appending("cal")) }
        var objects: String { folder.appending("cal/.git/objects") }

        func storage(journaled: Bool) throws -> GitCollectionStorage {
            try GitCollectionStorage(root: folder.path, journaled: journaled)
        }

        func create(_ storage: GitCollectionStorage) async throws {
            try await storage.createCollection(at: path, type: .calendar, properties: .init(), by: author)
        }

        func put(_ number: Int, _ summary: String, _ storage: GitCollectionStorage) async throws {
            _ = try await storage.put(
                PackingTests.event("u\(number)", summary), as: MemberName("event-\(number).ics"), in: path, if: .any,
                by: author)
        }

        func packing(_ storage: GitCollectionStorage, grace: Int64, _ logger: Logger) -> RepositoryPacking {
            RepositoryPacking(storage, executable: executable, grace: grace, logger: logger)
        }

        /// Rounds until nothing is left to do; nobody needs old files with a grace below zero.
        func packAll(_ storage: GitCollectionStorage, grace: Int64 = -10) async throws {
            let lines = Lines()
            let logger = Logger(label: "test") { _ in LineHandler(lines) }
            for _ in 0..<2 { try await packing(storage, grace: grace, logger).round() }
            try #require(lines.all.isEmpty, "\(lines.all)")
        }

        /// In KiB.
        func size() async throws -> Int {
            let text = try await run("/usr/bin/find", [objects, "-type", "f", "-printf", "%s\\n"]).text
            return text.split(separator: "\n").compactMap { Int($0) }.reduce(0, +) / 1024
        }

        func files(_ suffix: String) throws -> Set<String> {
            Set(try FileManager.default.contentsOfDirectory(atPath: objects + "/pack").filter { $0.hasSuffix(suffix) })
        }

        func looseCount() async throws -> Int {
            let text = try await git("count-objects")
            return Int(text.prefix { $0.isNumber }) ?? -1
        }
    }

    fileprivate static func event(_ uid: String, _ summary: String) -> [UInt8] {
        let lines = [
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Fasti//Tests//EN", "BEGIN:VEVENT", "UID:\(uid)",
            "DTSTAMP:20240101T000000Z", "DTSTART:20240102T100000Z", "SUMMARY:\(summary)", "END:VEVENT",
            "END:VCALENDAR", "",
        ]
        return Array(lines.joined(separator: "\r\n").utf8)
    }

    /// Changes as Xandikos makes them, each with a whole tree in a file of its own.
    @Test func aChangeToALargeCalendarCostsKilobytes() async throws {
        let scene = try Scene()
        let storage = try scene.storage(journaled: false)
        try await scene.create(storage)
        var stream = "commit refs/heads/master\ncommitter Ada <ada@example.org> 1700000000 +0000\ndata 3\nAll\n"
        stream += "from refs/heads/master^0\n"
        for number in 0..<10_000 {
            let bytes = Self.event("u\(number)", "Number \(number)")
            stream +=
                "M 644 inline event-\(number).ics\ndata \(bytes.count)\n\(String(decoding: bytes, as: UTF8.self))\n"
        }
        try await scene.git("fast-import", "--quiet", input: Array(stream.utf8))
        try await scene.git("reset", "-q", "--hard")
        try await scene.packAll(storage)
        let start = try await scene.size()
        for number in 0..<120 { try await scene.put(number * 80, "Changed \(number)", storage) }
        let loose = try await scene.size()
        try await scene.packAll(storage, grace: 900)
        #expect(try await scene.looseCount() >= 360, "nothing is removed while it may be read")
        try await scene.git.check()
        // Time passes.
        try await scene.packAll(storage)
        let packed = try await scene.size()
        let before = Double(loose - start) / 120
        let after = Double(packed - start) / 120
        print("A change to 10,000 events: \(before) KiB on disk before packing, \(after) KiB after")
        #expect(before > 100, "the test does not make what it is about")
        #expect(after < 4, "\(after) KiB per change")
        #expect(try await scene.looseCount() == 0)
        try await scene.git.check()
        let view = try await storage.view(scene.path)
        #expect(try await view.members().count == 10_000)
        #expect(try await scene.git("log", "--oneline").split(separator: "\n").count > 120)
    }

    /// The pack that grows stays, and goes on growing.
    @Test func smallPacksAreMerged() async throws {
        let scene = try Scene()
        let storage = try scene.storage(journaled: true)
        try await scene.create(storage)
        for round in 0..<12 {
            let file = URL(filePath: scene.folder.appending("cal/by-hand.ics"))
            try Data(Self.event("by-hand", "Round \(round)")).write(to: file)
            try await scene.git("add", "-A")
            try await scene.git("commit", "-q", "-m", "Round \(round)")
            try await scene.git("repack", "-q")
        }
        for number in 0..<5 { try await scene.put(number, "Still growing", storage) }
        try await storage.flush()
        let before = try scene.files(".pack")
        #expect(before.count > 10, "\(before.count)")
        try await scene.packAll(storage, grace: 900)
        #expect(try scene.files(".pack").isSuperset(of: before), "old packs stay as long as somebody may read them")
        try await scene.packAll(storage)
        #expect(try scene.files(".pack").count < 5)
        // Views that were taken before, and changes after, do not notice.
        for number in 0..<5 { try await scene.put(number, "After", storage) }
        #expect(try await storage.view(scene.path).members().count == 6)
        try await storage.close()
        try await scene.git.check()
        #expect(try await scene.git("status", "--porcelain") == "")
    }

    /// A repository whose packing is killed at any moment is whole, and the next round completes it.
    @Test func killedPackingLeavesNothingWrong() async throws {
        let scene = try Scene()
        let storage = try scene.storage(journaled: false)
        try await scene.create(storage)
        for number in 0..<120 { try await scene.put(number, "Number \(number)", storage) }
        let executable = try #require(scene.executable)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<6 {
            let process = try PeerProcess(
                executable.path, ["repack", "-q", "-l", "--geometric=2"], in: scene.folder.appending("cal"))
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...30, using: &random)))
            // With what it has started: else that goes on, and packs beside us.
            kill(-process.identifier, SIGKILL)
            await process.stop(signal: SIGKILL)
            try await scene.git.check()
            #expect(try await storage.view(scene.path).members().count == 120)
        }
        // What the last one had started may outlive it for a moment, and then it is one more round that completes it.
        let deadline = ContinuousClock.now + .seconds(60)
        repeat {
            try await scene.packAll(storage)
        } while try await scene.looseCount() > 0 && ContinuousClock.now < deadline
        #expect(try await scene.looseCount() == 0)
        #expect(try await storage.view(scene.path).members().count == 120)
        try await scene.git.check()
    }

    @Test func forgottenLocksAreNamedOnce() async throws {
        let scene = try Scene()
        let storage = try scene.storage(journaled: true)
        try await scene.create(storage)
        let lock = scene.folder.appending("cal/.git/index.lock")
        _ = FileManager.default.createFile(atPath: lock, contents: nil)
        let lines = Lines()
        let packing = scene.packing(storage, grace: 900, Logger(label: "test") { _ in LineHandler(lines) })
        try await packing.reportStaleLocks()
        #expect(lines.all.isEmpty, "it is only just there")
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -120)], ofItemAtPath: lock)
        try await packing.reportStaleLocks()
        try await packing.reportStaleLocks()
        #expect(lines.all.count == 1)
        #expect(lines.all.first?.contains("rm '\(lock)'") == true, "\(lines.all)")
        try FileManager.default.removeItem(atPath: lock)
        try await storage.close()
    }
}

extension GitCollectionStorage {
    fileprivate func view(_ path: CollectionPath) async throws -> any CollectionView {
        guard case .collection(let view) = try await node(at: path) else {
            throw PeerError(reason: "\(path) is not a collection")
        }
        return view
    }
}
