import ConnectorKit
import Foundation
import Kloset
import KlosetFormat
import Testing

/// The cache makes opening quicker and is never believed.
@Suite struct RepositoryCacheTests {
    private final class Site: Sendable {
        let folder: TemporaryFolder
        let store: FileSystemStore
        let cache: RepositoryCache

        init() throws {
            folder = try TemporaryFolder()
            store = FileSystemStore(path: folder.path + "/store")
            cache = RepositoryCache(folder: folder.path + "/cache")
        }

        func open() async throws -> Repository {
            try await LockedRepository.read(store).unlock(passphrase: nil, cache: cache)
        }

        func file(of repository: Repository) -> String { "\(cache.folder)/\(repository.identifier)/states" }

        /// Opens the store and lists everything that a listing of it says.
        func contents() async throws -> [String] {
            let repository = try await open()
            var lines: [String] = []
            for header in try await repository.snapshots().headers {
                let snapshot = try await repository.snapshot(header.identifier)
                var children = try await snapshot.cursor(of: "/many")
                while let child = try await children.next() { lines.append("\(header.identifier) \(child.path)") }
            }
            return lines
        }
    }

    /// A store with so many blobs that a cache is worth its file.
    private static func site(snapshots: Int = 1) async throws -> Site {
        let site = try Site()
        let repository = try await Repository.create(in: site.store, RepositoryOptions(), passphrase: nil)
        for round in 0..<snapshots { try await backUp(repository, round) }
        return site
    }

    private static func backUp(_ repository: Repository, _ round: Int) async throws {
        let identity = ConnectorIdentity(type: "test", origin: "here", root: "/many")
        let writer = try await repository.writer(SnapshotDescription(identity: identity), parent: nil)
        for number in 0..<3500 {
            let content = Array("content \(number) of round \(round)".utf8)
            let info = FileInfo(
                name: [], size: Int64(content.count), mode: .regular(permissions: 0o644), modificationTime: .epoch,
                linkCount: 1)
            _ = try await writer.add(
                Record(path: BytePath("/many/\(number)"), info: info, content: .inline(content))
            ) { InlineContentReader([]) }
        }
        _ = try await writer.commit()
    }

    @Test func openingLeavesAPrivateFileThatTheNextOpeningAgreesWith() async throws {
        let site = try await Self.site()
        let fresh = try await site.contents()
        #expect(fresh.count == 3500)
        let file = site.file(of: try await site.open())
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        #expect(try await site.contents() == fresh)
        // It really is read: nothing else could tell this number of a state that is not read any more.
        let other = try await site.open()
        try await Self.backUp(other, 1)
        #expect(try await site.contents().count == 7000)
    }

    @Test(arguments: ["deleted", "truncated", "empty", "flipped", "of another store", "a folder"])
    func aFileThatIsNotRightIsAsGoodAsNone(how: String) async throws {
        let site = try await Self.site()
        let fresh = try await site.contents()
        let file = site.file(of: try await site.open())
        var bytes = try Array(Data(contentsOf: URL(fileURLWithPath: file)))
        switch how {
        case "deleted", "a folder": try FileManager.default.removeItem(atPath: file)
        case "truncated": try Data(bytes.prefix(bytes.count / 2)).write(to: URL(fileURLWithPath: file))
        case "empty": try Data().write(to: URL(fileURLWithPath: file))
        case "flipped":
            bytes[bytes.count / 2] ^= 1
            try Data(bytes).write(to: URL(fileURLWithPath: file))
        default:
            let other = try await Self.site()
            let stranger = other.file(of: try await other.open())
            try Data(contentsOf: URL(fileURLWithPath: stranger)).write(to: URL(fileURLWithPath: file))
        }
        if how == "a folder" {
            try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: true)
        }
        #expect(try await site.contents() == fresh)
    }

    @Test func aStateThatIsGoneFromTheStoreIsGone() async throws {
        let site = try await Self.site(snapshots: 2)
        #expect(try await site.contents().count == 7000)
        let repository = try await site.open()
        let newest = try #require(try await repository.snapshots().headers.first).identifier
        try await site.store.delete(.state, newest)
        #expect(try await site.contents().count == 3500)
    }

    @Test func checkLooksAtTheStoreItself() async throws {
        let site = try await Self.site()
        _ = try await site.contents()
        let repository = try await site.open()
        let state = try #require(try await site.store.list(.state).first)
        let path = "\(site.store.path)/states/\(state.hex.prefix(2))/\(state.hex)"
        var bytes = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
        bytes[bytes.count / 2] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let summary = try await repository.check(fast: true) { _ in }
        #expect(summary.damages > 0)
    }

    @Test func severalAtOnceDoNotDisturbEachOther() async throws {
        let site = try await Self.site()
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 { group.addTask { try await site.contents().count } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts == Array(repeating: 3500, count: 8))
        let folder = (site.file(of: try await site.open()) as NSString).deletingLastPathComponent
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["states"])
    }
}
