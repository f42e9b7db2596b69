import GitObjects
import PeerPrograms
import Testing

@Suite(.enabled(if: GitProgram.isInstalled, "git is not installed")) struct IndexTests {
    private func makeFiles(_ folder: String, _ count: Int) async throws -> GitProgram {
        let git = GitProgram(in: folder)
        try await git("init", "-q")
        for number in 0..<count {
            let name = number == 0 ? String(repeating: "n", count: 200) : "file-\(number * number).txt"
            try FileSystem.replaceFile(folder + "/" + name, with: Array("content \(number)\n".utf8))
        }
        try await git("add", ".")
        try await git("commit", "-q", "-m", "all")
        return git
    }

    @Test(arguments: ["2", "3", "4"])
    func indexesOfGitAreReadChangedAndReadByGit(version: String) async throws {
        let folder = try TemporaryFolder()
        let git = try await makeFiles(folder.path, 40)
        if version == "3" { try await git("update-index", "--skip-worktree", "file-1.txt") }
        if version == "4" { try await git("update-index", "--index-version", "4") }
        let repository = try #require(try GitRepository.open(folder.path))
        var index = try #require(try repository.readIndex())
        #expect(index.count == 40)
        let listed = try await git("ls-files", "-s")
        for position in 0..<index.count {
            let entry = index[position]
            #expect(listed.contains("100644 \(entry.id) 0\t\(String(decoding: entry.name, as: UTF8.self))\n"))
            #expect(index.entry(named: entry.name) == entry)
        }
        // One overwritten, one added, one removed; then git agrees that nothing is left to do but commit.
        let text = Array("new content\n".utf8)
        let id = try repository.objects.write(GitObject(.blob, text))
        for name in ["file-4.txt", "added.txt"] {
            try FileSystem.replaceFile(folder.path + "/" + name, with: text)
            let status = try #require(try FileSystem.status(of: folder.path + "/" + name))
            index.set(IndexEntry(name: Array(name.utf8), id: id, status: status))
        }
        try FileSystem.removeFile(folder.path + "/file-9.txt")
        index.remove(named: "file-9.txt".utf8)
        try FileSystem.replaceFile(repository.indexPath, with: index.encoded())
        let status = try await git("status", "--porcelain")
        #expect(status == "A  added.txt\nM  file-4.txt\nD  file-9.txt\n")
        #expect(try GitIndex(parsing: index.encoded()).encoded() == index.encoded())
        if version == "3" { #expect(try await git("ls-files", "-v").contains("S file-1.txt")) }
    }

    @Test func conflictsAreReplacedAsOne() async throws {
        let folder = try TemporaryFolder()
        let git = try await makeFiles(folder.path, 3)
        let id = try await git("hash-object", "-w", "file-1.txt").trimmed
        let stages = (1...3).map { "100644 \(id) \($0)\tfile-1.txt\n" }.joined()
        try await git("update-index", "--force-remove", "file-1.txt")
        try await git("update-index", "--index-info", input: Array(stages.utf8))
        let repository = try #require(try GitRepository.open(folder.path))
        var index = try #require(try repository.readIndex())
        #expect(index.count == 5)
        let status = try #require(try FileSystem.status(of: folder.path + "/file-1.txt"))
        index.set(IndexEntry(name: Array("file-1.txt".utf8), id: try #require(ObjectID(hex: id)), status: status))
        #expect(index.count == 3)
        try FileSystem.replaceFile(repository.indexPath, with: index.encoded())
        #expect(try await git("status", "--porcelain") == "")
    }

    @Test func damagedIndexesAreRefused() async throws {
        let folder = try TemporaryFolder()
        _ = try await makeFiles(folder.path, 5)
        let sound = try FileSystem.read(folder.path + "/.git/index", limit: 1 << 20)
        for position in sound.indices {
            var damaged = sound
            damaged[position] ^= 0x41
            #expect(throws: GitError.self) { try GitIndex(parsing: damaged) }
            #expect(throws: GitError.self) { try GitIndex(parsing: Array(sound.prefix(position))) }
            // Also without the help of the checksum (git may be told to leave it out) nothing must go out of bounds.
            damaged.replaceSubrange((damaged.count - 20)..., with: [UInt8](repeating: 0, count: 20))
            _ = try? GitIndex(parsing: damaged)
        }
    }
}
