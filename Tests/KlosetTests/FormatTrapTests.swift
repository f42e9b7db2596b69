import BLAKE3
import Compression
import ConnectorKit
import Crypto
import Foundation
import Kloset
import KlosetFormat
import SeededNumbers
import Synchronization
import Testing

/// The traps of Kloset format, section 13.2, that show in whole stores: on the bytes that we write, and in what we make
/// of bytes that others write. `KlosetFormatTests/TrapTests` has those of single messages. Where each trap is tested:
///
/// | Trap | Test |
/// |---|---|
/// | 1 2 5 6 7 8 9 10 11 13 15 16 19 20 32 34 36 37 40 41 42 45 | here |
/// | 3 4 12 14 17 18 21 22 23 24 25 26 27 28 29 30 31 33 35 38 39 44 | `TrapTests`; 14 17 33 35 39 also here |
/// | 2 | `CryptographyTests.macOfAPlaintextStore` (vectors) |
/// | 8 9 | `CryptographyTests.sealsInSegments` |
/// | 27 | `FixtureTests.continuesASeriesOfTheGoEngine`: entries of the Go engine come out byte for byte |
/// | 43 | `DamageTests.aBlobIsReadFromItsOtherLocation` |
/// | 46 | `SnapshotWriterTests.aDeletedSnapshotIsGoneAndTheOthersAreNot`, and here |
@Suite struct FormatTrapTests {
    private static let cheap = Argon2idParameters(passes: 1, memory: 8)
    private static let passphrase = Array("correct horse".utf8)
    private static let source = SampleSource(
        files: [
            "a.ics": Array("BEGIN:VCALENDAR\r\nfirst\r\n".utf8), "c/d.vcf": Array("BEGIN:VCARD\r\n".utf8),
            "empty": [], "e\u{301}": [1], "\u{F6}": [2],
        ])

    /// A store of ours with one snapshot.
    private func made(
        _ options: RepositoryOptions = RepositoryOptions(), encrypted: Bool = false, extra: [Record] = []
    ) async throws -> (bytes: StoreBytes, header: SnapshotHeader) {
        let store = MemoryStore()
        var options = options
        options.keyDerivation = Self.cheap
        let passphrase = encrypted ? Self.passphrase : nil
        let repository = try await Repository.create(in: store, options, passphrase: passphrase)
        let header = try await Self.source.backUp(to: repository, extra: extra).header
        return (try StoreBytes(store.contents.withLock { $0 }, passphrase: passphrase), header)
    }

    private func open(_ contents: MemoryStore.Contents) async throws -> Repository {
        try await LockedRepository.read(MemoryStore(contents)).unlock(passphrase: Self.passphrase)
    }

    // MARK: Keys and MACs

    @Test(arguments: [false, true])
    func trap01TheConfigurationHasBLAKE3AndTheRestTheKeyedMAC(encrypted: Bool) async throws {
        let (bytes, _) = try await made(RepositoryOptions(hashing: .sha256), encrypted: encrypted)
        let configuration = try #require(bytes.contents.configuration)
        let body = Array(configuration.dropLast(32))
        let wanted = bytes.masterKey.map { BLAKE3Hasher.keyedHash(key: $0, body) } ?? BLAKE3Hasher.hash(body)
        #expect(Array(configuration.suffix(32)) == wanted)
        let secret = bytes.masterKey ?? Array(SHA256.hash(data: bytes.configuration.repositoryID.bytes))
        for (_, file) in bytes.files(.state) + bytes.files(.packfile) {
            let code = HMAC<SHA256>.authenticationCode(for: file.dropLast(32), using: SymmetricKey(data: secret))
            #expect(Array(file.suffix(32)) == Array(code))
        }
    }

    @Test func trap02TheIdentifierIsHashedAsBytes() async throws {
        let (bytes, _) = try await made()
        let identifier = bytes.configuration.repositoryID
        let chunk = try #require(try bytes.plain(.chunk).first)
        let raw = try StoreMAC(.blake3, secret: BLAKE3Hasher.hash(identifier.bytes))
        let text = try StoreMAC(.blake3, secret: BLAKE3Hasher.hash(Array(identifier.description.utf8)))
        #expect(raw(chunk.bytes) == chunk.mac)
        #expect(text(chunk.bytes) != chunk.mac)
    }

    @Test func trap04IdentifiersAreOfThePlaintextAndSnapshotsHaveRandomOnes() async throws {
        let (bytes, header) = try await made()
        for type in [BlobType.chunk, .object, .entry, .entryNode, .entryRoot, .indexNode, .summary] {
            let blobs = try bytes.plain(type)
            #expect(!blobs.isEmpty)
            for blob in blobs { #expect(bytes.mac(blob.bytes) == blob.mac) }
        }
        let snapshot = try #require(try bytes.plain(.snapshot).first)
        #expect(snapshot.mac == header.identifier && bytes.mac(snapshot.bytes) != snapshot.mac)
    }

    /// A state under another name is as good, and the name of a packfile is whatever the states say.
    @Test func trap05NamesOfStatesAndPackfilesAreNotVerified() async throws {
        let (bytes, header) = try await made()
        var contents = MemoryStore.Contents(configuration: bytes.contents.configuration)
        var names: [MAC: MAC] = [:]
        for (name, file) in bytes.files(.packfile) {
            names[name] = .random()
            contents.objects[MemoryStore.Key(resource: .packfile, mac: names[name] ?? .zero)] = file
        }
        let stateName = MAC.random()
        var state = StateWriter(parent: .zero)
        for record in try bytes.states().flatMap(\.records) {
            switch record {
            case .location(var location):
                location.packfile = names[location.packfile] ?? .zero
                state.add(location)
            case .packfile(let record):
                state.add(
                    PackfileRecord(packfile: names[record.packfile] ?? .zero, state: stateName, time: record.time))
            default: break
            }
        }
        contents.objects[MemoryStore.Key(resource: .state, mac: stateName)] = try bytes.state(state)
        let repository = try await open(contents)
        #expect(try await Self.source.differences(to: repository.snapshot(header.identifier)).isEmpty)
        #expect(try await repository.check { Issue.record("\($0)") }.isSound)
    }

    // MARK: Encoding

    @Test func trap06CompressionIsLZ4FramesWithBlocksOfFourMebibytes() async throws {
        let (bytes, _) = try await made()
        for (_, frame) in bytes.stored(.chunk) + bytes.stored(.entry) {
            #expect(frame.starts(with: [0x04, 0x22, 0x4D, 0x18, 0x64, 0x70, 0xB9]))
        }
        let empty = Self.emptyFrame
        #expect(try LZ4Frame.compress([UInt8]()) == empty)
        #expect(bytes.stored(.chunk).contains { $0.bytes == empty })
        // A block of no bytes, stored as it is, before the end mark.
        let foreign = Array(empty.prefix(7)) + [0, 0, 0, 0x80] + Array(empty.suffix(8))
        #expect(try LZ4Frame.decompress(foreign, limit: 10) == [])
        let one = try LZ4Frame.compress([7, 8, 9])
        let padded = Array(one.dropLast(8)) + [0, 0, 0, 0x80] + Array(one.suffix(8))
        #expect(try LZ4Frame.decompress(padded, limit: 10) == [7, 8, 9])
    }

    private static let emptyFrame = bytes("04224d186470b9 00000000 055dcc02")

    /// The sizes of the blocks of a frame as the engine writes them, without the mark of raw ones.
    private func blocks(of frame: [UInt8]) -> [Int] {
        var sizes: [Int] = []
        var offset = 7
        while offset + 4 <= frame.count {
            let word = frame[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
            if word == 0 { break }
            sizes.append(word & 0x7FFF_FFFF)
            offset += 4 + (word & 0x7FFF_FFFF)
        }
        return sizes
    }

    @Test func trap07TheFirstBlockOfAStateHoldsItsParent() async throws {
        let (bytes, _) = try await made()
        for (name, file) in bytes.files(.state) {
            let wrapper = try Wrapper(parsing: file, expecting: .state)
            let sizes = blocks(of: Array(file[wrapper.payload]))
            let payload = try #require(try bytes.states().first { $0.mac == name }).payload
            let wanted = (payload.count + (4 << 20) - 1) / (4 << 20)
            #expect(sizes.count == wanted && !sizes.contains(0))
        }
        // Also at exact multiples of a block, where the Go library ends with an empty one.
        var random = SeededGenerator(seed: 5)
        let content = random.bytes(8 << 20)
        let sizes = blocks(of: try LZ4Frame.compress(content))
        #expect(sizes.count == 2 && !sizes.contains(0))
    }

    @Test func trap08SegmentsAreFullButTheLast() async throws {
        let stream = SegmentStream(masterKey: SymmetricKey(size: .bits256))
        let sealed = try stream.seal([UInt8](repeating: 7, count: 200_000))
        let last = 200_000 - 3 * 65_536
        let wanted = 40 + 3 * 65_564 + last + 28
        #expect(sealed.count == wanted)
        // What follows the head decrypts in pieces of exactly 65,564 bytes: the first two alone are sound.
        #expect(try stream.open(Array(sealed.prefix(40 + 2 * 65_564))).count == 131_072)
        #expect(throws: KlosetError(.corrupt, "")) { try stream.open(Array(sealed.prefix(40 + 65_564 + 1))) }
    }

    @Test func trap09NothingIsFortyBytesOrAnEncryptedEmptyFrame() async throws {
        let (plain, _) = try await made(RepositoryOptions(compression: .none), encrypted: true)
        #expect(try plain.codec.encode([]).count == 40)
        #expect(plain.stored(.chunk).contains { $0.bytes.count == 40 })
        let (packed, _) = try await made(encrypted: true)
        #expect(try packed.codec.encode([]).count == 40 + 28 + 15)
        #expect(try packed.codec.decode(packed.codec.encode([]), limit: 0) == [])
    }

    @Test func trap10PaddingIsNotEncoded() async throws {
        let (bytes, _) = try await made(encrypted: true)
        let padding = bytes.stored(.padding)
        #expect(padding.count == bytes.packfiles.count)
        for (_, blob) in padding {
            #expect((8192..<16_384).contains(blob.count))
            #expect(throws: KlosetError.self) { try bytes.codec.decode(blob, limit: 1 << 20) }
        }
    }

    @Test func trap11IndexAndFooterHaveSubkeysOfTheirOwn() async throws {
        let (bytes, _) = try await made(encrypted: true)
        for (_, file) in bytes.files(.packfile) {
            let (footer, index, records) = try StoreBytes.index(of: file, bytes.codec)
            let layout = try PackfileLayout(file: file)
            #expect(Int(footer.count) == records.count)
            let heads = [index.lowerBound, layout.footer.lowerBound].map { Array(file[Int($0)..<Int($0) + 40]) }
            #expect(heads[0] != heads[1])
            let plain = try bytes.codec.decode(
                Array(file[Int(index.lowerBound)..<Int(index.upperBound)]), limit: 1 << 20)
            #expect(bytes.mac(plain) == footer.indexMAC)
        }
    }

    // MARK: Packfiles

    @Test(arguments: [false, true])
    func trap13EightKibibytesFollowTheLastBlob(encrypted: Bool) async throws {
        let (bytes, _) = try await made(encrypted: encrypted)
        for (name, records) in bytes.packfiles {
            let file = bytes.contents.objects[MemoryStore.Key(resource: .packfile, mac: name)] ?? []
            let end = records.filter { $0.blob.type != .padding }.map { Int($0.offset) + Int($0.length) }.max() ?? 0
            #expect(file.count - 16 - end >= 8192)
            #expect(records.last?.blob.type == .padding)
        }
    }

    @Test func trap14TheTimeOfAPackfileIsNow() async throws {
        let before = Self.now - 2_000_000_000
        let (bytes, _) = try await made()
        for (_, file) in bytes.files(.packfile) {
            let time = try StoreBytes.index(of: file, bytes.codec).footer.timestamp
            #expect((before...Self.now).contains(time))
        }
    }

    /// Nanoseconds since 1970.
    private static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1e9) + 1_000_000_000 }

    // MARK: States

    @Test func trap15WithoutItsPackfileRecordALocationDoesNotCount() async throws {
        let (bytes, header) = try await made()
        for (_, _, records) in try bytes.states() {
            let known = records.compactMap { if case .packfile(let record) = $0 { record.packfile } else { nil } }
            #expect(Set(known) == Set(bytes.packfiles.keys))
        }
        var contents = bytes.contents
        let name = try #require(bytes.files(.state).first).mac
        var state = StateWriter(parent: .zero)
        for case .location(let location) in try bytes.states()[0].records { state.add(location) }
        contents.objects[MemoryStore.Key(resource: .state, mac: name)] = try bytes.state(state)
        let repository = try await open(contents)
        #expect(try await repository.snapshots().headers.isEmpty)
        await #expect(throws: KlosetError(.notFound, "")) { try await repository.snapshot(header.identifier) }
    }

    @Test func trap16PackfileRecordsNameTheFileOfTheirState() async throws {
        let (bytes, header) = try await made()
        #expect(bytes.files(.state).map(\.mac) == [header.identifier])
        for (name, _, records) in try bytes.states() {
            for case .packfile(let record) in records { #expect(record.state == name) }
        }
    }

    @Test func trap17And19NoConfigurationAndNoUnknownTypeIsInAState() async throws {
        let (bytes, _) = try await made(extra: [.failed("/data/home/gone", error: "away")])
        for (_, payload, records) in try bytes.states() {
            for case .configuration(let record) in records { Issue.record("\(record)") }
            for case .location(let location) in records {
                let type = location.blob.type.rawValue
                let isKnown = type == 255 || type != 8 && (5...21).contains(type)
                #expect(isKnown)
            }
            let recorded = records.map(Self.size).reduce(0, +)
            #expect(payload.count == 32 + recorded + 29)
        }
    }

    private static func size(_ record: StateRecord) -> Int {
        switch record {
        case .location: 90
        case .coloured: 46
        case .packfile: 77
        case .delete: 71
        case .configuration: 0
        }
    }

    @Test func trap20ColouredPackfilesAreNeitherReadNorReferredTo() async throws {
        let (bytes, header) = try await made()
        var contents = bytes.contents
        let chunks = try #require(bytes.packfiles.first { $0.value.contains { $0.blob.type == .chunk } }).key
        var state = StateWriter(parent: header.identifier)
        state.add(ColouredRecord(.packfile, chunks, time: 1))
        contents.objects[MemoryStore.Key(resource: .state, mac: .random())] = try bytes.state(state)
        let store = MemoryStore(contents)
        let repository = try await LockedRepository.read(store).unlock(passphrase: nil)
        let hurt = try await repository.snapshot(header.identifier)
        await #expect(throws: KlosetError(.notFound, "")) {
            try await hurt.content(at: "/data/home/a.ics", limit: 1000)
        }
        // A new snapshot stores the same contents again, and the old one is whole by it.
        let (again, _, statistics) = try await Self.source.backUp(to: repository, parent: hurt)
        #expect(statistics.newBlobs > 4)
        #expect(try await Self.source.differences(to: repository.snapshot(again.identifier)).isEmpty)
        #expect(try await Self.source.differences(to: repository.snapshot(header.identifier)).isEmpty)
    }

    @Test func trap22StatesOfTheOldVersionAreMerged() async throws {
        let (bytes, header) = try await made()
        var contents = bytes.contents
        let payload = try #require(try bytes.states().first).payload
        // Version 1.0.0 has no parent in front.
        let old = try bytes.seal(.state, .v1_0_0, bytes.codec.encode(Array(payload.dropFirst(32))))
        contents.objects[MemoryStore.Key(resource: .state, mac: header.identifier)] = old
        #expect(try await Self.source.differences(to: open(contents).snapshot(header.identifier)).isEmpty)
    }

    // MARK: Content

    @Test func trap32NothingIsOneEmptyChunk() async throws {
        let (bytes, header) = try await made()
        let empty = bytes.mac([])
        #expect(try bytes.plain(.chunk).contains { $0.mac == empty && $0.bytes.isEmpty })
        let snapshot = try await open(bytes.contents).snapshot(header.identifier)
        let entry = try #require(try await snapshot.entry(at: "/data/home/empty"))
        let object = try #require(try bytes.plain(.object).first { $0.mac == entry.object })
        #expect(try Object(decoding: object.bytes).chunks.map(\.length) == [0])
        #expect(entry.chunkCount == 1)
        // The listing of the empty folder is the same kind of thing.
        let listings = try bytes.plain(.object).map { try Object(decoding: $0.bytes) }
            .filter { $0.contentType == "application/octet-stream" && $0.chunks.map(\.contentMAC) == [empty] }
        #expect(!listings.isEmpty)
    }

    @Test func trap33And35TheRootIsNamedSlashAndIndexesHaveTheirThreeNames() async throws {
        let (bytes, header) = try await made()
        let snapshot = try await open(bytes.contents).snapshot(header.identifier)
        let root = try #require(try await snapshot.entry(at: .root))
        #expect(root.name == [0x2F] && root.parentPath == .root)
        #expect(header.sources.count == 1)
        #expect(header.sources[0].indexes.map(\.name) == ["content-type", "dirpack", "summary"])
        #expect(header.sources[0].indexes.map(\.type) == ["btree", "btree", "btree"])
    }

    @Test func trap34AttributesAreWrittenByDepthAndReadInAnyOrder() async throws {
        func attribute(_ path: BytePath, _ name: String) -> [Record] {
            let info = FileInfo(name: path.name, size: 1, mode: .regular(permissions: 0o600), modificationTime: .epoch)
            return [
                Record(path: path, info: info, extendedAttributeNames: [Array(name.utf8)], content: .inline([1])),
                Record(
                    path: path, kind: .extendedAttribute(name: Array(name.utf8), kind: .extended), info: nil,
                    content: .inline([2])),
            ]
        }
        // Bytewise /data/home/b/x is before /data/home/c; by depth it is behind.
        let extra = attribute("/data/home/b/x", "user.deep") + attribute("/data/home/c2", "user.flat")
        let (bytes, header) = try await made(extra: extra)
        let leaf = try BTreeNode(decoding: try #require(try bytes.plain(.attributeNode).first).bytes)
        #expect(
            leaf.keys.map { String(decoding: $0, as: UTF8.self) } == [
                "/data/home/c2user.flat:", "/data/home/b/xuser.deep:",
            ])
        let snapshot = try await open(bytes.contents).snapshot(header.identifier)
        #expect(try await snapshot.extendedAttributes(of: "/data/home/b/x").map(\.size) == [1])
        #expect(try await snapshot.extendedAttributes(of: "/data/home/c2").map(\.size) == [1])
    }

    @Test func trap36NothingIsNamedTwice() async throws {
        var identifiers: Set<RepositoryID> = []
        var names: Set<MAC> = []
        for _ in 0..<3 {
            let store = MemoryStore()
            let repository = try await Repository.create(in: store, passphrase: nil)
            #expect(identifiers.insert(repository.identifier).inserted)
            for _ in 0..<2 {
                let header = try await Self.source.backUp(to: repository).header
                #expect(names.insert(header.identifier).inserted)
                try await repository.delete(snapshot: header.identifier)
            }
            // Each snapshot published a state, and so did each deletion.
            #expect(try await Set(store.list(.state)).count == 4)
        }
    }

    @Test func trap37FramesOfListingsCarryTheIdentifierOfTheEntry() async throws {
        let (bytes, _) = try await made()
        let entries = Set(try bytes.plain(.entry).map(\.mac))
        var frames = 0
        for (_, chunk) in try bytes.plain(.chunk) {
            var reader = DirpackReader()
            reader.append(chunk)
            guard chunk.first == 1 || chunk.first == 2 else { continue }
            while let frame = try reader.next() {
                #expect(frame.identifier == bytes.mac(frame.entry))
                #expect(entries.contains(frame.identifier))
                frames += 1
            }
        }
        // Every entry but the root is in one listing.
        #expect(frames == entries.count - 1)
    }

    @Test func trap39NamesAreBytesWhereverTheyStand() async throws {
        let (bytes, header) = try await made()
        let snapshot = try await open(bytes.contents).snapshot(header.identifier)
        #expect(try await snapshot.content(at: "/data/home/e\u{301}", limit: 10) == [1])
        #expect(try await snapshot.content(at: "/data/home/\u{F6}", limit: 10) == [2])
        let names = try await snapshot.children(of: "/data/home").map(\.name)
        #expect(names.contains(Array("e\u{301}".utf8)) && names.contains(Array("\u{F6}".utf8)))
    }

    @Test func trap40FilesBeginWithTheNewMagicAndTheOldOneIsRead() async throws {
        let (bytes, _) = try await made()
        let files = [bytes.contents.configuration ?? []] + (bytes.files(.state) + bytes.files(.packfile)).map(\.bytes)
        for file in files { #expect(file.starts(with: Array("_KLOSET_".utf8))) }
        var old = bytes.contents
        let body = Array("_PLAKAR_".utf8) + (old.configuration ?? []).dropFirst(8).dropLast(32)
        old.configuration = body + BLAKE3Hasher.hash(body)
        #expect(try await open(old).snapshots().headers.count == 1)
        var stranger = bytes.contents
        let wrong = Array("_KLOSED_".utf8) + body.dropFirst(8)
        stranger.configuration = wrong + BLAKE3Hasher.hash(wrong)
        await #expect(throws: KlosetError(.corrupt, "")) { _ = try await self.open(stranger) }
    }

    // MARK: Reading robustly

    @Test func trap41AFrameThatUnfoldsToMoreThanItsObjectSaysIsRefused() async throws {
        let bomb = try LZ4Frame.compress([UInt8](repeating: 0, count: 64 << 20))
        #expect(bomb.count < 300_000)
        #expect(throws: CompressionError.self) { try LZ4Frame.decompress(bomb, limit: 1000) }
        let codec = BlobCodec(compression: .lz4, encryption: nil)
        #expect(throws: KlosetError.self) { try codec.decode(bomb, limit: 1000) }
    }

    @Test func trap42SegmentsCutOffAtTheirBoundaryAreNoticedByTheDigest() async throws {
        let store = MemoryStore()
        let repository = try await Repository.create(
            in: store, RepositoryOptions(compression: .none, keyDerivation: Self.cheap), passphrase: Self.passphrase)
        var random = SeededGenerator(seed: 9)
        let large = SampleSource(files: ["large": random.bytes(150_000)])
        let header = try await large.backUp(to: repository).header
        let bytes = try StoreBytes(store.contents.withLock { $0 }, passphrase: Self.passphrase)
        let whole = try #require(bytes.stored(.chunk).max { $0.bytes.count < $1.bytes.count }).bytes
        let cut = Array(whole.prefix(40 + 65_564))
        #expect(try bytes.codec.decode(cut, limit: 1 << 20).count == 65_536, "the cipher itself does not notice")

        // A state that gives the blob its shorter length: the reader must.
        var contents = bytes.contents
        var state = StateWriter(parent: .zero)
        for record in try bytes.states().flatMap(\.records) {
            if case .location(var location) = record, Int(location.length) == whole.count, location.blob.type == .chunk
            {
                location.length = UInt32(cut.count)
                state.add(location)
            } else {
                try state.add(record)
            }
        }
        contents.objects[MemoryStore.Key(resource: .state, mac: header.identifier)] = try bytes.state(state)
        let opened = try await open(contents)
        let snapshot = try await opened.snapshot(header.identifier)
        await #expect(throws: KlosetError(.corrupt, "")) {
            try await snapshot.content(at: "/data/home/large", limit: 1 << 20)
        }
        #expect(try await !opened.check { _ in }.isSound)
    }

    @Test func trap44UnknownRecordsOfStatesArePassedOver() async throws {
        let (bytes, header) = try await made()
        var contents = bytes.contents
        let payload = try #require(try bytes.states().first).payload
        let unknown: [UInt8] = [200, 3, 0, 0, 0, 1, 2, 3]
        let newer = Array(payload.prefix(32)) + unknown + Array(payload.dropFirst(32))
        contents.objects[MemoryStore.Key(resource: .state, mac: header.identifier)] = try bytes.seal(
            .state, .v1_1_0, bytes.codec.encode(newer))
        #expect(try await Self.source.differences(to: open(contents).snapshot(header.identifier)).isEmpty)
    }

    /// The bug of the Go engine: entries that the tree names and nobody stored.
    @Test func trap45AnEntryThatWasNeverStoredIsReadFromTheListing() async throws {
        let (bytes, header) = try await made()
        var contents = bytes.contents
        var state = StateWriter(parent: .zero)
        for record in try bytes.states().flatMap(\.records) {
            if case .location(let location) = record, location.blob.type == .entry { continue }
            try state.add(record)
        }
        contents.objects[MemoryStore.Key(resource: .state, mac: header.identifier)] = try bytes.state(state)
        let repository = try await open(contents)
        let snapshot = try await repository.snapshot(header.identifier)
        #expect(try await Self.source.differences(to: snapshot).isEmpty)
        #expect(try await snapshot.entry(at: .root)?.isDirectory == true)
        #expect(try await !repository.check { _ in }.isSound, "it is damage all the same")
    }

    @Test func trap46DeletingASnapshotDeletesNoData() async throws {
        let store = MemoryStore()
        let repository = try await Repository.create(in: store, passphrase: nil)
        let first = try await Self.source.backUp(to: repository).header
        let second = try await Self.source.backUp(to: repository).header
        let packfiles = try await Set(store.list(.packfile))
        try await repository.delete(snapshot: first.identifier)
        #expect(try await Set(store.list(.packfile)) == packfiles)
        #expect(try await Self.source.differences(to: repository.snapshot(second.identifier)).isEmpty)
    }
}
