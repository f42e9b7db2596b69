import ConnectorKit
import Foundation
import Kloset
import Testing

/// Archives that we write are read by us and by the independent verifier.
@Suite struct PtarWriterTests {
    private static let cheap = Argon2idParameters(passes: 1, memory: 64)

    @Test(
        arguments: [nil, "secret"],
        [
            RepositoryOptions(keyDerivation: cheap), RepositoryOptions(hashing: .sha256, keyDerivation: cheap),
            RepositoryOptions(compression: .none, keyDerivation: cheap),
        ])
    func severalSnapshotsInOneFile(
        passphrase: String?, options: RepositoryOptions
    ) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/a.ptar"
        let secret = passphrase.map { Array($0.utf8) }
        let writer = PtarWriter(path: path)
        let repository = try await writer.create(options, passphrase: secret)
        var sample = SampleSource.standard()
        let first = try await sample.backUp(to: repository).header
        // What is there already can be read and is not stored again.
        #expect(try await sample.differences(to: repository.snapshot(first.identifier)).isEmpty)
        sample.files["later"] = Array("later".utf8)
        let (second, _, statistics) = try await sample.backUp(
            to: repository, parent: repository.snapshot(first.identifier))
        #expect(statistics.bytesStored < 100_000)
        #expect(!FileManager.default.fileExists(atPath: path), "nothing is there before it is whole")
        try await writer.finish()

        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.ptar"])
        let archive = try await LockedRepository.read(PtarStore(path: path)).unlock(passphrase: secret)
        #expect(try await Set(archive.snapshots().headers) == [first, second])
        #expect(try await sample.differences(to: archive.snapshot(second.identifier)).isEmpty)
        #expect(try await archive.check { _ in }.isSound)
        try Verifier.expectClean(path, passphrase: secret, ["--all", "--complete"])
    }

    @Test func aFileThatIsThereStaysUnlessAskedFor() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/a.ptar"
        try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
        for replacing in [false, true] {
            let writer = PtarWriter(path: path)
            let repository = try await writer.create(RepositoryOptions(), passphrase: nil)
            try await SampleSource(files: ["a": [1]]).backUp(to: repository)
            if replacing {
                try await writer.finish(replacing: true)
            } else {
                await #expect(throws: ConnectorError(.alreadyExists, "")) { try await writer.finish() }
                await writer.close()
                #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("precious".utf8))
            }
        }
        #expect(try await LockedRepository.read(PtarStore(path: path)).unlock(passphrase: nil).check { _ in }.isSound)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.ptar"])
    }

    @Test func givingUpLeavesNothing() async throws {
        let folder = try TemporaryFolder()
        let writer = PtarWriter(path: folder.path + "/a.ptar")
        let repository = try await writer.create(RepositoryOptions(), passphrase: nil)
        try await SampleSource(files: ["a": [1]]).backUp(to: repository)
        await writer.close()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    /// From one archive into another with other keys, then into a folder.
    @Test func archivesAreCopiedIntoAndFrom() async throws {
        let source = try await Repository.create(in: MemoryStore(), passphrase: nil)
        let header = try await SampleSource.standard().backUp(to: source).header
        let folder = try TemporaryFolder()
        let path = folder.path + "/a.ptar"
        let writer = PtarWriter(path: path)
        let target = try await writer.create(RepositoryOptions(hashing: .sha256), passphrase: nil)
        _ = try await SnapshotTransfer(from: source, to: target, usesCommonSnapshots: false).copy(header.identifier)
        try await writer.finish()
        try Verifier.expectClean(path, ["--all", "--complete"])
        let archive = try await LockedRepository.read(PtarStore(path: path)).unlock(passphrase: nil)
        let back = try await Repository.create(in: MemoryStore(), passphrase: nil)
        _ = try await SnapshotTransfer(from: archive, to: back).copy(header.identifier)
        #expect(try await SampleSource.standard().differences(to: back.snapshot(header.identifier)).isEmpty)
    }
}
