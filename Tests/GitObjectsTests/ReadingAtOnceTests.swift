import Foundation
import GitObjects
import PeerPrograms
import Testing

/// What can be had without waiting is what is read with waiting, and everything else is nothing.
@Suite(.enabled(if: GitProgram.isInstalled, "git is not installed")) struct ReadingAtOnceTests {
    /// Loose at first, then in a pack of git's with differences.
    @Test func packedObjectsOfTheKindAreThere() async throws {
        let folder = try TemporaryFolder()
        let repository = try GitRepository.create(in: folder.path)
        let long = (0..<400).map { "line \($0)\n" }.joined()
        var ids: [ObjectID: [UInt8]] = [:]
        for number in 0..<40 {
            let content = Array((long + "changed \(number)").utf8)
            ids[try repository.objects.write(GitObject(.blob, content))] = content
        }
        let limit = 64 << 10
        for id in ids.keys {
            #expect(repository.objects.readAtOnce(id, as: .blob, limit: limit) == nil, "a file has to be opened")
        }
        let list = ids.keys.map { "\($0) file" }.joined(separator: "\n") + "\n"
        try await GitProgram(in: folder.path)(
            "pack-objects", "-q", "--depth=50", ".git/objects/pack/pack", input: Array(list.utf8))
        try repository.objects.packsHaveChanged()
        for (id, content) in ids {
            let found = repository.objects.readAtOnce(id, as: .blob, limit: limit) { neighbour in
                #expect(ids[ObjectID(hashing: neighbour.content, as: .blob)] == neighbour.content)
            }
            // A file system that cannot tell what is in memory gives nothing.
            #expect(found == nil || found == content)
            #expect(repository.objects.readAtOnce(id, as: .tree, limit: limit) == nil)
            #expect(repository.objects.readAtOnce(id, as: .blob, limit: 100) == nil, "larger than the limit")
            #expect(try repository.objects.read(id, as: .blob) == content)
        }
        #expect(repository.objects.readAtOnce(.zero, as: .blob, limit: limit) == nil)
    }

    /// A damaged pack gives nothing here, and what is loose beside it is still found.
    @Test func damageIsNoContent() async throws {
        let folder = try TemporaryFolder()
        let repository = try GitRepository.create(in: folder.path)
        let content = Array(String(repeating: "An event. ", count: 20).utf8)
        let id = try repository.objects.write(GitObject(.blob, content))
        try await GitProgram(in: folder.path)(
            "pack-objects", "-q", ".git/objects/pack/pack", input: Array("\(id)\n".utf8))
        let directory = folder.appending(".git/objects/pack")
        let name = try #require(
            try FileManager.default.contentsOfDirectory(atPath: directory).first { $0.hasSuffix(".pack") })
        let path = directory + "/" + name
        var bytes = try Data(contentsOf: URL(filePath: path))
        for position in 16..<(bytes.count - 20) { bytes[position] ^= 0x55 }
        try FileManager.default.removeItem(atPath: path)
        try bytes.write(to: URL(filePath: path))
        try repository.objects.packsHaveChanged()
        #expect(repository.objects.readAtOnce(id, as: .blob, limit: 64 << 10) == nil)
        #expect(try repository.objects.read(id, as: .blob) == content, "the loose one is whole")
        try FileManager.default.removeItem(
            atPath: folder.appending(".git/objects/\(id.hex.prefix(2))/\(id.hex.dropFirst(2))"))
        #expect(throws: GitError.self) { try repository.objects.read(id, as: .blob) }
    }
}
