import ConnectorKit
import Crypto
import Foundation
import Kloset
import Testing

/// Stores that the Go engine wrote, against what the Go engine says of them.
@Suite(.enabled(if: Shared.stores != nil, "the fixtures are not here: set FASTI_SHARED"))
struct FixtureTests {
    static let names = [
        "store-plain", "store-enc", "store-sha256-nocomp", "plain.ptar", "enc.ptar", "dummy_v0.0.1_linux_amd64.ptar",
        "store-kloset-1.0", "store-3000-files", "store-after-gc", "store-gzip", "store-zstd",
    ]

    /// Opens a fixture; one that was opened before is used again, for its key takes a while to derive.
    static func open(_ name: String) async throws -> Repository {
        let path = try #require(Shared.stores) + "/" + name
        return try await opened.repository(path)
    }

    private static let opened = OpenRepositories()

    private actor OpenRepositories {
        private var repositories: [String: Task<Repository, any Error>] = [:]

        func repository(_ path: String) async throws -> Repository {
            if let known = repositories[path] { return try await known.value }
            let task = Task {
                let store: any Store = path.hasSuffix(".ptar") ? PtarStore(path: path) : FileSystemStore(path: path)
                return try await LockedRepository.read(store).unlock(passphrase: Shared.passphrase)
            }
            repositories[path] = task
            return try await task.value
        }
    }

    /// SHA-256 of the content of an entry.
    private func digest(_ snapshot: Snapshot, _ entry: Entry) async throws -> String {
        var digest = SHA256()
        let reader = try snapshot.reader(for: entry)
        while let piece = try await reader.next() { digest.update(data: piece) }
        await reader.close()
        return hex(digest.finalize())
    }

    /// Every snapshot can be walked, and the walk and the lookup of each path agree.
    @Test(arguments: names)
    func opensAndReads(name: String) async throws {
        let repository = try await Self.open(name)
        let listing = try await repository.snapshots()
        #expect(listing.unreadable.isEmpty)
        #expect(listing.damagedStates.isEmpty)
        #expect(listing.headers.isEmpty == (name == "store-zstd"))
        var files = 0
        for header in listing.headers {
            let snapshot = try await repository.snapshot(header.identifier)
            var paths: Set<BytePath> = []
            try await snapshot.walk { path, entry in
                #expect(entry.path == path)
                #expect(paths.insert(path).inserted)
                let same = try await snapshot.entry(at: path)
                #expect(same == entry)
                guard entry.info.mode.isRegular else { return }
                files += 1
            }
            #expect(paths.contains(snapshot.root))
            for attribute in try await snapshot.extendedAttributes() {
                #expect(paths.contains(attribute.path))
                var count: Int64 = 0
                let reader = snapshot.reader(for: attribute)
                while let piece = try await reader.next() { count += Int64(piece.count) }
                #expect(count == attribute.size)
            }
        }
        #expect(files > 0 || listing.headers.isEmpty)
    }

    @Test(arguments: ["store-plain", "store-enc", "plain.ptar", "enc.ptar"])
    func contentsAreWhatTheGoEngineSays(name: String) async throws {
        let repository = try await Self.open(name)
        let dump = try #require(Shared.stores) + "/" + name + ".dump"
        let headers = try await repository.snapshots().headers
        #expect(headers.count == 3)
        let order = try String(contentsOfFile: dump + "/ls-uuid.txt", encoding: .utf8)
            .split(separator: "\n").map { String($0.split(separator: " ")[1]) }
        #expect(headers.map(\.identifier.hex) == order)
        for header in headers {
            let snapshot = try await repository.snapshot(prefix: String(header.identifier.hex.prefix(8)))
            var found: [String: String] = [:]
            try await snapshot.walk(from: snapshot.root) { path, entry in
                guard entry.info.mode.isRegular else { return }
                let relative = try #require(path.relative(to: snapshot.root))
                found["." + String(decoding: relative.bytes, as: UTF8.self)] = try await digest(snapshot, entry)
            }
            let file = "\(dump)/\(header.identifier.hex.prefix(8)).restored.sha256"
            var expected: [String: String] = [:]
            for line in try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n") {
                // sha256sum marks a line with a backslash when it escapes some in the name.
                let isEscaped = line.hasPrefix("\\")
                let line = line.drop { $0 == "\\" }
                let name = String(line.dropFirst(66))
                expected[isEscaped ? name.replacing("\\\\", with: "\\") : name] = String(line.prefix(64))
            }
            for name in Set(found.keys).union(expected.keys) { #expect(found[name] == expected[name], "\(name)") }
            #expect(expected.count > 50)
        }
    }

    @Test(arguments: ["store-plain", "enc.ptar"])
    func treesAreListedAsTheGoEngineListsThem(name: String) async throws {
        let repository = try await Self.open(name)
        let dump = try #require(Shared.stores) + "/" + name + ".dump"
        for header in try await repository.snapshots().headers {
            let snapshot = try await repository.snapshot(header.identifier)
            var found: [String] = []
            try await snapshot.walk(from: snapshot.root) { path, _ in
                let relative = try #require(path.relative(to: snapshot.root))
                found.append(
                    "/FIXTURES/tree" + (relative.isRoot ? "" : String(decoding: relative.bytes, as: UTF8.self)))
            }
            let file = "\(dump)/\(header.identifier.hex.prefix(8)).ls-recursive.txt"
            let expected = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
                .compactMap { line in line.firstRange(of: "/FIXTURES/tree").map { line[$0.lowerBound...] } }
                .map { line in String(line.prefix(upTo: line.firstRange(of: " -> ")?.lowerBound ?? line.endIndex)) }
            #expect(Set(found).symmetricDifference(expected) == [])
            #expect(found.count == expected.count)
        }
    }

    @Test func wrongPassphraseIsToldApartFromDamage() async throws {
        let path = try #require(Shared.stores) + "/store-enc"
        let locked = try await LockedRepository.read(FileSystemStore(path: path))
        #expect(locked.isEncrypted)
        await #expect(throws: KlosetError(.authentication, "")) {
            try await locked.unlock(passphrase: Array("incorrect horse".utf8))
        }
        await #expect(throws: KlosetError(.authentication, "")) { try await locked.unlock(passphrase: nil) }
    }

    @Test func prefixesResolve() async throws {
        let repository = try await Self.open("store-plain")
        #expect(try await repository.snapshot(prefix: "834783B3").identifier.hex.hasPrefix("834783b3"))
        await #expect(throws: KlosetError(.notFound, "")) { try await repository.snapshot(prefix: "ffff") }
        await #expect(throws: KlosetError(.notFound, "")) { try await repository.snapshot(prefix: "zz") }
        await #expect(throws: KlosetError(.notFound, "")) { try await repository.snapshot(prefix: "") }
    }

    /// Nothing that the Go engine wrote is objected to.
    @Test(arguments: names)
    func checksClean(name: String) async throws {
        let repository = try await Self.open(name)
        let summary = try await repository.check { Issue.record("\($0)") }
        #expect(summary.isSound)
        #expect(summary.snapshots == (try await repository.snapshots().headers.count))
        #expect(summary.objects > 0 || summary.snapshots == 0)
    }

    /// A copy of a store with the empty folders that git does not keep.
    private func writableCopy(_ name: String, in folder: String) throws -> FileSystemStore {
        let path = folder + "/" + name
        try FileManager.default.copyItem(atPath: try #require(Shared.stores) + "/" + name, toPath: path)
        for bucket in ["packfiles", "states"] {
            for first in UInt8.min ... .max {
                try FileManager.default.createDirectory(
                    atPath: "\(path)/\(bucket)/\(hex([first]))", withIntermediateDirectories: true)
            }
        }
        try FileManager.default.createDirectory(atPath: path + "/locks", withIntermediateDirectories: true)
        return FileSystemStore(path: path)
    }

    /// The same contents read again give the same chunks, objects, entries and listings as the Go engine made, to
    /// the last bit of an entropy: only tree nodes of another shape and the header are new.
    @Test(arguments: ["store-plain", "store-3000-files"])
    func cutsAndDescribesContentsAsTheGoEngineDoes(name: String) async throws {
        let folder = try TemporaryFolder()
        let store = try writableCopy(name, in: folder.path)
        let repository = try await LockedRepository.read(store).unlock(passphrase: nil)
        let header = try #require(try await repository.snapshots().headers.last)
        let theirs = try await repository.snapshot(header.identifier)
        let writer = try await repository.writer(SnapshotDescription(identity: theirs.identity), parent: nil)
        var entries = 0
        try await theirs.walk { path, entry in
            entries += 1
            let record = Record(
                path: path, info: entry.info, symbolicLinkTarget: entry.symbolicLinkTarget,
                content: entry.info.mode.isRegular ? .onDemand : .none)
            _ = try await writer.add(record) { try theirs.reader(for: entry) }
        }
        let ours = try await repository.snapshot(writer.commit().identifier)
        var differing: [BytePath] = []
        try await ours.walk { path, entry in
            if let same = try await theirs.entry(at: path), same.object != entry.object { differing.append(path) }
        }
        #expect(differing == [])
        #expect(entries > 80)
    }

    /// A snapshot of ours on top of one of the Go engine's, in a copy of its store: unchanged files are taken over
    /// without being read, their entries come out byte for byte as they were, and the independent reader is content.
    @Test(
        .enabled(if: Verifier.command != nil, "kloset_verify.py cannot be run: set FASTI_TEST_PYTHON"),
        arguments: ["store-plain", "store-kloset-1.0", "store-3000-files", "store-gzip"])
    func continuesASeriesOfTheGoEngine(name: String) async throws {
        let folder = try TemporaryFolder()
        let store = try writableCopy(name, in: folder.path)
        let repository = try await LockedRepository.read(store).unlock(passphrase: nil)
        let header = try #require(try await repository.snapshots().headers.last)
        let parent = try await repository.snapshot(header.identifier)
        let writer = try await repository.writer(SnapshotDescription(identity: parent.identity), parent: parent)
        var files = 0
        var attributed: [BytePath: [SnapshotAttribute]] = [:]
        for attribute in try await parent.extendedAttributes() {
            attributed[attribute.path, default: []].append(attribute)
        }
        try await parent.walk { path, entry in
            let record = Record(
                path: path, info: entry.info, symbolicLinkTarget: entry.symbolicLinkTarget,
                extendedAttributeNames: entry.extendedAttributeNames,
                content: entry.info.mode.isRegular ? .onDemand : .none)
            let outcome = try await writer.add(record) { throw ConnectorError(.inputOutput, "This must not be read.") }
            guard case .unchanged(let size) = outcome else {
                #expect(!entry.info.mode.isRegular && outcome == .stored(size: 0), "\(path)")
                return
            }
            #expect(Int64(size) == entry.info.size)
            files += 1
        }
        for attribute in attributed.values.joined() {
            let record = Record(
                path: attribute.path,
                kind: .extendedAttribute(name: attribute.name, kind: try #require(attribute.kind)),
                info: nil, content: .onDemand)
            _ = try await writer.add(record) { parent.reader(for: attribute) }
        }
        for error in try await parent.errors() {
            _ = try await writer.add(.failed(error.path, error: error.reason)) { InlineContentReader([]) }
        }
        let ours = try await repository.snapshot(writer.commit().identifier)
        #expect(files > 0)
        var entries = 0
        try await ours.walk { path, entry in
            entries += 1
            let theirs = try await parent.entry(at: path)
            if name != "store-kloset-1.0" { #expect(entry == theirs, "\(path)") }
            #expect(entry.info == theirs?.info && entry.object == theirs?.object)
        }
        // The trees may have other shapes, but every entry, object and chunk was there.
        if name != "store-kloset-1.0" { #expect(Int(await writer.statistics.newBlobs) < 20 + entries / 8) }
        #expect(try await repository.check { Issue.record("\($0)") }.isSound)
        if ["store-kloset-1.0", "store-gzip"].contains(name) { try Verifier.expectClean(store.path, []) }
    }
}
