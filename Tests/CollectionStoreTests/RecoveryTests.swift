import CollectionStore
import Foundation
import GitObjects
import PeerPrograms
import Testing

/// A writer was killed; the next one finds the repository as it was left at different moments.
@Suite(.enabled(if: GitProgram.isInstalled, "git is not installed")) struct RecoveryTests {
    enum Moment: CaseIterable {
        case locked, fileWritten, indexPrepared, indexWritten
    }

    @Test(arguments: Moment.allCases)
    func halfDoneChangesAreCompleted(moment: Moment) async throws {
        let scene = try await Scene()
        try await scene.put("a.ics", Samples.event("a"))
        try await scene.put("b.ics", Samples.event("b"))
        let git = scene.folder.appending("cal/.git")
        let before = try await scene.git("rev-parse", "HEAD").prefix(40)
        let oldIndex = try Data(contentsOf: URL(filePath: git + "/index"))
        // Two changes, made by git on the side, that the killed writer would have made.
        try Data(Samples.event("new")).write(to: URL(filePath: scene.folder.appending("cal/new.ics")))
        try await scene.git("rm", "-q", "b.ics")
        try await scene.git("add", "new.ics")
        try await scene.git("commit", "-q", "-m", "unfinished")
        let after = try await scene.git("rev-parse", "HEAD").prefix(40)
        let newIndex = try Data(contentsOf: URL(filePath: git + "/index"))
        try Data((before + "\n").utf8).write(to: URL(filePath: git + "/refs/heads/master"))

        try Data((after + "\n").utf8).write(to: URL(filePath: git + "/fasti-lock-1-1"))
        try FileManager.default.linkItem(atPath: git + "/fasti-lock-1-1", toPath: git + "/refs/heads/master.lock")
        if moment != .indexWritten {
            try oldIndex.write(to: URL(filePath: git + "/index"))
            try (moment == .indexPrepared ? newIndex : Data()).write(to: URL(filePath: git + "/fasti-lock-1-2"))
            try FileManager.default.linkItem(atPath: git + "/fasti-lock-1-2", toPath: git + "/index.lock")
        }
        if moment == .locked {
            try Data(Samples.event("b")).write(to: URL(filePath: scene.folder.appending("cal/b.ics")))
            try FileManager.default.removeItem(atPath: scene.folder.appending("cal/new.ics"))
        }

        let storage = try GitCollectionStorage(root: scene.folder.path)
        #expect(try await storage.view(scene.calendar).names() == ["a.ics", "new.ics"])
        // The check includes that no lock is left in the way of git.
        try await scene.check()
        _ = try await storage.put(
            Samples.event("c"), as: MemberName("c.ics"), in: scene.calendar, if: .absent, by: scene.author)
        try await scene.check()
        #expect(try await scene.git("log", "--format=%s", "-2") == "Added Meeting\nunfinished\n")
    }

    @Test func aNoteThatLeadsNowhereIsDropped() async throws {
        let scene = try await Scene()
        try await scene.put("a.ics", Samples.event("a"))
        let git = scene.folder.appending("cal/.git")
        for note in ["", "rubbish", String(repeating: "1", count: 40)] {
            try Data(note.utf8).write(to: URL(filePath: git + "/fasti-lock-1-1"))
            try FileManager.default.linkItem(atPath: git + "/fasti-lock-1-1", toPath: git + "/refs/heads/master.lock")
            let storage = try GitCollectionStorage(root: scene.folder.path)
            _ = try await storage.put(
                Samples.event("a", summary: note), as: MemberName("a.ics"), in: scene.calendar, if: .any,
                by: scene.author)
            try await scene.check()
        }
        #expect(try await scene.view().names() == ["a.ics"])
    }
}
