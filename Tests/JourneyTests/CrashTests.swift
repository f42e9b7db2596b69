import Foundation
import PeerPrograms
import SeededNumbers
import Testing

/// SIGKILL at 200 random moments while a store is written to, in every way there is. Each time: every earlier snapshot
/// is there and whole, `check` finds nothing, the independent verifier finds nothing, and nothing has to be waited for or
/// cleared away by hand before the next command.
@Suite(.serialized) struct CrashTests {
    /// What is killed, and how often.
    private enum Work: CaseIterable {
        case backup
        case sync
        case remove
        case prune
        case maintenance
        case archive

        var rounds: Int {
            switch self {
            case .backup: 60
            case .sync: 45
            case .remove: 20
            case .prune: 15
            case .maintenance: 40
            case .archive: 20
            }
        }
    }

    @Test func twoHundredKills() async throws {
        var scene = try await CrashScene()
        var random = SeededGenerator(seed: 4)
        var works = Work.allCases.flatMap { Array(repeating: $0, count: $0.rounds) }
        works.shuffle(using: &random)
        #expect(works.count == 200)
        var interrupted = 0
        for (round, work) in works.enumerated() {
            if round % 20 == 0 { try await scene.recover() }
            try scene.change(round)
            let (words, expendable) = try await words(work, &scene)
            // Up to a little beyond what the work takes by itself, so that its end is hit as often as its beginning.
            let share = Double(random.next() % 1000) / 900
            if try await scene.kill(words, at: share) { interrupted += 1 }
            let place = work == .sync ? scene.copy : work == .archive ? scene.archive : scene.store
            try await scene.expectSound("round \(round), \(work)", expendable: expendable, in: [place])
        }
        print("\(interrupted) of \(works.count) commands were killed before they were done.")
        #expect(interrupted >= 50, "most of them had ended by themselves")
        try await scene.recover()
        try await scene.expectNothingLeft()
    }

    /// The command line, and the snapshots that may be gone afterwards.
    private func words(_ work: Work, _ scene: inout CrashScene) async throws -> ([String], Set<String>) {
        let store = ["at", scene.store]
        switch work {
        case .backup: return (store + ["backup", scene.files], [])
        case .sync: return (store + ["sync", "to", scene.copy], [])
        case .archive:
            return (["ptar", "-o", scene.archive, "-plaintext", "-overwrite", "-k", scene.store], [])
        case .maintenance: return (store + ["maintenance", "-grace", "0"], [])
        case .remove:
            if try await scene.fasti.snapshots(of: scene.store).count < 4 { try await scene.backUp() }
            let newest = try #require(try await scene.fasti.snapshots(of: scene.store).last)
            return (store + ["rm", "-apply", newest], [newest])
        case .prune:
            try await scene.backUp()
            let snapshots = try await scene.fasti.snapshots(of: scene.store)
            return (store + ["prune", "-newest", "3", "-apply"], Set(snapshots.dropLast(3)))
        }
    }

    /// Ctrl-C and a request to end are no crash: the lock goes, nothing half-done stays, and a sentence says so.
    @Test(arguments: [SIGINT, SIGTERM])
    func anInterruptedCommandLeavesACleanStore(signal: Int32) async throws {
        let scene = try await CrashScene()
        let before = try await scene.fasti.snapshots(of: scene.store)
        let big = URL(filePath: scene.files).appending(path: "big")
        for work in [["backup", scene.files], ["sync", "to", scene.copy]] {
            try Data((0..<48 << 20).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }).write(to: big)
            if work[0] == "sync" { try await scene.backUp() }
            let process = try PeerProcess(
                scene.fasti.executable, ["at", scene.store] + work, environment: scene.fasti.environment)
            let folder = work[0] == "sync" ? scene.copy : scene.store
            while process.isRunning, try FileManager.default.contentsOfDirectory(atPath: folder + "/locks").isEmpty {
                try await Task.sleep(for: .milliseconds(1))
            }
            let status = await process.stop(signal: signal)
            // It may have been done already; then there is nothing to interrupt.
            #expect(status == 128 + signal || status == 0, "\(process.output)")
            if status != 0 { #expect(process.output.contains("Interrupted"), "\(process.output)") }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/locks").isEmpty)
            #expect(try CrashScene.leftovers(in: folder).isEmpty)
            try await scene.fasti("at \(folder) check")
        }
        #expect(try await scene.fasti.snapshots(of: scene.store).starts(with: before))
    }

    /// Writers, readers, a sync and maintenance at once: each either does its work or says that the store is locked, and
    /// then everything is whole.
    @Test func manyAtOnce() async throws {
        var scene = try await CrashScene()
        let fasti = scene.fasti
        let lines: [[String]] = [
            ["at", scene.store, "backup", scene.files], ["at", scene.store, "backup", scene.files],
            ["at", scene.store, "sync", "to", scene.copy], ["at", scene.store, "maintenance", "-grace", "0"],
            ["at", scene.store, "ls", "-recursive", "latest"], ["at", scene.store, "check"],
            ["at", scene.store, "dup", "latest"], ["at", scene.copy, "sync", "from", scene.store],
            ["at", scene.store, "maintenance"],
        ]
        for round in 0..<3 {
            try scene.change(1000 + round)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for words in lines {
                    group.addTask { try await Self.runOrBeLocked(words, fasti) }
                }
                try await group.waitForAll()
            }
            try await scene.expectSound("round \(round)", expendable: [], in: [scene.store, scene.copy])
        }
        try await scene.recover()
        try await scene.expectNothingLeft()
    }

    private static func runOrBeLocked(_ words: [String], _ fasti: FastiProgram) async throws {
        let result = try await run(fasti.executable, words, environment: fasti.environment, in: fasti.home.path)
        let isLocked = result.status == 1 && result.standardError.contains("locked")
        let isCopied = result.status == 1 && result.standardError.contains("already")
        if result.status != 0, !isLocked, !isCopied {
            Issue.record("\(words): \(result.status) \(result.standardError)")
        }
    }
}
