import ConnectorKit
import Kloset
import Synchronization
import Testing

/// A small store of which one thing is damaged: nothing crashes, the check says what is hurt, and what is not hurt
/// can still be read.
@Suite struct DamageTests {
    private static let source = SampleSource(
        files: [
            "a.ics": Array("BEGIN:VCALENDAR\r\nfirst\r\n".utf8), "b.ics": Array("BEGIN:VCALENDAR\r\nsecond\r\n".utf8),
            "c/d.vcf": Array("BEGIN:VCARD\r\nthird\r\n".utf8),
        ])

    private func sample(_ options: RepositoryOptions = RepositoryOptions()) async throws -> MemoryStore.Contents {
        let store = MemoryStore()
        let repository = try await Repository.create(in: store, options, passphrase: nil)
        try await Self.source.backUp(to: repository)
        return store.contents.withLock { $0 }
    }

    /// What can still be learnt from a store.
    private struct Verdict {
        var opens = false
        var isSound = false
        var findings: [CheckFinding] = []
        /// Files whose content was handed out.
        var readable: [String: [UInt8]] = [:]
    }

    private func examine(_ store: MemoryStore) async -> Verdict {
        var verdict = Verdict()
        guard let repository = try? await LockedRepository.read(store).unlock(passphrase: nil) else { return verdict }
        verdict.opens = true
        let findings = Mutex<[CheckFinding]>([])
        let summary = try? await repository.check { finding in findings.withLock { $0.append(finding) } }
        verdict.isSound = summary?.isSound ?? false
        verdict.findings = findings.withLock { $0 }
        guard let header = try? await repository.snapshots().headers.first,
            let snapshot = try? await repository.snapshot(header.identifier)
        else { return verdict }
        for name in Self.source.files.keys {
            let content = try? await snapshot.content(at: BytePath("/data/home/" + name), limit: 1000)
            if let content { verdict.readable[name] = content }
        }
        return verdict
    }

    /// Every 97th byte of every file of the store. No flipped byte goes unnoticed, none is handed out as content.
    @Test(arguments: [RepositoryOptions(), RepositoryOptions(hashing: .sha256, compression: .none)])
    func everyFlippedByteIsNoticed(options: RepositoryOptions) async throws {
        let contents = try await sample(options)
        var opened = 0
        for (key, bytes) in contents.objects {
            for offset in stride(from: 0, to: bytes.count, by: 97) {
                var damaged = contents
                damaged.objects[key]?[offset] ^= 0x04
                let verdict = await examine(MemoryStore(damaged))
                #expect(!verdict.isSound, "\(key.resource) byte \(offset)")
                #expect(verdict.opens && !verdict.findings.isEmpty, "\(key.resource) byte \(offset)")
                opened += verdict.opens ? 1 : 0
                for (name, content) in verdict.readable { #expect(content == Self.source.files[name]) }
            }
        }
        #expect(opened > 100)
        for offset in contents.configuration?.indices ?? 0..<0 {
            var damaged = contents
            damaged.configuration?[offset] ^= 0x04
            let verdict = await examine(MemoryStore(damaged))
            #expect(!verdict.opens, "CONFIG byte \(offset)")
        }
    }

    @Test func everyTruncationIsNoticed() async throws {
        let contents = try await sample()
        for (key, bytes) in contents.objects {
            for length in stride(from: 0, to: bytes.count, by: 211) {
                var damaged = contents
                damaged.objects[key] = Array(bytes[..<length])
                let verdict = await examine(MemoryStore(damaged))
                #expect(verdict.opens && !verdict.isSound, "\(key.resource) cut to \(length)")
            }
        }
        let configuration = try #require(contents.configuration)
        for length in 0..<configuration.count {
            var damaged = contents
            damaged.configuration = Array(configuration[..<length])
            #expect(await !examine(MemoryStore(damaged)).opens)
        }
    }

    @Test func everyMissingFileIsNoticed() async throws {
        let contents = try await sample()
        for key in contents.objects.keys where key.resource == .packfile {
            var damaged = contents
            damaged.objects[key] = nil
            let verdict = await examine(MemoryStore(damaged))
            #expect(verdict.opens && !verdict.isSound)
            #expect(verdict.findings.contains { $0.resourceName == key.mac })
        }
    }

    @Test func swappedFilesAreNoticed() async throws {
        let contents = try await sample()
        let packfiles = contents.objects.keys.filter { $0.resource == .packfile }
        #expect(packfiles.count == 2)
        var damaged = contents
        damaged.objects[packfiles[0]] = contents.objects[packfiles[1]]
        damaged.objects[packfiles[1]] = contents.objects[packfiles[0]]
        let verdict = await examine(MemoryStore(damaged))
        #expect(verdict.opens && !verdict.isSound)
    }

    /// Damage within the content of one file names that file and spares the others.
    @Test func theHurtFileIsNamedAndTheOthersAreRead() async throws {
        let contents = try await sample(RepositoryOptions(compression: .none))
        let needle = Array("second".utf8)
        var damaged = contents
        for (key, bytes) in contents.objects {
            for start in bytes.indices where bytes[start...].starts(with: needle) {
                damaged.objects[key]?[start] ^= 1
            }
        }
        let verdict = await examine(MemoryStore(damaged))
        #expect(verdict.findings.compactMap(\.path) == ["/data/home/b.ics"])
        #expect(verdict.findings.compactMap(\.blob?.type) == [.chunk])
        #expect(verdict.readable.keys.sorted() == ["a.ics", "c/d.vcf"])
    }

    @Test func aPackfileThatNobodyListsIsANote() async throws {
        let contents = try await sample()
        let name = MAC.random()
        var extended = contents
        extended.objects[MemoryStore.Key(resource: .packfile, mac: name)] = [1, 2, 3]
        let verdict = await examine(MemoryStore(extended))
        #expect(verdict.isSound)
        #expect(verdict.findings.map(\.severity) == [.note])
        #expect(verdict.findings.map(\.resourceName) == [name])
    }

    /// A state that cannot be read hides what only it lists, but not the rest, and is named.
    @Test func aDamagedStateSparesTheOthers() async throws {
        let store = MemoryStore()
        let repository = try await Repository.create(in: store, passphrase: nil)
        let first = try await Self.source.backUp(to: repository).header
        let second = try await Self.source.backUp(to: repository).header
        store.contents.withLock {
            $0.objects[MemoryStore.Key(resource: .state, mac: second.identifier)]?[40] ^= 1
        }
        let reopened = try await LockedRepository.read(store).unlock(passphrase: nil)
        let listing = try await reopened.snapshots()
        #expect(listing.headers == [first])
        #expect(listing.damagedStates.map(\.state) == [second.identifier])
        #expect(try await Self.source.differences(to: reopened.snapshot(first.identifier)).isEmpty)
    }

    /// A second location of a blob is used when the first one is damaged (format, trap 43).
    @Test func aBlobIsReadFromItsOtherLocation() async throws {
        let store = MemoryStore()
        let one = try await Repository.create(in: store, RepositoryOptions(compression: .none), passphrase: nil)
        let other = try await LockedRepository.read(store).unlock(passphrase: nil)
        // Two writers that do not know of each other store everything twice.
        let writer = try await other.writer(SnapshotDescription(identity: SampleSource.identity), parent: nil)
        try await Self.source.backUp(to: one)
        for record in Self.source.records {
            let content = Self.source.content(of: record.path) ?? []
            _ = try await writer.add(record) { InlineContentReader(content) }
        }
        let header = try await writer.commit()
        let needle = Array("second".utf8)
        let packfiles = store.contents.withLock { $0.objects.filter { $0.key.resource == .packfile } }
        let copies = packfiles.filter { $0.value.firstRange(of: needle) != nil }
        #expect(copies.count == 2)
        for key in copies.keys {
            store.contents.withLock { $0.objects[key] = nil }
            let reopened = try await LockedRepository.read(store).unlock(passphrase: nil)
            #expect(try await Self.source.differences(to: reopened.snapshot(header.identifier)).isEmpty)
            store.contents.withLock { $0.objects[key] = copies[key] }
        }
    }
}
