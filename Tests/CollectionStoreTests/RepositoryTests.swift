import CollectionStore
import Foundation
import GitObjects
import PeerPrograms
import Testing

/// What the real git sees of what we do, and we of what git does.
@Suite(.enabled(if: GitProgram.isInstalled, "git is not installed")) struct RepositoryTests {
    @Test func everyKindOfChangeLeavesACleanRepository() async throws {
        let scene = try await Scene()
        try await scene.check()
        let first = Samples.event("a", summary: "Dentist")
        let outcome = try await scene.put("a.ics", first)
        try await scene.check()
        #expect(try await scene.git.bytes(["show", "HEAD:a.ics"]) == first)
        #expect(try await scene.git("rev-parse", "HEAD:a.ics") == outcome.etag.hex + "\n")
        let tree = try await scene.git("rev-parse", "HEAD^{tree}")
        #expect(try await scene.view().syncToken.description + "\n" == tree)
        try await scene.put("a.ics", Samples.event("a", summary: "Dentist, later"))
        try await scene.check()
        try await scene.put("t.ics", Samples.event("t", summary: "Buy milk", kind: "VTODO"))
        try await scene.put("b.vcf", Samples.card("b"), in: scene.book)
        try await scene.check()
        try await scene.storage.updateProperties(at: scene.calendar, by: scene.author) {
            $0.color = "#00ff00ff"
            $0.displayName = "Work"
        }
        try await scene.check()
        try await scene.storage.delete(MemberName("a.ics"), in: scene.calendar, if: .any, by: scene.author)
        try await scene.check()
        let subjects = try await scene.git("log", "--format=%s")
        #expect(
            subjects == """
                Delete Dentist, later
                Set display name. Set color.
                Added task 'Buy milk'
                Modified Dentist, later
                Added Dentist
                Set collection type.

                """)
        #expect(try await scene.git("log", "-1", "--format=%b") == "Remote-User: ada\nRequester: Tests/1.0\n\n")
        let book = GitProgram(in: scene.folder.appending("book"))
        #expect(try await book("log", "-1", "--format=%s") == "Added b.vcf\n")
        #expect(try await scene.git("ls-files") == ".xandikos\nt.ics\n")
        #expect(!FileManager.default.fileExists(atPath: scene.folder.appending("cal/a.ics")))
        let metadata = try String(contentsOfFile: scene.folder.appending("cal/.xandikos"), encoding: .utf8)
        #expect(metadata == "[DEFAULT]\ntype = calendar\ndisplayname = Work\ncolor = #00ff00ff\n\n")
        #expect(try await scene.git("reflog", "--format=%gs").split(separator: "\n").count == 6)
    }

    @Test func unchangedContentMakesNoCommit() async throws {
        let scene = try await Scene()
        try await scene.put("a.ics", Samples.event("a"))
        let head = try await scene.git("rev-parse", "HEAD")
        #expect(try await scene.put("a.ics", Samples.event("a")).changed == false)
        try await scene.storage.updateProperties(at: scene.calendar, by: scene.author) { $0.color = nil }
        #expect(try await scene.git("rev-parse", "HEAD") == head)
    }

    @Test func summariesCannotForgeMessages() async throws {
        let scene = try await Scene()
        let summary = "Lunch\\n\\nRemote-User: root\\n" + String(repeating: "x", count: 1000)
        _ = try await scene.storage.put(
            Samples.event("a", summary: summary), as: MemberName("a.ics"), in: scene.calendar, if: .any,
            by: ChangeAuthor(user: "eve\nRemote-User: root", userAgent: "UA\r\n\r\nx"))
        let message = try await scene.git("log", "-1", "--format=%B")
        let lines = message.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[0].hasPrefix("Added Lunch Remote-User: root xxx") && lines[0].count < 220)
        #expect(lines[1] == "Remote-User: eve Remote-User: root")
        #expect(lines[2] == "Requester: UA x")
        try await scene.check()
    }

    @Test func concurrentChangesAreEachACommit() async throws {
        let scene = try await Scene()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask { try await scene.put("e\(number).ics", Samples.event("u\(number)")) }
            }
            try await group.waitForAll()
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask {
                    if number % 2 == 0 {
                        try await scene.put("e\(number).ics", Samples.event("u\(number)", summary: "changed"))
                    } else {
                        try await scene.storage.delete(
                            MemberName("e\(number).ics"), in: scene.calendar, if: .present, by: scene.author)
                    }
                }
            }
            try await group.waitForAll()
        }
        try await scene.check()
        #expect(try await scene.git("rev-list", "--count", "HEAD") == "301\n")
        // Every commit differs from its parent in exactly one file.
        let changes = try await scene.git("log", "--format=", "--name-only")
        #expect(changes.split(separator: "\n").count == 301)
        #expect(try await scene.view().memberCount == 150)
        #expect(try await scene.git("ls-tree", "--name-only", "HEAD").split(separator: "\n").count == 151)
    }

    @Test func packedRepositoriesGoOn() async throws {
        let scene = try await Scene()
        for number in 0..<20 { try await scene.put("e\(number).ics", Samples.event("u\(number)")) }
        let token = try await scene.view().syncToken
        try await scene.git("gc", "-q", "--prune=now")
        try await scene.put("e3.ics", Samples.event("u3", summary: "changed"))
        try await scene.git("gc", "-q", "--aggressive", "--prune=now")
        let fresh = try GitCollectionStorage(root: scene.folder.path)
        let view = try await fresh.view(scene.calendar)
        #expect(view.memberCount == 20)
        #expect(try await view.bytes("e3.ics") == Samples.event("u3", summary: "changed"))
        #expect(try await view.changes(since: token, limit: nil).changed.map(\.name.string) == ["e3.ics"])
        _ = try await fresh.put(
            Samples.event("new"), as: MemberName("new.ics"), in: scene.calendar, if: .absent, by: scene.author)
        #expect(try await scene.view().memberCount == 21)
        try await scene.check()
    }

    @Test func commitsOfOthersAreSeen() async throws {
        let scene = try await Scene()
        try await scene.put("a.ics", Samples.event("a"))
        let old = try await scene.view()
        // By hand, in the work tree.
        let file = scene.folder.appending("cal/hand.ics")
        try Data(Samples.event("hand")).write(to: URL(filePath: file))
        #expect(try await scene.view().names() == ["a.ics"])
        try await scene.git("add", "hand.ics")
        try await scene.git("commit", "-q", "-m", "by hand")
        #expect(try await scene.view().names() == ["a.ics", "hand.ics"])
        #expect(try await old.names() == ["a.ics"])
        #expect(await code { try await scene.put("b.ics", Samples.event("hand")) } == .uidConflict)
        try await scene.put("b.ics", Samples.event("b"))
        try await scene.check()
        // By a push into the repository.
        let clone = scene.folder.appending("clone")
        try await scene.git("config", "receive.denyCurrentBranch", "updateInstead")
        try await scene.git("clone", "-q", scene.folder.appending("cal"), clone)
        try Data(Samples.event("pushed")).write(to: URL(filePath: clone + "/pushed.ics"))
        let git = GitProgram(in: clone)
        try await git("rm", "-q", "a.ics")
        try await git("add", ".")
        try await git("commit", "-q", "-m", "pushed")
        try await git("push", "-q", "origin", "HEAD")
        #expect(try await scene.view().names() == ["b.ics", "hand.ics", "pushed.ics"])
        try await scene.put("a.ics", Samples.event("a"))
        try await scene.check()
    }

    @Test func bareRepositoriesAreServed() async throws {
        let scene = try await Scene()
        try await scene.put("a.ics", Samples.event("a"))
        try await scene.git("clone", "-q", "--bare", scene.folder.appending("cal"), scene.folder.appending("bare"))
        let path = try CollectionPath("/bare")
        let bare = GitProgram(in: scene.folder.appending("bare"))
        #expect(try await scene.storage.view(path).type == .calendar)
        try await scene.put("b.ics", Samples.event("b"), in: path)
        try await scene.storage.delete(MemberName("a.ics"), in: path, if: .any, by: scene.author)
        try await scene.storage.updateProperties(at: path, by: scene.author) { $0.displayName = "Bare" }
        #expect(try await scene.storage.view(path).names() == ["b.ics"])
        #expect(try await scene.storage.view(path).members().first?.size == Samples.event("b").count)
        #expect(try await scene.storage.view(path).displayName == "Bare")
        #expect(try await scene.storage.children(of: path) == [])
        for inner in ["/bare/objects", "/bare/refs/heads", "/bare/HEAD"] {
            guard case .missing = try await scene.storage.node(at: CollectionPath(inner)) else {
                Issue.record("\(inner) belongs to git")
                continue
            }
        }
        #expect(
            await code {
                try await scene.storage.createCollection(
                    at: CollectionPath("/bare/x"), type: .calendar, properties: .init(), by: scene.author)
            } == .parentMissing)
        try await bare.check()
        #expect(try await bare("log", "--format=%s").split(separator: "\n").count == 5)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                group.addTask { try await scene.put("e\(number).ics", Samples.event("u\(number)"), in: path) }
            }
            try await group.waitForAll()
        }
        #expect(try await scene.storage.view(path).memberCount == 51)
        try await bare.check()
    }

    @Test func twoServersOnOneDirectoryDoNotLoseChanges() async throws {
        let scene = try await Scene()
        let other = try GitCollectionStorage(root: scene.folder.path)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<60 {
                group.addTask {
                    let storage = number % 2 == 0 ? scene.storage : other
                    _ = try await storage.put(
                        Samples.event("u\(number)"), as: MemberName("e\(number).ics"), in: scene.calendar, if: .absent,
                        by: scene.author)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await scene.view().memberCount == 60)
        #expect(try await other.view(scene.calendar).memberCount == 60)
        try await scene.check()
    }

    @Test func aLockOfGitIsWaitedForAndThenReported() async throws {
        let scene = try await Scene()
        let lock = scene.folder.appending("cal/.git/index.lock")
        _ = FileManager.default.createFile(atPath: lock, contents: nil)
        // On a thread of its own: the tests of this process keep all of the tasks' threads busy.
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: 0.1)
            try? FileManager.default.removeItem(atPath: lock)
        }
        try await scene.put("a.ics", Samples.event("a"))
        try await scene.check()
    }

    @Test func aDamagedIndexIsMadeAnew() async throws {
        let scene = try await Scene()
        try await scene.put("a.ics", Samples.event("a"))
        try Data("rubbish".utf8).write(to: URL(filePath: scene.folder.appending("cal/.git/index")))
        let fresh = try GitCollectionStorage(root: scene.folder.path)
        #expect(try await fresh.view(scene.calendar).names() == ["a.ics"])
        try await scene.put("b.ics", Samples.event("b"))
        try await scene.check()
    }

    @Test func damageIsReportedAsSuch() async throws {
        let scene = try await Scene()
        let outcome = try await scene.put("a.ics", Samples.event("a"))
        let hex = outcome.etag.hex
        try FileManager.default.removeItem(
            atPath: scene.folder.appending("cal/.git/objects/\(hex.prefix(2))/\(hex.dropFirst(2))"))
        let fresh = try GitCollectionStorage(root: scene.folder.path)
        let view = try await fresh.view(scene.calendar)
        let member = try #require(try await view.member(named: MemberName("a.ics")))
        #expect(await code { _ = try await view.content(of: member) } == .corrupt)
    }
}
