import ConnectorKit
import Foundation
import Kloset
import Synchronization
import Testing

/// Copies of snapshots in stores with other keys: the same identifiers, headers and bytes.
@Suite struct TransferTests {
    private static let cheap = Argon2idParameters(passes: 1, memory: 64)
    private static let secret = Array("correct horse battery staple".utf8)

    /// How the destination differs from the source, which is plain, BLAKE3 and LZ4.
    private static let destinations: [RepositoryOptions] = [
        RepositoryOptions(), RepositoryOptions(hashing: .sha256, compression: .none, keyDerivation: cheap),
        RepositoryOptions(compression: .gzip, keyDerivation: cheap),
    ]

    private static let attribute = Record(
        path: "/data/home/empty", kind: .extendedAttribute(name: Array("user.colour".utf8), kind: .extended), info: nil,
        content: .inline(Array("blue".utf8)))

    private func source() async throws -> (Repository, [SnapshotHeader]) {
        let repository = try await Repository.create(in: MemoryStore(), passphrase: nil)
        var sample = SampleSource.standard()
        let first = try await sample.backUp(
            to: repository, extra: [Self.attribute, .failed("/data/home/secret", error: "permission denied")]
        ).header
        sample.files["calendars/work/event-3.ics"] = Array("changed".utf8)
        sample.files["later"] = Array("later".utf8)
        return (repository, [first, try await sample.backUp(to: repository).header])
    }

    /// Everything that a person could see in a snapshot.
    private func contents(_ snapshot: Snapshot, types: Bool = true) async throws -> [String] {
        var lines: [String] = []
        try await snapshot.walk { path, entry in
            var line = "\(path) \(entry.info) \(types ? entry.contentType : "") \(entry.symbolicLinkTarget)"
            if entry.info.mode.isRegular {
                line += " \(try await snapshot.content(at: path, limit: 1 << 30)?.hashValue ?? 0)"
            }
            lines.append(line)
        }
        for attribute in try await snapshot.extendedAttributes() {
            let value = try await snapshot.reader(for: attribute).next() ?? []
            lines.append("\(attribute.path) \(attribute.name) \(value)")
        }
        lines += try await snapshot.errors().map { "\($0.path) \($0.reason)" }
        return lines
    }

    @Test(arguments: [0, 1, 2], [false, true])
    func copiesAreEqual(options: Int, encrypted: Bool) async throws {
        let (source, headers) = try await source()
        let folder = try TemporaryFolder()
        let path = folder.path + "/store"
        let passphrase = encrypted ? Self.secret : nil
        var options = Self.destinations[options]
        options.keyDerivation = Self.cheap
        let destination = try await Repository.create(in: FileSystemStore(path: path), options, passphrase: passphrase)
        let transfer = try SnapshotTransfer(from: source, to: destination)
        for header in headers {
            let summary = try #require(try await transfer.copy(header.identifier))
            #expect(summary.entries > 100)
            #expect(try await transfer.copy(header.identifier) == nil, "it is there already")
        }
        let fresh = try await LockedRepository.read(FileSystemStore(path: path)).unlock(passphrase: passphrase)
        for header in headers {
            let copy = try await fresh.snapshot(header.identifier)
            #expect(try await contents(copy) == contents(source.snapshot(header.identifier)))
            var expected = header
            expected.sources[0].root = copy.header.sources[0].root
            expected.sources[0].indexes = copy.header.sources[0].indexes
            #expect(copy.header == expected)
        }
        #expect(try await fresh.check { _ in }.isSound)
        #expect(try await destination.store.list(.lock).isEmpty)
        try Verifier.expectClean(path, passphrase: passphrase)
    }

    /// A second snapshot of the same source brings only what changed.
    @Test func whatIsUnchangedIsNotReadAgain() async throws {
        let (source, headers) = try await source()
        let destination = try await Repository.create(
            in: MemoryStore(), RepositoryOptions(hashing: .sha256), passphrase: nil)
        _ = try await SnapshotTransfer(from: source, to: destination).copy(headers[0].identifier)
        let summary = try await SnapshotTransfer(from: source, to: destination).copy(headers[1].identifier)
        #expect(summary?.bytesRead == UInt64("changed".utf8.count + "later".utf8.count))
    }

    @Test func aDamagedSnapshotIsNotCopiedAndTheOtherIs() async throws {
        let store = MemoryStore()
        let source = try await Repository.create(in: store, RepositoryOptions(compression: .none), passphrase: nil)
        let good = try await SampleSource(files: ["a": Array("good".utf8)]).backUp(to: source).header
        let bad = try await SampleSource(files: ["b": Array("needle".utf8)]).backUp(to: source).header
        store.contents.withLock { contents in
            for (key, bytes) in contents.objects {
                if let range = bytes.firstRange(of: Array("needle".utf8)) {
                    contents.objects[key]?[range.lowerBound] ^= 1
                }
            }
        }
        let destination = try await Repository.create(in: MemoryStore(), passphrase: nil)
        let transfer = try SnapshotTransfer(from: source, to: destination)
        await #expect(throws: KlosetError(.corrupt, "")) { try await transfer.copy(bad.identifier) }
        _ = try await transfer.copy(good.identifier)
        #expect(try await destination.snapshots().headers.map(\.identifier) == [good.identifier])
        #expect(try await destination.check { _ in }.isSound)
        #expect(try await destination.store.list(.lock).isEmpty)
    }

    @Test func oneStoreIsNotCopiedOntoItself() async throws {
        let (source, _) = try await source()
        let again = try await LockedRepository.read(source.store).unlock(passphrase: nil)
        #expect(throws: KlosetError(.invalidArgument, "")) { try SnapshotTransfer(from: source, to: again) }
    }

    /// Caches of readers rely on it that an identifier means one thing for ever (format, trap 36).
    @Test func whatWasRemovedThereDoesNotComeBack() async throws {
        let (source, headers) = try await source()
        let destination = try await Repository.create(in: MemoryStore(), passphrase: nil)
        let transfer = try SnapshotTransfer(from: source, to: destination)
        _ = try await transfer.copy(headers[0].identifier)
        try await destination.delete(snapshot: headers[0].identifier)
        #expect(transfer.presence(of: headers[0].identifier) == .removed)
        await #expect(throws: KlosetError(.alreadyExists, "")) { try await transfer.copy(headers[0].identifier) }
    }

    /// The Go engine's stores, also of the older line and the damaged-looking one, into an encrypted store.
    @Test(
        .enabled(if: Shared.stores != nil, "the fixtures are not here"),
        arguments: [
            "store-plain", "store-enc", "store-kloset-1.0", "store-3000-files", "store-sha256-nocomp", "plain.ptar",
        ])
    func storesOfTheGoEngine(name: String) async throws {
        let place = (Shared.stores ?? "") + "/" + name
        let store: any Store = name.hasSuffix(".ptar") ? PtarStore(path: place) : FileSystemStore(path: place)
        let source = try await LockedRepository.read(store).unlock(passphrase: Shared.passphrase)
        let folder = try TemporaryFolder()
        let path = folder.path + "/store"
        let destination = try await Repository.create(
            in: FileSystemStore(path: path), RepositoryOptions(keyDerivation: Self.cheap), passphrase: Self.secret)
        let transfer = try SnapshotTransfer(from: source, to: destination)
        let headers = try await source.snapshots().headers
        for header in headers.reversed() { _ = try await transfer.copy(header.identifier) }
        for header in headers {
            let copy = try await destination.snapshot(header.identifier)
            let original = try await source.snapshot(header.identifier)
            // The older line does not say of an entry what it contains.
            let types = name != "store-kloset-1.0"
            let differences = Set(try await contents(copy, types: types))
                .symmetricDifference(try await contents(original, types: types))
            #expect(differences.count == 0, "\(differences.prefix(4))")
        }
        #expect(try await destination.check { _ in }.isSound)
        try Verifier.expectClean(path, passphrase: Self.secret, ["--all", "--foreign"])
    }

    @Test func aDuplicateHasTheSameContentsUnderAnotherName() async throws {
        let (repository, headers) = try await source()
        let copy = try await repository.duplicate(snapshot: headers[0].identifier)
        #expect(copy.identifier != headers[0].identifier && copy.timestamp > headers[0].timestamp)
        try await repository.delete(snapshot: headers[0].identifier)
        #expect(try await repository.maintain(MaintenanceOptions(grace: .zero)).used.count >= 2)
        let fresh = try await LockedRepository.read(repository.store).unlock(passphrase: nil)
        #expect(
            try await SampleSource.standard().differences(to: fresh.snapshot(copy.identifier)).isEmpty)
        #expect(try await fresh.check { _ in }.isSound)
        await #expect(throws: KlosetError(.notFound, "")) { try await repository.duplicate(snapshot: .random()) }
        #expect(try await repository.store.list(.lock).isEmpty)
    }
}
