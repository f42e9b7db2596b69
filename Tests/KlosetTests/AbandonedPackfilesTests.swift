import ConnectorKit
import Foundation
import Kloset
import KlosetFormat
import Testing

/// What a killed writer left, the next one takes away.
@Suite struct AbandonedPackfilesTests {
    private func makeStore(
        in folder: borrowing TemporaryFolder
    ) async throws -> (store: FileSystemStore, repository: Repository) {
        let store = FileSystemStore(path: folder.path + "/store")
        return (store, try await Repository.create(in: store, passphrase: nil))
    }

    /// A lock of a process of this machine that is no more; nil where the system does not tell.
    private func plantLockOfTheDead(_ repository: Repository, token: String) async throws -> Bool {
        var parts = Repository.lockHolder.split(separator: "/").map(String.init)
        guard parts.count == 6 else { return false }
        parts[2] = "4194303"
        _ = try await repository.plantLock(
            age: 1, isExclusive: false, holder: (parts + [token]).joined(separator: "/"))
        return true
    }

    @Test func packfilesAndHalfOnesGo() async throws {
        let folder = try TemporaryFolder()
        let (store, repository) = try await makeStore(in: folder)
        guard try await plantLockOfTheDead(repository, token: "one") else { return }
        // Two were finished with a gap between them, one was under way; those of others have no business here.
        let left = [0, 7].map { repository.packfileName($0, token: "one") }
        let foreign = repository.packfileName(0, token: "two")
        for name in left + [foreign] { try await store.put(.packfile, name, [1, 2, 3]) }
        let half = folder.path + "/store/packfiles/tmp."
        let underWay = half + repository.packfileName(8, token: "one").hex + ".1234"
        let ofAnother = half + foreign.hex + ".1234"
        for path in [underWay, ofAnother] { try Data(count: 10).write(to: URL(fileURLWithPath: path)) }

        try await SampleSource(files: ["a": [1]]).backUp(to: repository)
        let packfiles = try await store.list(.packfile)
        #expect(packfiles.contains(foreign) && left.allSatisfy { !packfiles.contains($0) })
        #expect(!FileManager.default.fileExists(atPath: underWay))
        #expect(FileManager.default.fileExists(atPath: ofAnother))
        #expect(try await store.list(.lock).isEmpty)
    }

    /// Killed between the state and the release of the lock.
    @Test func whatWasPublishedStays() async throws {
        let folder = try TemporaryFolder()
        let (store, repository) = try await makeStore(in: folder)
        let header = try await SampleSource(files: ["a": [1]]).backUp(to: repository).header
        let published = try await store.list(.packfile)
        guard try await plantLockOfTheDead(repository, token: "one") else { return }
        try await SampleSource(files: ["b": [2]]).backUp(to: repository)
        #expect(Set(published).isSubset(of: try await store.list(.packfile)))
        #expect(try await repository.snapshots().headers.map(\.identifier).contains(header.identifier))
    }

    /// It may be the very state that lists them.
    @Test func besideAStateThatCannotBeReadNothingGoes() async throws {
        let folder = try TemporaryFolder()
        let (store, repository) = try await makeStore(in: folder)
        try await SampleSource(files: ["a": [1]]).backUp(to: repository)
        let packfile = repository.packfileName(0, token: "one")
        try await store.put(.packfile, packfile, [1, 2, 3])
        try await store.put(.state, .random(), [1, 2, 3])
        guard try await plantLockOfTheDead(repository, token: "one") else { return }
        _ = try? await SampleSource(files: ["b": [2]]).backUp(to: repository)
        #expect(try await store.list(.packfile).contains(packfile))
    }
}
