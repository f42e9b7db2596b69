import CollectionStore
import Foundation
import GitObjects
import PeerPrograms
import Testing

/// Changes are acknowledged when the journal has them; git gets them a moment later, whatever happens in between.
@Suite(.enabled(if: GitProgram.isInstalled, "git is not installed")) struct JournalTests {
    @Test func gitSeesWhoChangedWhatAndWithWhichClient() async throws {
        let scene = try await Scene(journaled: true)
        try await scene.put("a.ics", Samples.event("a", summary: "Lunch"))
        try await scene.put("a.ics", Samples.event("a", summary: "Dinner"))
        try await scene.put("b.ics", Samples.event("b", summary: "Concert"))
        try await scene.storage.delete(MemberName("b.ics"), in: scene.calendar, if: .any, by: scene.author)
        try await scene.storage.flush()
        try await scene.check()
        #expect(
            try await scene.git("log", "--format=%s", "-4")
                == "Delete Concert\nAdded Concert\nModified Dinner\nAdded Lunch\n")
        let log = try await scene.git("log", "-p", "-4")
        #expect(log.contains("Remote-User: ada") && log.contains("Requester: Tests/1.0"))
        #expect(log.contains("-SUMMARY:Lunch") && log.contains("+SUMMARY:Dinner"))
        #expect(try String(contentsOfFile: scene.folder.appending("cal/a.ics"), encoding: .utf8).contains("Dinner"))
        try await scene.storage.close()
        try await scene.check()
    }

    /// Without anybody calling `flush`.
    @Test func gitSeesChangesSoon() async throws {
        let scene = try await Scene(journaled: true)
        try await scene.put("a.ics", Samples.event("a", summary: "Soon"))
        for _ in 0..<200 {
            if try await scene.git("log", "--format=%s", "-1") == "Added Soon\n" { break }
            try await Task.sleep(for: .milliseconds(25))
        }
        #expect(try await scene.git("log", "--format=%s", "-1") == "Added Soon\n")
        try await scene.storage.flush()
        try await scene.check()
    }

    @Test func aCrowdSharesCommitsAndEveryVersionIsKept() async throws {
        let scene = try await Scene(journaled: true)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<600 {
                group.addTask {
                    try await scene.put("e\(number).ics", Samples.event("u\(number)", summary: "Number \(number)"))
                }
            }
            try await group.waitForAll()
        }
        try await scene.put("e7.ics", Samples.event("u7", summary: "Seven again"))
        try await scene.storage.flush()
        try await scene.check()
        let log = try await scene.git("log", "--format=%B")
        for number in 0..<600 { #expect(log.contains("Added Number \(number)\n"), "\(number)") }
        #expect(log.contains("Modified Seven again"))
        #expect(log.contains("Requester: Tests/1.0"))
        let files = try await scene.git("ls-tree", "--name-only", "HEAD").split(separator: "\n")
        #expect(files.filter { $0.hasSuffix(".ics") }.count == 600)
    }

    // MARK: After a crash

    /// The data directory as a killed process leaves it: with changes in the journal that git does not have.
    private func crashed(
        _ scene: Scene, _ changes: () async throws -> Void
    ) async throws -> TemporaryFolder {
        let lock = scene.folder.appending("cal/.git/index.lock")
        try await scene.storage.flush()
        try Data().write(to: URL(filePath: lock))
        try await changes()
        let copy = try TemporaryFolder("fasti-crashed")
        let result = try await run("/bin/cp", ["-a", scene.folder.path + "/.", copy.path])
        try #require(result.status == 0)
        try FileManager.default.removeItem(atPath: lock)
        try FileManager.default.removeItem(atPath: copy.appending("cal/.git/index.lock"))
        return copy
    }

    private func check(_ folder: TemporaryFolder) async throws {
        let git = GitProgram(in: folder.appending("cal"))
        try await git.check()
        #expect(try await git("status", "--porcelain") == "")
    }

    @Test func whatWasAcknowledgedIsThereAfterACrash() async throws {
        let scene = try await Scene(journaled: true)
        for number in 0..<10 { try await scene.put("e\(number).ics", Samples.event("u\(number)")) }
        var tokens: [(SyncToken, [MemberName: ETag])] = []
        func remember() async throws {
            let view = try await scene.view()
            let members = try await view.members()
            tokens.append((view.syncToken, Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.etag) })))
        }
        try await remember()
        let copy = try await crashed(scene) {
            try await scene.put("new.ics", Samples.event("new"))
            try await remember()
            try await scene.put("e1.ics", Samples.event("u1", summary: "First"))
            try await remember()
            try await scene.put("e1.ics", Samples.event("u1"))
            try await scene.storage.delete(MemberName("e2.ics"), in: scene.calendar, if: .any, by: scene.author)
            try await remember()
            try await scene.put("new.ics", Samples.event("new", summary: "Newer"))
        }
        let before = try await scene.view()
        let storage = try GitCollectionStorage(root: copy.path, journaled: true)
        #expect(storage.isJournaled)
        let view = try await storage.view(scene.calendar)
        #expect(try await view.members().map(\.etag) == before.members().map(\.etag))
        #expect(try await view.names() == before.names())
        #expect(try await view.bytes("new.ics") == Samples.event("new", summary: "Newer"))
        try await check(copy)
        // Clients go on from any state they were told of.
        let now = Dictionary(uniqueKeysWithValues: try await view.members().map { ($0.name, $0.etag) })
        for (token, members) in tokens {
            let changes = try await view.changes(since: token, limit: nil)
            var known = members
            for member in changes.changed { known[member.name] = member.etag }
            for name in changes.removed { known[name] = nil }
            #expect(known == now, "from \(token)")
        }
        try await storage.close()
        try await scene.storage.close()
    }

    /// Large contents take another way into the journal than small ones.
    @Test func largeMembersAreThereAfterACrash() async throws {
        let scene = try await Scene(journaled: true)
        var expected: [String: [UInt8]] = [:]
        for (number, size) in [10, 65_300, 65_600, 300_000, 20, 3_000_000].enumerated() {
            expected["e\(number).ics"] = Samples.event("u\(number)", summary: String(repeating: "x", count: size))
        }
        let copy = try await crashed(scene) {
            for (name, bytes) in expected.sorted(by: { $0.key < $1.key }) { try await scene.put(name, bytes) }
        }
        let storage = try GitCollectionStorage(root: copy.path, journaled: true)
        let view = try await storage.view(scene.calendar)
        #expect(view.memberCount == expected.count)
        for (name, bytes) in expected { #expect(try await view.bytes(name) == bytes, "\(name)") }
        try await check(copy)
        try await scene.storage.close()
    }

    /// While git cannot be written, only so much is taken into memory; then writers wait, and nobody is refused.
    @Test func whatGitDoesNotHaveYetIsBounded() async throws {
        let scene = try await Scene(journaled: true)
        let lock = scene.folder.appending("cal/.git/index.lock")
        try await scene.storage.flush()
        try Data().write(to: URL(filePath: lock))
        let text = String(repeating: "y", count: 3 << 20)
        async let putting: Void = {
            for number in 0..<14 {
                try await scene.put("e\(number).ics", Samples.event("u\(number)", summary: text))
            }
        }()
        try await Task.sleep(for: .seconds(3))
        #expect(try await scene.view().memberCount < 14, "42 MiB are not held")
        try FileManager.default.removeItem(atPath: lock)
        try await putting
        try await scene.storage.flush()
        #expect(try await scene.view().memberCount == 14)
        try await scene.check()
        try await scene.storage.close()
    }

    /// Opening the same directory again and again finds nothing to do twice.
    @Test func recoveryHappensOnce() async throws {
        let scene = try await Scene(journaled: true)
        let copy = try await crashed(scene) {
            for number in 0..<5 { try await scene.put("e\(number).ics", Samples.event("u\(number)")) }
        }
        for _ in 0..<2 {
            let storage = try GitCollectionStorage(root: copy.path, journaled: true)
            #expect(try await storage.view(scene.calendar).memberCount == 5)
            try await storage.close()
        }
        #expect(try await GitProgram(in: copy.appending("cal"))("log", "--format=%s").split(separator: "\n").count == 6)
        try await scene.storage.close()
    }

    @Test func aTornJournalGivesAPrefixOfTheChanges() async throws {
        let scene = try await Scene(journaled: true)
        let copy = try await crashed(scene) {
            for number in 0..<6 { try await scene.put("e\(number).ics", Samples.event("u\(number)")) }
        }
        let folder = copy.appending(".fasti-journal")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".journal") }
        let sizes = try names.map { name in
            (name, try FileManager.default.attributesOfItem(atPath: folder + "/" + name)[.size] as? Int ?? 0)
        }
        let (name, size) = try #require(sizes.max(by: { $0.1 < $1.1 }))
        var counts: [Int] = []
        for cut in [0, 1, 13, size / 3, size / 2, size - 1] {
            let torn = try TemporaryFolder("fasti-torn")
            try #require(try await run("/bin/cp", ["-a", copy.path + "/.", torn.path]).status == 0)
            let path = torn.appending(".fasti-journal/" + name)
            try Data(contentsOf: URL(filePath: path)).prefix(cut).write(to: URL(filePath: path))
            let storage = try GitCollectionStorage(root: torn.path, journaled: true)
            let found = try await storage.view(scene.calendar).names()
            #expect(found == (0..<found.count).map { "e\($0).ics" })
            counts.append(found.count)
            try await check(torn)
        }
        #expect(counts.first == 0 && counts.last == 5 && counts == counts.sorted())
        try await scene.storage.close()
    }

    @Test func aRemovedCollectionDoesNotComeBack() async throws {
        let scene = try await Scene(journaled: true)
        try await scene.put("a.ics", Samples.event("a"))
        try await scene.storage.deleteCollection(at: scene.calendar, by: scene.author)
        try await scene.storage.createCollection(
            at: scene.calendar, type: .calendar, properties: .init(), by: scene.author)
        let copy = try await crashed(scene) { try await scene.put("b.ics", Samples.event("b")) }
        let storage = try GitCollectionStorage(root: copy.path, journaled: true)
        #expect(try await storage.view(scene.calendar).names() == ["b.ics"])
        try await scene.storage.close()
    }

    // MARK: Others at work

    @Test func whatOthersCommitIsNoticedAndNothingIsLost() async throws {
        let scene = try await Scene(journaled: true)
        try await scene.put("a.ics", Samples.event("a"))
        try await scene.storage.flush()
        let before = try await scene.view().syncToken
        try Data(Samples.event("hand")).write(to: URL(filePath: scene.folder.appending("cal/hand.ics")))
        try await scene.git("add", "hand.ics")
        try await scene.git("commit", "-q", "-m", "by hand")
        // The next change knows of it, without anybody reading in between.
        let conflict = await failure { try await scene.put("x.ics", Samples.event("hand")) }
        #expect(conflict?.code == .uidConflict && conflict?.member?.string == "hand.ics")
        try await scene.put("b.ics", Samples.event("b"))
        #expect(try await scene.view().names() == ["a.ics", "b.ics", "hand.ics"])
        let changes = try await scene.view().changes(since: before, limit: nil)
        #expect(changes.changed.map(\.name.string) == ["b.ics", "hand.ics"])
        try await scene.storage.flush()
        try await scene.check()
        try await scene.git("rm", "-q", "a.ics")
        try await scene.git("commit", "-q", "-m", "gone")
        #expect(try await scene.view().names() == ["b.ics", "hand.ics"])
        #expect(try await scene.git("log", "--format=%s", "-3") == "gone\nAdded Meeting\nby hand\n")
        try await scene.storage.close()
    }

    @Test func gitMayPackAtAnyTime() async throws {
        let scene = try await Scene(journaled: true)
        for round in 0..<4 {
            for number in 0..<20 {
                try await scene.put("e\(number).ics", Samples.event("u\(number)", summary: "Round \(round)"))
            }
            try await scene.storage.flush()
            try await scene.git("gc", "-q", "--prune=now")
            #expect(try await scene.view().bytes("e3.ics") == Samples.event("u3", summary: "Round \(round)"))
            try await scene.check()
        }
        try await scene.storage.close()
        #expect(try await scene.git("log", "--format=%s").split(separator: "\n").count == 81)
    }

    @Test func twoProcessesShareADirectory() async throws {
        let scene = try await Scene(journaled: true)
        let other = try GitCollectionStorage(root: scene.folder.path, journaled: true)
        #expect(scene.storage.isJournaled && !other.isJournaled)
        try await scene.put("a.ics", Samples.event("a"))
        try await scene.storage.flush()
        _ = try await other.put(
            Samples.event("b"), as: MemberName("b.ics"), in: scene.calendar, if: .absent, by: scene.author)
        try await scene.put("c.ics", Samples.event("c"))
        try await scene.storage.flush()
        #expect(try await other.view(scene.calendar).names() == ["a.ics", "b.ics", "c.ics"])
        #expect(try await scene.view().names() == ["a.ics", "b.ics", "c.ics"])
        try await scene.check()
    }

    // MARK: What it costs

    @Test func aChangeToALargeCalendarCostsKilobytes() async throws {
        let scene = try await Scene(journaled: true)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<2_000 {
                group.addTask { try await scene.put("event-\(number).ics", Samples.event("u\(number)")) }
            }
            try await group.waitForAll()
        }
        try await scene.storage.flush()
        func size() async throws -> Int {
            let text = try await run("/usr/bin/du", ["-sk", scene.folder.appending("cal/.git/objects")]).text
            return Int(text.prefix { $0.isNumber }) ?? 0
        }
        try await scene.storage.close()
        let before = try await size()
        for number in 0..<60 {
            try await scene.put("event-\(number).ics", Samples.event("u\(number)", summary: "Changed \(number)"))
            if number % 10 == 0 { try await scene.storage.flush() }
        }
        try await scene.storage.close()
        let cost = try await Double(size() - before) / 60
        // The tree alone has 100 KB.
        #expect(cost < 4, "\(cost) KiB per change")
        try await scene.check()
    }

    // MARK: The index file

    @Test func theIndexIsOnlyACache() async throws {
        let scene = try await Scene(journaled: true)
        for number in 0..<30 {
            try await scene.put("e\(number).ics", Samples.event("u\(number)", summary: "Number \(number)"))
        }
        try await scene.storage.close()
        let index = scene.folder.appending("cal/.git/fasti-index")
        let good = try Data(contentsOf: URL(filePath: index))
        try await scene.put("e1.ics", Samples.event("u1", summary: "Later than the index"))
        try await scene.put("late.ics", Samples.event("late"))
        try await scene.storage.flush()
        let expected = try await scene.view().members()
        var damaged = good
        damaged[good.count / 2] ^= 1
        for content in [nil, Data(), Data("rubbish".utf8), damaged, good.prefix(100), good] {
            let copy = try TemporaryFolder("fasti-index")
            try #require(try await run("/bin/cp", ["-a", scene.folder.path + "/.", copy.path]).status == 0)
            let path = copy.appending("cal/.git/fasti-index")
            if let content {
                try content.write(to: URL(filePath: path))
            } else {
                try FileManager.default.removeItem(atPath: path)
            }
            let storage = try GitCollectionStorage(root: copy.path, journaled: true)
            let view = try await storage.view(scene.calendar)
            #expect(try await view.members().map(\.name) == expected.map(\.name))
            #expect(try await view.members().map(\.etag) == expected.map(\.etag))
            #expect(try await view.members().map(\.size) == expected.map(\.size))
            #expect(try await view.member(uid: "late")?.name.string == "late.ics")
            let conflict = await failure {
                _ = try await storage.put(
                    Samples.event("u3"), as: MemberName("x.ics"), in: scene.calendar, if: .any, by: scene.author)
            }
            #expect(conflict?.code == .uidConflict)
            let found = try await view.candidates(component: "VEVENT", start: 1_704_189_600, end: 1_704_189_601)
            #expect(found.count == 31)
            #expect(try await view.candidates(component: "VEVENT", start: 0, end: 1).isEmpty)
        }
    }
}
