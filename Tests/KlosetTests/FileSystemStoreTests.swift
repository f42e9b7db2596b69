import ConnectorKit
import Foundation
import Kloset
import Testing

@Suite struct FileSystemStoreTests {
    private func permissions(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func hasTheLayoutOfTheFormat() async throws {
        let folder = try TemporaryFolder()
        let root = folder.path + "/a/store"
        let store = FileSystemStore(path: root + "/")
        try await store.create(configuration: [1, 2, 3])
        #expect(try await store.open() == [1, 2, 3])
        for bucket in ["packfiles", "states"] {
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(bucket)")
            #expect(names.sorted() == (0...255).map { hex([UInt8($0)]) })
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: root + "/locks").isEmpty)
        #expect(try permissions(root) == 0o700)
        #expect(try permissions(root + "/packfiles/ab") == 0o700)
        #expect(try permissions(root + "/CONFIG") == 0o600)

        let name = MAC.random()
        try await store.put(.packfile, name, [9, 8, 7])
        let file = "\(root)/packfiles/\(name.hex.prefix(2))/\(name.hex)"
        #expect(try permissions(file) == 0o600)
        try await store.put(.lock, name, [5])
        #expect(FileManager.default.fileExists(atPath: "\(root)/locks/\(name.hex)"))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: root).sorted() == [
                "CONFIG", "locks", "packfiles", "states",
            ])
    }

    @Test func readsRangesAndRefusesWhatIsNotThere() async throws {
        let folder = try TemporaryFolder()
        let store = FileSystemStore(path: folder.path)
        try await store.create(configuration: [])
        let name = MAC.random()
        try await store.put(.packfile, name, [0, 1, 2, 3, 4])
        #expect(try await store.get(.packfile, name, range: 1..<3) == [1, 2])
        #expect(try await store.get(.packfile, name, range: nil) == [0, 1, 2, 3, 4])
        await #expect(throws: ConnectorError(.corrupt, "")) {
            try await store.get(.packfile, name, range: 3..<1 << 40)
        }
        await #expect(throws: ConnectorError(.notFound, "")) {
            try await store.get(.packfile, .random(), range: nil)
        }
        try await store.delete(.packfile, name)
        try await store.delete(.packfile, name)
        #expect(try await store.list(.packfile).isEmpty)
    }

    /// In pieces that fit the blocks of a disk and in such that do not.
    @Test(arguments: [[1 << 20], [1 << 20, 12_345], [4096, 1 << 20, 1]])
    func whatPassesByTheSystemsMemoryIsTheSame(sizes: [Int]) async throws {
        let folder = try TemporaryFolder()
        let store = FileSystemStore(path: folder.path, cachedBytes: 1 << 20)
        try await store.create(configuration: [])
        let name = MAC.random()
        let upload = try await store.upload(.packfile, name)
        var content: [UInt8] = []
        for number in 0..<8 {
            let piece = (0..<sizes[number % sizes.count]).map {
                UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ number)
            }
            content += piece
            try await upload.append(piece)
        }
        #expect(try await store.list(.packfile).isEmpty)
        try await upload.finish()
        #expect(try await store.get(.packfile, name, range: nil) == content)
        let parts = [0..<content.count, 1..<content.count, 4096..<content.count - 1, 777..<300_000 + 777, 0..<1 << 20]
        // The first reads still stay in memory.
        for part in parts + parts {
            let range = UInt64(part.lowerBound)..<UInt64(part.upperBound)
            #expect(try await store.get(.packfile, name, range: range) == Array(content[part]))
        }
        let abandoned = try await store.upload(.packfile, .random())
        try await abandoned.append(content)
        await abandoned.abort()
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path + "/packfiles").allSatisfy { $0.count == 2 }
        )
    }

    @Test func listsOnlyWhatIsNamedLikeAnObject() async throws {
        let folder = try TemporaryFolder()
        let store = FileSystemStore(path: folder.path)
        try await store.create(configuration: [])
        let name = MAC.random()
        try await store.put(.state, name, [1])
        let bucket = "\(folder.path)/states/\(name.hex.prefix(2))"
        for other in ["states/tmp.17", "states/00/tmp.18", "states/00/\(name.hex.dropLast())", "states/README"] {
            try Data([1]).write(to: URL(fileURLWithPath: "\(folder.path)/\(other)"))
        }
        try FileManager.default.createDirectory(
            atPath: "\(bucket)/\(MAC.random().hex)", withIntermediateDirectories: false)
        #expect(try await store.list(.state) == [name])
    }

    @Test func doesNotOverwriteAStoreNorSettleAmongOtherFiles() async throws {
        let folder = try TemporaryFolder()
        let store = FileSystemStore(path: folder.path)
        await #expect(throws: ConnectorError(.notFound, "")) { try await store.open() }
        try await store.create(configuration: [1])
        await #expect(throws: ConnectorError(.alreadyExists, "")) { try await store.create(configuration: [2]) }
        #expect(try await store.open() == [1])
        let other = try TemporaryFolder()
        try Data([1]).write(to: URL(fileURLWithPath: other.path + "/letter.txt"))
        await #expect(throws: ConnectorError(.alreadyExists, "")) {
            try await FileSystemStore(path: other.path).create(configuration: [1])
        }
    }

    /// A copy of a store through git has no empty folders.
    @Test func makesFoldersThatACopyLost() async throws {
        let folder = try TemporaryFolder()
        let store = FileSystemStore(path: folder.path)
        try await store.create(configuration: [1])
        for name in ["packfiles", "states", "locks"] {
            try FileManager.default.removeItem(atPath: "\(folder.path)/\(name)")
        }
        for resource in StoreResource.allCases {
            let name = MAC.random()
            try await store.put(resource, name, [7])
            #expect(try await store.list(resource) == [name])
        }
    }

    @Test func settlesWhereACreationWasInterrupted() async throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path + "/packfiles/00", withIntermediateDirectories: true)
        try Data([1]).write(to: URL(fileURLWithPath: folder.path + "/tmp.123"))
        let store = FileSystemStore(path: folder.path)
        try await store.create(configuration: [1])
        #expect(try await store.open() == [1])
    }
}
