import Foundation
import GitObjects
import PeerPrograms
import SeededNumbers
import Testing

/// Packs that we write, judged by git and by our own reader.
@Suite(.enabled(if: GitProgram.isInstalled, "git is not installed")) struct PackBuilderTests {
    /// A hundred states of a tree, one after the other, with blobs; some states come back.
    private func history(seed: UInt64, names: Int) throws -> (pack: PackBuilder, objects: [ObjectID: GitObject]) {
        var random = SeededGenerator(seed: seed)
        var pack = PackBuilder()
        var objects: [ObjectID: GitObject] = [:]
        var tree = SpliceableTree()
        var treeID = GitObjectsVectors.emptyTree
        var older: [SpliceableTree] = []
        for step in 0..<200 {
            var changed: [[UInt8]] = []
            if step % 37 == 36, let before = older.last {
                // As before: nothing is known of what differs.
                tree = before
                changed = []
                treeID = .zero
            }
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let name = Array("entry-\(Int.random(in: 0..<names, using: &random)).ics".utf8)
                if Int.random(in: 0..<4, using: &random) == 0, tree.entry(named: name) != nil {
                    tree.remove(named: name)
                } else {
                    let content = Array("\(step) \(Int.random(in: 0..<50, using: &random))".utf8)
                    let id = ObjectID(hashing: content, as: .blob)
                    try pack.add(content, .blob, id: id)
                    objects[id] = GitObject(.blob, content)
                    tree.set(TreeEntry(mode: .regular, name: name, id: id))
                }
                changed.append(name)
            }
            let id = tree.id
            try pack.add(tree, id: id, parent: treeID, changed: changed)
            treeID = id
            objects[id] = GitObject(.tree, tree.bytes)
            if step % 20 == 0 { older.append(tree) }
        }
        return (pack, objects)
    }

    @Test(arguments: [(UInt64(1), 3), (2, 60), (3, 3_000)])
    func everyObjectComesBack(seed: UInt64, names: Int) async throws {
        let folder = try TemporaryFolder()
        let repository = try GitRepository.create(in: folder.path)
        let (pack, objects) = try history(seed: seed, names: names)
        #expect(pack.count == objects.count)
        let base = try pack.write(to: repository.objects.packDirectory)
        try repository.objects.packsHaveChanged()
        for (id, object) in objects { #expect(try repository.objects.read(id) == object) }
        let git = GitProgram(in: folder.path)
        try await git("index-pack", "--verify", "--strict", base + ".pack")
        try await git("fsck", "--strict", "--full")
        let size = try Data(contentsOf: URL(filePath: base + ".pack")).count
        #expect(size == pack.size)
    }

    /// What is added to a pack that was written already goes on from there.
    @Test func aPackGrows() async throws {
        let folder = try TemporaryFolder()
        let repository = try GitRepository.create(in: folder.path)
        var pack = PackBuilder()
        var tree = SpliceableTree()
        for number in 0..<500 {
            tree.set(
                TreeEntry(
                    mode: .regular, name: Array("member-\(number).ics".utf8),
                    id: ObjectID(hashing: Array("\(number)".utf8), as: .blob)))
            try pack.add(Array("\(number)".utf8), .blob, id: ObjectID(hashing: Array("\(number)".utf8), as: .blob))
        }
        try pack.add(tree, id: tree.id, parent: .zero, changed: [])
        let first = pack.size
        for number in 0..<100 {
            let parent = tree.id
            let content = Array("changed \(number)".utf8)
            let id = ObjectID(hashing: content, as: .blob)
            try pack.add(content, .blob, id: id)
            let name = Array("member-\(number).ics".utf8)
            tree.set(TreeEntry(mode: .regular, name: name, id: id))
            try pack.add(tree, id: tree.id, parent: parent, changed: [name])
            if number % 25 == 0 { _ = try pack.write(to: repository.objects.packDirectory) }
        }
        _ = try pack.write(to: repository.objects.packDirectory)
        try repository.objects.packsHaveChanged()
        #expect(try repository.tree(tree.id) == tree)
        // The tree has 22,000 bytes; a hundred times that would be two megabytes.
        #expect(pack.size - first < 40_000)
        try await GitProgram(in: folder.path).check()
    }
}

enum GitObjectsVectors {
    static let emptyTree = ObjectID(hashing: [], as: .tree)
}
