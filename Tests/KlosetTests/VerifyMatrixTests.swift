import ConnectorKit
import Crypto
import Foundation
import Kloset
import KlosetFormat
import SeededNumbers
import Testing

/// Stores of every kind, with odd trees, after every change: the independent reader finds nothing to object to, lists
/// the same paths and extracts the same bytes.
@Suite(.enabled(if: Verifier.command != nil, "kloset_verify.py cannot be run: set FASTI_TEST_PYTHON and FASTI_SHARED"))
struct VerifyMatrixTests {
    struct Kind: Sendable, CustomTestStringConvertible {
        let hashing: RepositoryOptions.Hashing
        let compression: RepositoryOptions.Compression
        let isEncrypted: Bool

        var testDescription: String { "\(hashing) \(compression) \(isEncrypted ? "encrypted" : "plain")" }

        static let all = [false, true].flatMap { isEncrypted in
            [RepositoryOptions.Hashing.blake3, .sha256].flatMap { hashing in
                [RepositoryOptions.Compression.lz4, .gzip, .none].map {
                    Kind(hashing: hashing, compression: $0, isEncrypted: isEncrypted)
                }
            }
        }

        /// A new store of this kind.
        func repository(at path: String, _ passphrase: [UInt8]?) async throws -> Repository {
            try await Repository.create(
                in: FileSystemStore(path: path),
                RepositoryOptions(
                    hashing: hashing, compression: compression,
                    keyDerivation: Argon2idParameters(passes: 1, memory: 8)),
                passphrase: passphrase)
        }
    }

    private static let passphrase = Array("correct horse".utf8)

    /// A tree with everything that is rare.
    private struct OddTree {
        var contents: [BytePath: [UInt8]] = [:]
        var records: [Record] = []

        init(seed: UInt64) {
            var random = SeededGenerator(seed: seed)
            for number in 0..<130 { file(BytePath("/odd/wide/file-\(number)"), Array("content \(number % 7)".utf8)) }
            for number in 0..<60 { folder(BytePath("/odd/folders/\(number)")) }
            let deep = (0..<60).reduce("/odd/deep") { path, level in path + "/\(level)" }
            file(BytePath(deep + "/bottom"), [1])
            file("/odd/empty", [])
            file("/odd/zeros", [UInt8](repeating: 0, count: 5000))
            file("/odd/random", random.bytes(100_000), seconds: 1_700_000_000 + Int64(seed))
            file("/odd/e\u{301} \"quoted\" \\ #%?\n\t", [2])
            file("/odd/\u{E9}", [3])
            for name in [[0xFF, 0xFE], [0x80], Array("latin ".utf8) + [0xE4], [UInt8](repeating: 0x6E, count: 255)] {
                if let path = BytePath("/odd").appending(name) { file(path, name) }
            }
            for name in ["first", "second"] { file(BytePath("/odd/hard-\(name)"), [9, 9], links: 2, inode: 77) }
            special("/odd/pipe", [.namedPipe])
            special("/odd/socket", [.socket])
            special("/odd/device", [.device, .characterDevice])
            special("/odd/link", [.symbolicLink], target: Array("nowhere/".utf8) + [0xFF])
            attributed("/odd/attributed", ["user.one": [1], "user.two": [], "user.large": random.bytes(3000)])
            attributed("/odd/deep/attributed", ["user.one": [2]])
            records.append(.failed("/odd/unreadable", error: "Permission denied"))
            records.append(.failed("/odd/other/gone", error: "No such file"))
            folder("/odd", mode: .directory(permissions: 0o1777))
        }

        private mutating func file(
            _ path: BytePath, _ bytes: [UInt8], seconds: Int64 = 1_700_000_000, links: UInt16 = 1, inode: UInt64 = 0
        ) {
            var info = FileInfo(
                name: path.name, size: Int64(bytes.count), mode: .regular(permissions: 0o644),
                modificationTime: Timestamp(seconds: seconds, nanoseconds: 999_999_999))
            info.linkCount = links
            info.inode = inode
            contents[path] = bytes
            records.append(Record(path: path, info: info, content: .onDemand))
        }

        private mutating func folder(_ path: BytePath, mode: FileMode = .directory(permissions: 0o700)) {
            records.append(
                Record(
                    path: path,
                    info: FileInfo(name: path.name, size: 4096, mode: mode, modificationTime: Timestamp(seconds: -1))))
        }

        private mutating func special(_ path: BytePath, _ mode: FileMode, target: [UInt8]? = nil) {
            records.append(
                Record(
                    path: path,
                    info: FileInfo(name: path.name, size: 0, mode: mode, modificationTime: Timestamp(seconds: 1)),
                    symbolicLinkTarget: target))
        }

        private mutating func attributed(_ path: BytePath, _ values: [String: [UInt8]]) {
            let names = values.keys.sorted().map { Array($0.utf8) }
            contents[path] = [5]
            records.append(
                Record(
                    path: path,
                    info: FileInfo(
                        name: path.name, size: 1, mode: .regular(permissions: 0o600), modificationTime: .epoch),
                    extendedAttributeNames: names, content: .onDemand))
            for (name, value) in values.sorted(by: { $0.key < $1.key }) {
                records.append(
                    Record(
                        path: path, kind: .extendedAttribute(name: Array(name.utf8), kind: .extended), info: nil,
                        content: .inline(value)))
            }
        }

        func backUp(to repository: Repository, parent: Snapshot?) async throws -> SnapshotHeader {
            let writer = try await repository.writer(
                SnapshotDescription(
                    identity: ConnectorIdentity(type: "test", origin: "odd", root: "/odd"), tags: ["odd"],
                    context: [("Hostname", "here")]),
                parent: parent)
            for record in records {
                let bytes = contents[record.path] ?? []
                let value: [UInt8] = if case .inline(let inline) = record.content { inline } else { bytes }
                _ = try await writer.add(record) { InlineContentReader(value) }
            }
            return try await writer.commit()
        }
    }

    @Test(arguments: Kind.all)
    func everyKindOfStoreIsClean(kind: Kind) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/store"
        let passphrase = kind.isEncrypted ? Self.passphrase : nil
        let repository = try await kind.repository(at: path, passphrase)
        try Verifier.expectClean(path, passphrase: passphrase)

        let tree = OddTree(seed: 1)
        let first = try await tree.backUp(to: repository, parent: nil)
        try Verifier.expectClean(path, passphrase: passphrase)
        try await compare(path, passphrase, repository, first, tree)

        // Incremental: some files are new, one has changed, one is gone.
        var changed = OddTree(seed: 2)
        changed.records.removeAll { $0.path == "/odd/zeros" }
        changed.contents["/odd/zeros"] = nil
        let second = try await changed.backUp(to: repository, parent: repository.snapshot(first.identifier))
        try Verifier.expectClean(path, passphrase: passphrase)
        try await compare(path, passphrase, repository, second, changed)

        try await repository.delete(snapshot: first.identifier)
        try Verifier.expectClean(path, passphrase: passphrase)
        try await compare(path, passphrase, repository, second, changed)
        #expect(try await repository.check { Issue.record("\($0)") }.isSound)
    }

    /// A source in which nothing has changed: a header of its own over the trees of the snapshot before.
    @Test(arguments: [Kind.all[0], Kind.all[6]])
    func aSnapshotMadeAgainIsWhole(kind: Kind) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/store"
        let passphrase = kind.isEncrypted ? Self.passphrase : nil
        let repository = try await kind.repository(at: path, passphrase)
        func again(_ parent: Snapshot) async throws -> SnapshotHeader? {
            let description = SnapshotDescription(
                identity: ConnectorIdentity(type: "test", origin: "odd", root: "/odd"))
            let writer = try await repository.writer(description, parent: parent)
            let header = try await writer.commitParentAgain()
            await writer.abort()
            return header
        }

        let holed = try await OddTree(seed: 1).backUp(to: repository, parent: nil)
        #expect(try await again(repository.snapshot(holed.identifier)) == nil, "two of its paths could not be read")

        var tree = OddTree(seed: 2)
        tree.records.removeAll { $0.error != nil }
        let first = try await tree.backUp(to: repository, parent: nil)
        let parent = try await repository.snapshot(first.identifier)
        let second = try #require(try await again(parent))
        #expect(second.sources == first.sources && second.identifier != first.identifier)
        try Verifier.expectClean(path, passphrase: passphrase)
        try await compare(path, passphrase, repository, second, tree)

        // What the snapshots before had to themselves goes, and this one stays whole.
        try await repository.delete(snapshot: holed.identifier)
        try await repository.delete(snapshot: first.identifier)
        #expect(try await again(parent) == nil, "it is deleted")
        _ = try await repository.maintain(MaintenanceOptions(grace: .zero))
        _ = try await repository.maintain(MaintenanceOptions(grace: .zero))
        try Verifier.expectClean(path, passphrase: passphrase)
        try await compare(path, passphrase, repository, second, tree)
        #expect(try await repository.check { Issue.record("\($0)") }.isSound)
    }

    /// The digests that the independent reader computes of every file, against those of what was backed up; its list
    /// of paths against ours.
    private func compare(
        _ store: String, _ passphrase: [UInt8]?, _ repository: Repository, _ header: SnapshotHeader, _ tree: OddTree
    ) async throws {
        let digests = try Verifier.output(["sha256", store, header.identifier.hex], passphrase: passphrase)
            .split(separator: 0x0A).map { line in
                String(decoding: line.drop { $0 == UInt8(ascii: "\\") }.prefix(64), as: UTF8.self)
            }
        #expect(digests.sorted() == tree.contents.values.map { hex(SHA256.hash(data: $0)) }.sorted())
        let listed = try Verifier.output(["tree", store, header.identifier.hex], passphrase: passphrase)
            .split(separator: 0x0A).count
        var walked = 0
        let snapshot = try await repository.snapshot(header.identifier)
        try await snapshot.walk { path, entry in
            walked += 1
            guard entry.info.mode.isRegular else { return }
            let content = try await snapshot.content(at: path, limit: 1 << 20)
            #expect(content == tree.contents[path], "\(path)")
        }
        #expect(listed == walked)
    }
}
