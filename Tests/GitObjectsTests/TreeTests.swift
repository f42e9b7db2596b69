import GitObjects
import PeerPrograms
import SeededNumbers
import Testing

@Suite struct TreeTests {
    private func id(_ random: inout SeededGenerator) -> ObjectID {
        ObjectID(bytes: (0..<20).map { _ in UInt8.random(in: 0...255, using: &random) }) ?? .zero
    }

    /// Short names over few letters, so that many are beginnings of others: there the order of git is peculiar.
    private func name(_ random: inout SeededGenerator) -> [UInt8] {
        let letters = Array("a-./0".utf8).filter { $0 != UInt8(ascii: "/") }
        return [UInt8(ascii: "a")]
            + (0..<Int.random(in: 0...3, using: &random)).map { _ in letters.randomElement(using: &random) ?? 97 }
    }

    @Test(arguments: 1...20)
    func splicedTreesEqualRebuiltOnes(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var spliced = SpliceableTree()
        var model: [[UInt8]: TreeEntry] = [:]
        for _ in 0..<300 {
            let name = name(&random)
            if Int.random(in: 0..<3, using: &random) == 0 {
                #expect(spliced.remove(named: name) == (model.removeValue(forKey: name) != nil))
            } else {
                let mode: TreeEntry.Mode = Bool.random(using: &random) ? .regular : .tree
                let entry = TreeEntry(mode: mode, name: name, id: id(&random))
                spliced.set(entry)
                model[name] = entry
            }
            #expect(spliced.count == model.count)
        }
        let expected = model.values.sorted { a, b in
            let left = a.name + (a.mode.isTree ? [UInt8(ascii: "/")] : [])
            let right = b.name + (b.mode.isTree ? [UInt8(ascii: "/")] : [])
            return left.lexicographicallyPrecedes(right)
        }
        var bytes: [UInt8] = []
        for entry in expected {
            bytes += Array("\(entry.mode.isTree ? "40000" : "100644") ".utf8) + entry.name + [0] + entry.id.bytes
        }
        #expect(spliced.bytes == bytes)
        #expect(try SpliceableTree(parsing: bytes) == spliced)
        #expect(Array(spliced) == expected)
        for (name, entry) in model { #expect(spliced.entry(named: name) == entry) }
        #expect(spliced.entry(named: Array("zz".utf8)) == nil)
    }

    @Test(arguments: 1...10)
    func differencesLeadFromOneTreeToTheOther(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var old = SpliceableTree()
        for _ in 0..<100 { old.set(TreeEntry(mode: .regular, name: name(&random), id: id(&random))) }
        var new = old
        for _ in 0..<20 {
            if Bool.random(using: &random) {
                new.remove(named: name(&random))
            } else {
                new.set(TreeEntry(mode: .regular, name: name(&random), id: id(&random)))
            }
        }
        var applied = old
        let differences = new.differences(from: old)
        for difference in differences {
            #expect(old.entry(named: difference.name) == difference.old)
            if let entry = difference.new { applied.set(entry) } else { applied.remove(named: difference.name) }
        }
        #expect(applied == new)
        #expect(new.differences(from: new).isEmpty)
        #expect(Set(differences.map(\.name)).count == differences.count)
    }

    @Test func malformedTreesAreRefused() throws {
        let id = [UInt8](repeating: 7, count: 20)
        func entry(_ head: String) -> [UInt8] { Array(head.utf8) + [0] + id }
        let broken: [[UInt8]] = [
            Array("100644 a".utf8), entry("100644 ").dropLast(0), entry("100844 a"), entry("0100644 a"),
            entry("100644 a/b"), Array(entry("100644 a").dropLast()), entry("100644 b") + entry("100644 a"),
            entry("100644 a") + entry("100644 a"), entry("1234567 a"), [0], [32], Array("100644".utf8),
        ]
        for bytes in broken {
            #expect(throws: GitError(.corrupt, ""), "\(String(decoding: bytes.prefix(20), as: UTF8.self))") {
                try SpliceableTree(parsing: bytes)
            }
        }
        #expect(try SpliceableTree(parsing: []).isEmpty)
    }

    @Test func commitsSurviveTheRoundTrip() throws {
        let signature = Signature(name: "  A <b>\nc.,", email: "a@b>", time: 1_700_000_000)
        #expect(signature.name == "A bc")
        #expect(signature.email == "a@b")
        let commit = Commit(
            tree: GitRepository.emptyTree, parents: [.zero, GitRepository.emptyTree], author: signature,
            committer: signature, message: "Subject\n\nBody: x\n")
        #expect(try Commit(parsing: commit.encoded()) == commit)
        #expect(throws: GitError(.corrupt, "")) { try Commit(parsing: Array("tree x\n\n".utf8)) }
        #expect(throws: GitError(.corrupt, "")) { try Commit(parsing: []) }
    }
}
