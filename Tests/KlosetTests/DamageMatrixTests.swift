import ConnectorKit
import Kloset
import KlosetFormat
import SeededNumbers
import Synchronization
import Testing

/// Every part of every file of a small store is damaged in every way: nothing crashes or hangs, the check names what
/// is hurt, and every file that does not need what is hurt is given back byte for byte.
@Suite struct DamageMatrixTests {
    /// One flipped bit in every 29th byte of every blob, and in every 397th of the padding.
    @Test(arguments: DamagedStore.Kind.allCases)
    func everyFlippedByteOfAPackfileIsNamedAndHurtsOnlyWhatNeedsIt(kind: DamagedStore.Kind) async throws {
        let store = try await DamagedStore(kind)
        var random = SeededGenerator(seed: 3)
        var flips = 0
        var named = 0
        var harmless = 0
        for (packfile, places) in store.places {
            for place in places {
                let step = place.blob?.type == .padding ? 397 : 29
                for offset in stride(from: place.range.lowerBound + flips % 5, to: place.range.upperBound, by: step) {
                    var damaged = store.contents
                    let bit = UInt8(1) << (random.next() & 7)
                    damaged.objects[MemoryStore.Key(resource: .packfile, mac: packfile)]?[offset] ^= bit
                    let verdict = await store.examine(damaged)
                    flips += 1
                    let what = "\(place.blob?.description ?? "frame of the packfile") at \(offset)"
                    try #require(verdict.opens && !verdict.isSound, "\(what) went unnoticed")
                    #expect(verdict.damages.contains { $0.resourceName == packfile }, "\(what)")
                    // A snapshot's header has no digest: without encryption and compression a changed byte may
                    // still be a header. And a changed offset of a match within an LZ4 block may stand for the same
                    // bytes. Nothing is lost by either: what is given back is compared with what was backed up.
                    let isNamed = verdict.damages.contains { $0.resource == nil }
                    check(store, verdict, lost: isNamed ? place.blob.flatMap { store.needs[$0] } ?? [] : [], what)
                    if let blob = place.blob, blob.type != .padding {
                        #expect(isNamed || verdict.restored == DamagedStore.source.files, "\(what) is not named")
                        named += isNamed ? 1 : 0
                    } else {
                        // What no blob lies in harms nothing: padding is random bytes, and blobs are found through
                        // the states, not the index. Only the packfile as such is reported.
                        #expect(verdict.damages.allSatisfy { $0.resource == .packfile }, "\(what): \(verdict.damages)")
                        harmless += 1
                    }
                }
            }
        }
        #expect(harmless > 50 && named > 250)
        #expect(flips - harmless - named < 150, "hardly any damaged blob goes unnamed")
        print("\(kind): \(flips) flipped bytes, \(harmless) of them in padding, index, footer or wrapper")
    }

    /// What is given back is what was backed up, and only what needs the damaged thing is missing.
    private func check(
        _ store: DamagedStore, _ verdict: DamagedStore.Verdict, lost: Set<String>, _ what: String
    ) {
        for (name, content) in DamagedStore.source.files {
            if let restored = verdict.restored[name] {
                #expect(restored == content, "\(what): other bytes for \(name)")
                // A changed header may still lead to everything.
                #expect(!lost.contains(name) || what.hasPrefix("snapshot"), "\(what): \(name) was not needed?")
            } else {
                #expect(lost.contains(name), "\(what): \(name) is undamaged and not given back")
            }
        }
    }

    @Test(arguments: DamagedStore.Kind.allCases)
    func everyFlippedByteOfAStateIsNamed(kind: DamagedStore.Kind) async throws {
        let store = try await DamagedStore(kind)
        for (key, bytes) in store.contents.objects where key.resource == .state {
            for offset in stride(from: 0, to: bytes.count, by: 13) {
                var damaged = store.contents
                damaged.objects[key]?[offset] ^= 0x10
                let verdict = await store.examine(damaged)
                try #require(verdict.opens && !verdict.isSound)
                #expect(verdict.damages.contains { $0.resource == .state && $0.resourceName == key.mac })
                #expect(verdict.restored.isEmpty)
            }
        }
    }

    /// A configuration with any bit changed does not open. In an encrypted store it cannot be told from a wrong
    /// passphrase when salt or canary are hurt.
    @Test(arguments: DamagedStore.Kind.allCases)
    func everyFlippedByteOfTheConfigurationIsNoticed(kind: DamagedStore.Kind) async throws {
        let store = try await DamagedStore(kind)
        let configuration = try #require(store.contents.configuration)
        for offset in configuration.indices {
            var damaged = store.contents
            damaged.configuration?[offset] ^= UInt8(1) << UInt8(offset & 7)
            let verdict = await store.examine(damaged)
            #expect(!verdict.opens, "CONFIG byte \(offset)")
            let error = try #require(verdict.error, "CONFIG byte \(offset)")
            #expect(
                [.corrupt, .incompatible, .authentication, .limitExceeded].contains(error.code),
                "CONFIG byte \(offset): \(error)")
            if kind.passphrase == nil { #expect(error.code != .authentication) }
        }
    }

    @Test(arguments: DamagedStore.Kind.allCases)
    func everyTruncationIsNamed(kind: DamagedStore.Kind) async throws {
        let store = try await DamagedStore(kind)
        for (key, bytes) in store.contents.objects {
            for length in [0, 1, 15, 16, 47, 48] + Array(stride(from: 60, to: bytes.count, by: 499)) + [bytes.count - 1]
            where length < bytes.count {
                var damaged = store.contents
                damaged.objects[key] = Array(bytes[..<length])
                let verdict = await store.examine(damaged)
                try #require(verdict.opens && !verdict.isSound, "\(key.resource) cut to \(length)")
                #expect(verdict.damages.contains { $0.resourceName == key.mac }, "\(key.resource) cut to \(length)")
                guard key.resource == .packfile else { continue }
                let lost = (store.places[key.mac] ?? []).filter { $0.range.upperBound > length }
                    .reduce(into: Set<String>()) { $0.formUnion($1.blob.flatMap { store.needs[$0] } ?? []) }
                for name in lost { #expect(verdict.restored[name] == nil) }
                for (name, content) in verdict.restored { #expect(content == DamagedStore.source.files[name]) }
            }
        }
        let configuration = try #require(store.contents.configuration)
        for length in configuration.indices {
            var damaged = store.contents
            damaged.configuration = Array(configuration[..<length])
            #expect(await !store.examine(damaged).opens)
        }
    }

    @Test(arguments: DamagedStore.Kind.allCases)
    func extendedFilesAreNamed(kind: DamagedStore.Kind) async throws {
        let store = try await DamagedStore(kind)
        var random = SeededGenerator(seed: 8)
        for key in store.contents.objects.keys {
            for count in [1, 4, 32, 48, 60_000] {
                for atFront in [false, true] {
                    var damaged = store.contents
                    let extra = random.bytes(count)
                    let bytes = store.contents.objects[key] ?? []
                    damaged.objects[key] = atFront ? extra + bytes : bytes + extra
                    let verdict = await store.examine(damaged)
                    try #require(verdict.opens && !verdict.isSound, "\(key.resource) and \(count) bytes more")
                    #expect(verdict.damages.contains { $0.resourceName == key.mac })
                    for (name, content) in verdict.restored { #expect(content == DamagedStore.source.files[name]) }
                    // Bytes behind a packfile move nothing.
                    if key.resource == .packfile, !atFront {
                        #expect(verdict.restored.count == DamagedStore.source.files.count)
                    }
                }
            }
        }
        var damaged = store.contents
        damaged.configuration?.append(0)
        #expect(await !store.examine(damaged).opens)
    }

    /// Every file in the place of every other.
    @Test(arguments: DamagedStore.Kind.allCases)
    func swappedFilesAreNamed(kind: DamagedStore.Kind) async throws {
        let store = try await DamagedStore(kind)
        let keys = Array(store.contents.objects.keys)
        for first in keys {
            for second in keys where second != first {
                var damaged = store.contents
                damaged.objects[first] = store.contents.objects[second]
                damaged.objects[second] = store.contents.objects[first]
                let verdict = await store.examine(damaged)
                try #require(verdict.opens && !verdict.isSound)
                let isNamed = verdict.damages.contains { $0.resourceName == first.mac || $0.resourceName == second.mac }
                #expect(isNamed, "\(first.resource) and \(second.resource)")
            }
            var damaged = store.contents
            damaged.configuration = store.contents.objects[first]
            #expect(await !store.examine(damaged).opens)
        }
    }

    @Test(arguments: DamagedStore.Kind.allCases)
    func missingPackfilesAreNamed(kind: DamagedStore.Kind) async throws {
        let store = try await DamagedStore(kind)
        for key in store.contents.objects.keys where key.resource == .packfile {
            var damaged = store.contents
            damaged.objects[key] = nil
            let verdict = await store.examine(damaged)
            #expect(verdict.opens && !verdict.isSound)
            #expect(verdict.damages.contains { $0.resourceName == key.mac })
        }
    }

    /// A state that others were built on cannot be gone for a good reason. The newest one leaves no trace but its
    /// packfiles, as an interrupted backup does: they are mentioned, with the snapshot that lies in them.
    @Test func missingStatesAreNamed() async throws {
        let memory = MemoryStore()
        let repository = try await Repository.create(in: memory, passphrase: nil)
        let first = try await DamagedStore.source.backUp(to: repository).header
        var changed = DamagedStore.source
        changed.files["new"] = [1, 2, 3]
        let second = try await changed.backUp(to: repository).header
        for header in [first, second] {
            let damaged = MemoryStore(memory.contents.withLock { $0 })
            try await damaged.delete(.state, header.identifier)
            let opened = try await LockedRepository.read(damaged).unlock(passphrase: nil)
            var findings: [CheckFinding] = []
            let summary = try await opened.check { findings.append($0) }
            let about = findings.map(\.description).joined(separator: "\n")
            if header == first {
                #expect(!summary.isSound)
                #expect(findings.contains { $0.resource == .state && $0.resourceName == first.identifier }, "\(about)")
            } else {
                #expect(summary.isSound)
                #expect(about.contains(second.identifier.hex.prefix(8)), "\(about)")
            }
        }
    }

    /// A lock is no part of what is stored; whatever it is, reading goes on.
    @Test func damagedLocksDoNotHinderReading() async throws {
        let store = try await DamagedStore(.plain)
        for bytes in [[], [1, 2, 3], [UInt8](repeating: 0xFF, count: 5000)] {
            var damaged = store.contents
            damaged.objects[MemoryStore.Key(resource: .lock, mac: .random())] = bytes
            let verdict = await store.examine(damaged)
            #expect(verdict.isSound && verdict.restored == DamagedStore.source.files)
        }
    }
}
