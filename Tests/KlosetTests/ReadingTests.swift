import ConnectorKit
import Foundation
import Kloset
import Synchronization
import Testing

/// How a store is read: in few and large pieces, each content once, with a bounded number of open files.
@Suite struct ReadingTests {
    private static let source = SampleSource.standard(largeFile: 3 << 20)

    private func store(snapshots: Int = 1, _ options: RepositoryOptions = RepositoryOptions()) async throws
        -> MemoryStore
    {
        let store = MemoryStore()
        let repository = try await Repository.create(in: store, options, passphrase: nil)
        for _ in 0..<snapshots { try await Self.source.backUp(to: repository) }
        return store
    }

    private func open(_ store: any Store) async throws -> Repository {
        try await LockedRepository.read(store).unlock(passphrase: nil)
    }

    /// 125 files are some 400 blobs.
    @Test func neighboursAreReadTogether() async throws {
        let store = try await store()
        let repository = try await open(store)
        store.contents.withLock { $0.packfileReads = 0 }
        let header = try #require(try await repository.snapshots().headers.first)
        #expect(try await Self.source.differences(to: repository.snapshot(header.identifier)) == [])
        #expect(store.contents.withLock { $0.packfileReads } < 60)
    }

    @Test func aStoreThatTellsNoSizesIsReadToo() async throws {
        let store = try await store()
        store.contents.withLock { $0.tellsSizes = false }
        let repository = try await open(store)
        let header = try #require(try await repository.snapshots().headers.first)
        #expect(try await Self.source.differences(to: repository.snapshot(header.identifier)) == [])
        #expect(try await repository.check { _ in }.isSound)
    }

    @Test func aCheckReadsEachContentOnce() async throws {
        let bytes = UInt64(Self.source.files.values.reduce(0) { $0 + $1.count })
        let one = try await open(store()).check { _ in }
        let several = try await open(store(snapshots: 4)).check { _ in }
        #expect(one.isSound && several.isSound)
        #expect(several.snapshots == 4 && several.entries == 4 * one.entries)
        // Listings differ from snapshot to snapshot in nothing here.
        #expect(several.bytes == one.bytes && several.objects == one.objects)
        #expect(one.bytes >= bytes)
    }

    @Test func damageIsReportedForEverySnapshotThatHasIt() async throws {
        let store = try await store(snapshots: 2)
        let largest = try #require(
            store.contents.withLock {
                $0.objects.filter { $0.key.resource == .packfile }.max { $0.value.count < $1.value.count }
            })
        store.contents.withLock { $0.objects[largest.key]?[largest.value.count / 2] ^= 1 }
        var hurt: Set<MAC> = []
        let summary = try await open(store).check { finding in
            if finding.path == "/data/home/large.bin", let snapshot = finding.snapshot { hurt.insert(snapshot) }
        }
        #expect(!summary.isSound && hurt.count == 2)
    }

    #if os(Linux)
        @Test func fewFilesAreOpenWhateverTheStoreHas() async throws {
            let folder = try TemporaryFolder()
            let store = FileSystemStore(path: folder.path + "/store")
            let repository = try await Repository.create(in: store, RepositoryOptions(), passphrase: nil)
            for number in 0..<30 {
                let source = SampleSource(files: ["\(number).ics": Array("number \(number)".utf8)])
                try await source.backUp(to: repository)
            }
            let reader = try await open(FileSystemStore(path: store.path))
            #expect(try await reader.snapshots().headers.count == 30)
            let links = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
            }
            let packfiles = links.filter { $0.hasPrefix(store.path + "/packfiles/") }.count
            #expect(packfiles <= 32, "at most 16 for each of the two that have the store open")
            await reader.close()
            await repository.close()
            let left = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
            }
            #expect(!left.contains { $0.hasPrefix(store.path) })
        }
    #endif
}
