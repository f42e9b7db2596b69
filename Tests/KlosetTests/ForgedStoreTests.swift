import ConnectorKit
import Kloset
import KlosetFormat
import SeededNumbers
import Synchronization
import Testing

/// Stores whose digests are all right and whose contents mean harm: nothing traps, hangs, or takes memory on the word of
/// the store, and what is wrong is named.
@Suite struct ForgedStoreTests {
    private static let source = SampleSource(
        files: ["a.ics": Array("BEGIN:VCALENDAR\r\n".utf8), "c/d.vcf": Array("BEGIN:VCARD\r\n".utf8), "empty": []])

    private func forged() async throws -> (store: ForgedStore, header: MAC) {
        let memory = MemoryStore()
        let repository = try await Repository.create(
            in: memory, RepositoryOptions(compression: .none), passphrase: nil)
        let path: BytePath = "/data/home/tagged"
        let info = FileInfo(name: path.name, size: 1, mode: .regular(permissions: 0o600), modificationTime: .epoch)
        let header = try await Self.source.backUp(
            to: repository,
            extra: [
                Record(path: path, info: info, extendedAttributeNames: [Array("user.a".utf8)], content: .inline([1])),
                Record(
                    path: path, kind: .extendedAttribute(name: Array("user.a".utf8), kind: .extended), info: nil,
                    content: .inline([2])),
                .failed("/data/home/lost", error: "no"),
            ]
        ).header
        let bytes = try StoreBytes(memory.contents.withLock { $0 })
        return (try ForgedStore(bytes, header: header.identifier), header.identifier)
    }

    private struct Outcome {
        var findings: [CheckFinding] = []
        var isSound = false
        /// Paths that a walk came by.
        var paths: [BytePath] = []
        var bytes = 0
    }

    /// Everything that the commands do with a store.
    private func use(_ contents: MemoryStore.Contents, _ header: MAC) async -> Outcome {
        var outcome = Outcome()
        guard let repository = try? await LockedRepository.read(MemoryStore(contents)).unlock(passphrase: nil) else {
            return outcome
        }
        let summary = try? await repository.check { outcome.findings.append($0) }
        outcome.isSound = summary?.isSound ?? false
        guard let snapshot = try? await repository.snapshot(header) else { return outcome }
        _ = try? await snapshot.errors()
        for attribute in (try? await snapshot.extendedAttributes()) ?? [] {
            let reader = snapshot.reader(for: attribute)
            while let piece = try? await reader.next() { outcome.bytes += piece.count }
        }
        _ = try? await snapshot.walk { path, entry in
            outcome.paths.append(path)
            _ = try? await snapshot.entry(at: path)
            guard let reader = try? snapshot.reader(for: entry) else { return }
            while let piece = try? await reader.next() { outcome.bytes += piece.count }
        }
        // The next backup reads its parent.
        _ = try? await Self.source.backUp(to: repository, parent: snapshot)
        return outcome
    }

    @Test func theForgeryItselfIsSound() async throws {
        let (store, header) = try await forged()
        let outcome = await use(try store.contents(), header)
        #expect(outcome.isSound, "\(outcome.findings)")
        #expect(outcome.paths.count > 8)
    }

    /// Seeded changes of every kind of blob, with all digests made right again.
    @Test func anyChangeIsSurvived() async throws {
        let (sound, header) = try await forged()
        var random = SeededGenerator(seed: 11)
        let types: [BlobType] = [
            .snapshot, .object, .entryRoot, .entryNode, .entry, .errorRoot, .errorNode, .error, .attributeRoot,
            .attributeNode, .attribute, .indexRoot, .indexNode, .summary, .chunk,
        ]
        var noticed = 0
        for round in 0..<900 {
            let type = types[round % types.count]
            guard let id = sound.all(type).randomElement(using: &random), var bytes = sound.blobs[id] else { continue }
            for _ in 0...Int.random(in: 0..<3, using: &random) { Self.change(&bytes, &random) }
            var store = sound
            store.replace(id, with: bytes)
            let outcome = await use(try store.contents(), header)
            #expect(outcome.bytes < 1 << 20, "round \(round), \(type): \(outcome.bytes) bytes came out")
            if !outcome.isSound { noticed += 1 }
        }
        #expect(noticed > 300)
    }

    private static func change(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        guard !bytes.isEmpty else { return bytes.append(1) }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
        case 3: bytes.remove(at: place)
        case 4: for index in place..<min(bytes.count, place + 8) { bytes[index] = 0xFF }
        default: bytes[place] = [0xDD, 0xDF, 0xDB, 0xC6, 0xC0, 0x90, 0x80].randomElement(using: &random) ?? 0
        }
    }

    /// An entry whose name leads out of its folder is refused wherever it stands, and named; the others are there.
    @Test(arguments: ["..", ".", "../../etc", "a/b", "", "/etc/passwd", "a\0b"])
    func namesThatLeadElsewhereAreRefused(name: String) async throws {
        let (sound, header) = try await forged()
        var store = sound
        for id in store.all(.entry) {
            guard let bytes = store.blobs[id], let entry = try? Entry(decoding: bytes),
                entry.name == Array("a.ics".utf8)
            else { continue }
            var hostile = entry
            hostile.info.name = Array(name.utf8)
            // The tree and the listing name the new entry under the path of the old one.
            let forgedBytes = hostile.encoded()
            for chunk in store.all(.chunk) {
                guard let listing = store.blobs[chunk] else { continue }
                var old: [UInt8] = []
                DirpackFrame(isDirectory: false, entry: bytes, identifier: id.mac).append(to: &old)
                var new: [UInt8] = []
                DirpackFrame(isDirectory: false, entry: forgedBytes, identifier: store.mac(forgedBytes))
                    .append(to: &new)
                if listing.firstRange(of: old) != nil { store.replace(chunk, with: listing.replacing(old, with: new)) }
            }
            store.replace(id, with: forgedBytes)
        }
        let outcome = await use(try store.contents(), header)
        #expect(!outcome.isSound)
        let isNamed = outcome.findings.contains { finding in
            finding.path == "/data/home/a.ics" || finding.path == "/data/home" || finding.blob?.type == .entry
        }
        #expect(isNamed, "\(outcome.findings)")
        for path in outcome.paths {
            #expect(path.isWithin("/data") || path == .root)
            #expect(!path.bytes.split(separator: 0x2F).contains(Array("..".utf8)[...]))
        }
    }

    /// A few nodes that name each other many times: walked one by one they would be thousands of millions.
    @Test(arguments: [BlobType.entryNode, .errorNode, .attributeNode, .indexNode])
    func treesThatFoldOntoThemselvesEnd(type: BlobType) async throws {
        let (sound, header) = try await forged()
        for keys in [[[UInt8]](), [Array("/data/home/a.ics".utf8)]] {
            var store = sound
            var node = store.add(type, BTreeNode(keys: keys, values: keys.map { _ in .random() }, next: nil).encoded())
            for _ in 0..<30 {
                let separators = (0..<20).map { [UInt8(ascii: "/"), UInt8($0 + 65)] }
                node = store.add(
                    type,
                    BTreeNode(separators: separators, children: [MAC](repeating: node, count: 21)).encoded())
            }
            let roots: [BlobType: BlobType] = [
                .entryNode: .entryRoot, .errorNode: .errorRoot, .attributeNode: .attributeRoot,
                .indexNode: .indexRoot,
            ]
            for root in store.all(roots[type] ?? .entryRoot) {
                store.replace(root, with: BTreeRoot(root: node).encoded())
            }
            let outcome = await use(try store.contents(), header)
            #expect(!outcome.isSound)
        }
    }

    /// Sizes, times and counts at the ends of their ranges.
    @Test func numbersAtTheirLimitsAreSurvived() async throws {
        let (sound, header) = try await forged()
        let changes: [@Sendable (inout Entry) -> Void] = [
            { $0.info.size = .max }, { $0.info.size = .min }, { $0.info.modificationTime.seconds = .min },
            { $0.info.modificationTime.seconds = .max }, { $0.info.userID = .max }, { $0.chunkCount = .max },
            { $0.info.mode = FileMode(rawValue: .max) }, { $0.entropy = .nan },
            { $0.info.linkCount = .max },
        ]
        for change in changes {
            var store = sound
            for id in store.all(.entry) {
                guard let bytes = store.blobs[id], var entry = try? Entry(decoding: bytes), !entry.isDirectory else {
                    continue
                }
                change(&entry)
                store.replace(id, with: entry.encoded())
            }
            let outcome = await use(try store.contents(), header)
            #expect(outcome.bytes < 1 << 20)
        }
        for length in [0, 1, UInt32.max] {
            var store = sound
            for id in store.all(.object) {
                guard let bytes = store.blobs[id], var object = try? Object(decoding: bytes) else { continue }
                for index in object.chunks.indices { object.chunks[index].length = length }
                store.replace(id, with: object.encoded())
            }
            let outcome = await use(try store.contents(), header)
            #expect(!outcome.isSound && outcome.bytes < 1 << 20)
        }
    }

    /// Places beyond any file are an error of that blob.
    @Test func placesBeyondTheFileAreRefused() async throws {
        let memory = MemoryStore()
        let repository = try await Repository.create(in: memory, passphrase: nil)
        let header = try await Self.source.backUp(to: repository).header
        let bytes = try StoreBytes(memory.contents.withLock { $0 })
        for (offset, length) in [
            (UInt64.max, UInt32.max), (UInt64.max - 16, 16), (1 << 55, UInt32.max), (0, UInt32.max), (1 << 20, 1),
        ] {
            var contents = bytes.contents
            var state = StateWriter(parent: .zero)
            for record in try bytes.states().flatMap(\.records) {
                if case .location(var location) = record, location.blob.type == .chunk {
                    (location.offset, location.length) = (offset, length)
                    state.add(location)
                } else {
                    try state.add(record)
                }
            }
            contents.objects[MemoryStore.Key(resource: .state, mac: header.identifier)] = try bytes.state(state)
            let outcome = await use(contents, header.identifier)
            #expect(!outcome.isSound && outcome.bytes == 0)
        }
    }
}
