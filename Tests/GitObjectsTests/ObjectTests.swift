import GitObjects
import PeerPrograms
import SeededNumbers
import Testing

@Suite(.enabled(if: GitProgram.isInstalled, "git is not installed")) struct ObjectTests {
    @Test func objectIDsAreGits() {
        #expect(ObjectID(hashing: [], as: .tree).hex == "4b825dc642cb6eb9a060e54bf8d69288fbee4904")
        #expect(ObjectID(hashing: [], as: .blob).hex == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
        let id = ObjectID(hashing: Array("hello\n".utf8), as: .blob)
        #expect(id.hex == "ce013625030ba8dba906f756967f9e9ca394464a")
        #expect(ObjectID(hex: id.hex.uppercased()) == id)
        #expect(ObjectID(bytes: id.bytes) == id)
        #expect(ObjectID(hex: "ce01") == nil)
        #expect(ObjectID(hex: String(repeating: "g", count: 40)) == nil)
        #expect(ObjectID(hex: id.hex + "0") == nil)
    }

    @Test func looseObjectsAreReadByGitAndBack() async throws {
        let folder = try TemporaryFolder()
        let repository = try GitRepository.create(in: folder.path)
        let git = GitProgram(in: folder.path)
        var random = SeededGenerator(seed: 1)
        for size in [0, 1, 500, 70_000] {
            let content = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
            let id = try repository.objects.write(GitObject(.blob, content))
            #expect(try await git.bytes(["cat-file", "blob", id.hex]) == content)
            let other = content + [10]
            let theirs = try await git("hash-object", "-w", "--stdin", input: other).prefix(40)
            let theirID = try #require(ObjectID(hex: theirs))
            #expect(try repository.objects.read(theirID) == GitObject(.blob, other))
        }
        #expect(throws: GitError(.notFound, "")) { try repository.objects.read(.zero) }
        try await git.check()
    }

    @Test func damagedLooseObjectsAreCorrupt() throws {
        let folder = try TemporaryFolder()
        let repository = try GitRepository.create(in: folder.path)
        let id = try repository.objects.write(GitObject(.blob, Array("some text that is long enough".utf8)))
        let path = folder.path + "/.git/objects/\(id.hex.prefix(2))/\(id.hex.dropFirst(2))"
        let sound = try FileSystem.read(path, limit: 1000)
        for position in sound.indices {
            var damaged = sound
            damaged[position] ^= 0x55
            try FileSystem.replaceFile(path, with: damaged)
            #expect(throws: GitError(.corrupt, "")) { try repository.objects.read(id) }
            try FileSystem.replaceFile(path, with: Array(sound.prefix(position)))
            #expect(throws: GitError(.corrupt, "")) { try repository.objects.read(id) }
        }
    }

    @Test func packsWithDeltasAndPackedReferencesAreRead() async throws {
        let folder = try TemporaryFolder()
        let git = GitProgram(in: folder.path)
        try await git("init", "-q", "-b", "main")
        var random = SeededGenerator(seed: 2)
        var text = (0..<400).map { _ in "line \(UInt64.random(in: 0...UInt64.max, using: &random))" }
        var contents: [ObjectID: [UInt8]] = [:]
        for round in 0..<12 {
            text[Int.random(in: 0..<400, using: &random)] = "changed in round \(round)"
            let bytes = Array(text.joined(separator: "\n").utf8)
            try FileSystem.replaceFile(folder.path + "/file.txt", with: bytes)
            contents[ObjectID(hashing: bytes, as: .blob)] = bytes
            try await git("add", "file.txt")
            try await git("commit", "-q", "-m", "round \(round)")
        }
        try await git("gc", "-q", "--aggressive", "--prune=now")
        let repository = try #require(try GitRepository.open(folder.path))
        #expect(contents.count == 12)
        for (id, bytes) in contents { #expect(try repository.objects.read(id).content == bytes) }
        let head = try repository.references.head()
        #expect(head.reference == "refs/heads/main")
        let expected = try await git("rev-parse", "HEAD").trimmed
        #expect(head.commit?.hex == expected)
        #expect(try FileSystem.status(of: folder.path + "/.git/refs/heads/main") == nil)
        let commit = try repository.commit(try #require(head.commit))
        #expect(commit.message == "round 11\n")
        #expect(commit.author.name == "Ada")
        #expect(try repository.tree(commit.tree).map { String(decoding: $0.name, as: UTF8.self) } == ["file.txt"])

        // Deltas by object id instead of by offset.
        try await git("repack", "-q", "-a", "-d", "-f", "--window=50")
        let base = "pack.depth=50"
        try await git("-c", base, "-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-a", "-d", "-f")
        for (id, bytes) in contents { #expect(try repository.objects.read(id).content == bytes) }

        let borrower = folder.path + "-borrower"
        try await git("clone", "-q", "--shared", folder.path, borrower)
        let other = try #require(try GitRepository.open(borrower))
        for (id, bytes) in contents { #expect(try other.objects.read(id).content == bytes) }
        try FileSystem.removeTree(borrower)
    }

    @Test func damagedPacksNeverGiveWrongContent() async throws {
        let folder = try TemporaryFolder()
        let git = GitProgram(in: folder.path)
        try await git("init", "-q")
        var ids: [ObjectID] = []
        for round in 0..<6 {
            let bytes = Array((0..<60).map { "\($0 == round ? "changed" : "line") \($0)" }.joined(separator: "\n").utf8)
            ids.append(ObjectID(hashing: bytes, as: .blob))
            try FileSystem.replaceFile(folder.path + "/file", with: bytes)
            try await git("add", "file")
            try await git("commit", "-q", "-m", "round")
        }
        try await git("gc", "-q")
        let packs = folder.path + "/.git/objects/pack/"
        let names = try FileSystem.entries(of: packs)
        var random = SeededGenerator(seed: 3)
        var refused = 0
        for name in names where name.hasSuffix(".pack") || name.hasSuffix(".idx") {
            let sound = try FileSystem.read(packs + name, limit: 1 << 20)
            for _ in 0..<150 {
                var damaged = sound
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                if Bool.random(using: &random) { damaged.removeLast(Int.random(in: 0..<damaged.count, using: &random)) }
                try FileSystem.replaceFile(packs + name, with: damaged)
                let repository = try #require(try GitRepository.open(folder.path))
                for id in ids {
                    // Reading verifies: whatever is returned has its id.
                    do { _ = try repository.objects.read(id) } catch { refused += 1 }
                }
            }
            try FileSystem.replaceFile(packs + name, with: sound)
        }
        #expect(refused > 100)
    }

    @Test func unreadableFormatsAreRefusedByName() async throws {
        let folder = try TemporaryFolder()
        try await GitProgram(in: folder.path)("init", "-q", "--object-format=sha256")
        #expect(throws: GitError(.unsupported, "")) { try GitRepository.open(folder.path) }
        let plain = try TemporaryFolder()
        #expect(try GitRepository.open(plain.path) == nil)
    }
}
