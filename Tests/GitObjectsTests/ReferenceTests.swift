import Foundation
import GitObjects
import PeerPrograms
import Testing

@Suite(.enabled(if: GitProgram.isInstalled, "git is not installed")) struct ReferenceTests {
    private func commit(_ repository: GitRepository, _ message: String, parent: ObjectID?) throws -> ObjectID {
        let signature = Signature(name: "Ada", email: "ada@example.org", time: 1_700_000_000)
        try repository.objects.write(GitObject(.tree, []))
        let commit = Commit(
            tree: GitRepository.emptyTree, parents: parent.map { [$0] } ?? [], author: signature, committer: signature,
            message: message)
        return try repository.objects.write(GitObject(.commit, commit.encoded()))
    }

    private func advance(_ repository: GitRepository, _ message: String) throws {
        let head = try repository.references.head()
        let id = try commit(repository, message, parent: head.commit)
        var update = try repository.references.beginUpdate(from: head)
        try update.prepare(id)
        _ = try update.commit()
        let signature = Signature(name: "Ada", email: "ada@example.org", time: 1_700_000_000)
        try repository.references.appendReflog(
            head, [ReflogEntry(old: head.commit ?? .zero, new: id, signature: signature, message: "commit: \(message)")]
        )
    }

    @Test func newRepositoriesAreThoseOfXandikos() async throws {
        let folder = try TemporaryFolder()
        let repository = try GitRepository.create(in: folder.path)
        let git = GitProgram(in: folder.path)
        let config = String(decoding: try FileSystem.read(folder.path + "/.git/config", limit: 1000), as: UTF8.self)
        #expect(
            config
                == "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tlogallrefupdates = true\n"
        )
        #expect(try await git("symbolic-ref", "HEAD") == "refs/heads/master\n")
        #expect(try await git("status", "--porcelain") == "")
        #expect(try repository.references.head() == References.Head(reference: "refs/heads/master", commit: nil))
        #expect(throws: GitError(.alreadyExists, "")) { try GitRepository.create(in: folder.path) }
    }

    @Test func branchesMoveAndTheReflogTells() async throws {
        let folder = try TemporaryFolder()
        let repository = try GitRepository.create(in: folder.path)
        let git = GitProgram(in: folder.path)
        try advance(repository, "one")
        try advance(repository, "two")
        try await git("pack-refs", "--all")
        try advance(repository, "three")
        #expect(try await git("log", "--format=%s") == "three\ntwo\none\n")
        #expect(try await git("reflog", "--format=%gs") == "commit: three\ncommit: two\ncommit: one\n")
        #expect(try await git("reflog", "master", "--format=%gs") == "commit: three\ncommit: two\ncommit: one\n")
        try await git.check()
        #expect(try FileSystem.entries(of: folder.path + "/.git").filter { $0.contains("lock") }.isEmpty)
    }

    @Test func aReferenceThatMovedIsNotOverwritten() throws {
        let folder = try TemporaryFolder()
        let repository = try GitRepository.create(in: folder.path)
        let before = try repository.references.head()
        let stamp = try repository.references.stamp(reference: before.reference)
        #expect(try repository.references.stamp(reference: before.reference) == stamp)
        try advance(repository, "somebody else")
        #expect(try repository.references.stamp(reference: before.reference) != stamp)
        #expect(throws: GitError(.conflict, "")) { _ = try repository.references.beginUpdate(from: before) }
        let held = try repository.references.beginUpdate(from: try repository.references.head())
        #expect(throws: GitError(.locked, "")) {
            _ = try repository.references.beginUpdate(from: try repository.references.head())
        }
        _ = consume held
        _ = try repository.references.beginUpdate(from: try repository.references.head())
    }

    @Test func locksOfOthersAreRespectedAndLocksOfTheDeadAreNot() async throws {
        let folder = try TemporaryFolder()
        let repository = try GitRepository.create(in: folder.path)
        let git = repository.gitDirectory
        // git's own lock, or that of any other program: only its owner may remove it.
        try FileSystem.replaceFile(git + "/index.lock", with: [])
        #expect(throws: GitError(.locked, "")) { _ = try LockFile.acquire(for: repository.indexPath, in: git) }
        try FileSystem.removeFile(git + "/index.lock")
        // What a killed process of ours leaves: two links to one file, and nobody who holds it.
        let left = git + "/fasti-lock-1-1"
        try FileSystem.replaceFile(left, with: [])
        try FileManager.default.linkItem(atPath: left, toPath: git + "/index.lock")
        var lock = try LockFile.acquire(for: repository.indexPath, in: git)
        #expect(throws: GitError(.locked, "")) { _ = try LockFile.acquire(for: repository.indexPath, in: git) }
        lock.release()
        try FileSystem.replaceFile(git + "/fasti-lock-1-2", with: [])
        try LockFile.cleanUp(git)
        #expect(try FileSystem.entries(of: git).filter { $0.contains("lock") }.isEmpty)
    }

    @Test func impossibleReferencesAreRefused() throws {
        let folder = try TemporaryFolder()
        let repository = try GitRepository.create(in: folder.path)
        for text in ["ref: ../../etc/passwd", "ref: refs/../../x", "garbage", "ref: refs/heads/", ""] {
            try FileSystem.replaceFile(folder.path + "/.git/HEAD", with: Array((text + "\n").utf8))
            #expect(throws: GitError(.corrupt, ""), "\(text)") { try repository.references.head() }
        }
        try FileSystem.replaceFile(folder.path + "/.git/HEAD", with: Array("ref: refs/heads/a\n".utf8))
        try FileSystem.replaceFile(folder.path + "/.git/refs/heads/a", with: Array("ref: refs/heads/a\n".utf8))
        #expect(throws: GitError(.corrupt, "")) { try repository.references.head() }
    }
}
