import Foundation
import PeerPrograms
import SeededNumbers
import Testing

/// SIGKILL at random moments: nothing acknowledged is lost, nothing half-done is visible.
@Suite(.serialized) struct KillTests {
    @Test func aKilledServerHasEverythingItAcknowledged() async throws {
        let work = try TemporaryFolder()
        var random = SeededGenerator(seed: 7)
        var acknowledged: [String: [UInt8]] = [:]
        let events = Corpus.seededEvents(1_500).sorted { $0.key < $1.key }
        var next = 0
        for round in 1...6 {
            let server = try #require(try await PeerServer.start(.fasti, in: work.path))
            let calendar = RemoteCollection(server: server, path: "/user/calendars/calendar/")
            if round > 1 {
                let found = try await calendar.contents()
                for (name, bytes) in acknowledged where found[name] != bytes {
                    Issue.record("round \(round): \(name) was acknowledged and is not there")
                }
            }
            let batch = Dictionary(uniqueKeysWithValues: events[next..<next + 250].map { ($0.key, $0.value) })
            next += 250
            let delay = Duration.milliseconds(Int(random.next() % 600) + 50)
            async let killed: Void = {
                try? await Task.sleep(for: delay)
                await server.stop(signal: SIGKILL)
            }()
            // curl reports 000 for what was cut off.
            let statuses = (try? await calendar.put(batch)) ?? [:]
            await killed
            for (name, status) in statuses where status == 201 { acknowledged[name] = batch[name] }
        }
        let server = try #require(try await PeerServer.start(.fasti, in: work.path))
        let found = try await RemoteCollection(server: server, path: "/user/calendars/calendar/").contents()
        print(
            "\(acknowledged.count) of \(next) changes were acknowledged before the server was killed; \(found.count) are there."
        )
        #expect(!acknowledged.isEmpty)
        for (name, bytes) in acknowledged { #expect(found[name] == bytes, "\(name)") }
        let all = Dictionary(uniqueKeysWithValues: events.map { ($0.key, $0.value) })
        for (name, bytes) in found { #expect(all[name] == bytes, "\(name) is half-written") }
        await server.stop()
        let repository = work.appending("user/calendars/calendar")
        let check = try await run("/usr/bin/git", ["-C", repository, "fsck", "--strict"])
        #expect(check.status == 0, "\(check.text) \(check.standardError)")
        let status = try await run("/usr/bin/git", ["-C", repository, "status", "--porcelain"])
        #expect(status.text.isEmpty, "\(status.text)")
    }

    /// With creates, overwrites and deletes on eight connections; syncs go on from tokens of before. FASTI_KILL_ROUNDS
    /// asks for more rounds.
    @Test func clientsGoOnAfterEveryKill() async throws {
        let fasti = try FastiProgram()
        let work = try TemporaryFolder()
        let rounds = ProcessInfo.processInfo.environment["FASTI_KILL_ROUNDS"].flatMap(Int.init) ?? 8
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Peers/kill_server.py").path
        let result = try await run(
            "/usr/bin/env", ["python3", script, fasti.executable, work.path, String(rounds)])
        print(result.text)
        #expect(result.status == 0, "\(result.text) \(result.standardError)")
    }

    @Test func aKilledBackupLeavesASoundStore() async throws {
        let fasti = try FastiProgram()
        let work = try TemporaryFolder()
        let store = work.appending("store")
        let files = work.appending("files")
        try FileManager.default.createDirectory(atPath: files, withIntermediateDirectories: true)
        for (name, bytes) in Corpus.seededEvents(3_000) {
            try Data(bytes).write(to: URL(filePath: files).appending(path: name))
        }
        try await fasti("at \(store) create -plaintext")
        try await fasti("at \(store) backup \(files)")
        var random = SeededGenerator(seed: 11)
        for round in 0..<8 {
            try Data(repeating: UInt8(round), count: 3 << 20).write(
                to: URL(filePath: files).appending(path: "new-\(round)"))
            let process = try PeerProcess(
                fasti.executable, ["at", store, "backup", files], environment: fasti.environment)
            try await Task.sleep(for: .milliseconds(Int(random.next() % 250)))
            await process.stop(signal: SIGKILL)
            try await fasti("at \(store) check")
        }
        let restored = work.appending("restored")
        let first = try #require(try await fasti.snapshots(of: store).first)
        try await fasti(["at", store, "restore", "-to", restored, first])
        #expect(try FileManager.default.contentsOfDirectory(atPath: restored).count == 3_000)
        try await fasti("at \(store) backup \(files)")
        try await Verifier.expectSound(store, passphrase: nil)
    }
}
