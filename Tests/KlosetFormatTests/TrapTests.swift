import ConnectorKit
import KlosetFormat
import Testing

/// One test for each trap of Kloset format, section 13.2, that concerns how things are encoded.
@Suite struct TrapTests {
    private func contains(_ bytes: [UInt8], _ wanted: String) -> Bool {
        let wanted = hex(wanted)
        return bytes.indices.contains { bytes[$0...].starts(with: wanted) }
    }

    /// The key of a field in hexadecimal.
    private func key(_ name: String) -> String {
        ([0xA0 | UInt8(name.utf8.count)] + Array(name.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            .joined()
    }

    @Test func trap03TheWrapperDigestCoversTheHeader() {
        var covered: [UInt8] = []
        _ = Wrapper.seal(.state, .v1_1_0, [1, 2, 3]) { bytes in
            covered = bytes
            return .zero
        }
        #expect(covered == Array("_KLOSET_".utf8) + hex("03000000 00010100 010203"))
    }

    @Test func trap04SomeIdentifiersAreNoDigests() {
        #expect([BlobType.snapshot, .signature, .padding].allSatisfy { !$0.isContentAddressed })
        #expect([BlobType.chunk, .object, .entry, .summary, .indexNode].allSatisfy { $0.isContentAddressed })
    }

    @Test func trap12OffsetsCountFromTheData() {
        #expect(PackfileLayout.dataOffset == 16)
    }

    @Test func trap14TheFooterHasNanoseconds() {
        let footer = PackfileFooter(timestamp: 1_700_000_000_000_000_000, count: 1, indexOffset: 2, indexMAC: mac(3))
        #expect(contains(footer.encoded(), "00002a36fe9c9717 01000000 0200000000000000"))
        #expect(footer.encoded().count == 56)
    }

    @Test func trap17NoConfigurationRecordsAreWritten() throws {
        var writer = StateWriter(parent: .zero)
        var reader = try StateReader(
            [UInt8](repeating: 0, count: 32) + hex("05 0d000000 01 6b 0100 76 0000000000000000"), version: .v1_1_0)
        let record = try #require(try reader.next())
        #expect(throws: FormatError(.notWritable, "")) { try writer.add(record) }
        #expect(writer.isEmpty)
    }

    @Test func trap18DeletesComeFirst() throws {
        var writer = StateWriter(parent: .zero)
        for record in Samples.records.reversed() { try writer.add(record) }
        var reader = try StateReader(writer.finish(timestamp: 0), version: .v1_1_0)
        let order = try reader.records().map { record in
            switch record {
            case .delete: 0
            case .location: 1
            case .coloured: 2
            case .packfile: 3
            case .configuration: 4
            }
        }
        #expect(order == order.sorted())
    }

    @Test func trap21MetadataHasNoLength() {
        #expect(Samples.state.count == 32 + 3 * 71 + 2 * 90 + 46 + 77 + 29)
        #expect(Samples.state[Samples.state.count - 29] == 1)
    }

    @Test func trap22AnOldStateBeginsWithARecord() throws {
        let old = Array(Samples.state.dropFirst(32 + 3 * 71))
        var reader = try StateReader(old, version: .v1_0_0)
        #expect(try reader.next() == Samples.records[3])
    }

    @Test func trap23IntegersKeepTheirWidth() {
        let entry = Samples.file.encoded()
        for (name, value) in [
            ("version", "ce00010000"), ("size", "d30000000000000007"), ("mode", "ce000001a4"),
            ("dev", "cf0000000000000000"), ("uid", "cf0000000000000000"), ("nlink", "cd0001"), ("flags", "ce00000000"),
            ("chunks", "cf0000000000000002"), ("entropy", "cb4002000000000000"),
        ] {
            #expect(contains(entry, key(name) + value), "\(name)")
        }
        #expect(contains(Samples.header.encoded(), key("duration") + "d30000000000b71b00"))
        #expect(contains(Samples.configuration.encoded(), key("Level") + "ce00020000"))
        #expect(contains(Samples.configuration.encoded(), key("BlockSize") + "ff"))
        #expect(contains(Samples.configuration.encoded(), key("Threads") + "cc01"))
    }

    @Test func trap24IdentifiersAreNeverLeftOut() {
        let zeros = String(repeating: "00", count: 32)
        #expect(contains(Samples.directory.encoded(), key("object") + "c420" + zeros))
        let attribute = ExtendedAttribute(path: "/a", name: [0x75], size: 0, object: .zero)
        #expect(contains(attribute.encoded(), key("object") + "c420" + zeros))
    }

    @Test func trap25NilIsNotEmpty() {
        var header = Samples.header
        header.tags = []
        let bytes = header.encoded()
        for name in ["tags", "classifications"] { #expect(contains(bytes, key(name) + "90"), "\(name)") }
        #expect(contains(bytes, key("data_classes") + "90"))
        #expect(contains(bytes, key("public_key") + "c0"))
        #expect(contains(Samples.leaf.encoded(), key("pointers") + "c0"))
        #expect(contains(Samples.interior.encoded(), key("values") + "c0"))
        #expect(contains(Samples.file.encoded(), key("summary") + "c0"))
    }

    @Test func trap26TheHeaderIsALargeMap() throws {
        #expect(Samples.header.encoded().starts(with: hex("de0011")))
        var old = Samples.header
        old.dataset = nil
        old.dataClasses = nil
        #expect(old.encoded().first == 0x8F)
        #expect(try SnapshotHeader(decoding: old.encoded()) == old)
    }

    @Test func trap27EntriesHaveTheKeysOfTheirKind() throws {
        #expect(Samples.directory.encoded().first == 0x85)
        #expect(Samples.file.encoded().first == 0x88)
        var attributed = Samples.file
        attributed.extendedAttributeNames = [Array("user.a".utf8)]
        #expect(attributed.encoded().first == 0x89)
        var flat = Samples.file
        flat.entropy = 0
        #expect(flat.encoded().first == 0x87)
        var link = Entry(
            parentPath: "/", info: Samples.file.info, symbolicLinkTarget: Array("a".utf8),
            contentType: Entry.notRegularContentType)
        link.info.mode = [.symbolicLink, FileMode(rawValue: 0o777)]
        #expect(link.encoded().first == 0x87)
        var pipe = link
        pipe.symbolicLinkTarget = []
        pipe.info.mode = [.namedPipe]
        #expect(pipe.encoded().first == 0x86)
        for entry in [Samples.directory, Samples.file, attributed, flat, link, pipe, Samples.oldDirectory] {
            #expect(try Entry(decoding: entry.encoded()) == entry)
        }
    }

    @Test func trap27WhatAForeignWriterCompactedIsWrittenInFull() throws {
        // The same entry with every integer as short as can be, and a key from the future.
        let bytes = hex(
            """
            86 a7 76657273696f6e ce00010000 ab 706172656e745f70617468 a12f a9 66696c655f696e666f 85 a4 6e616d65 a161
            a4 6d6f6465 cd01a4 a5 6e6c696e6b 01 a8 6d6f645f74696d65 d6ff00000001 a4 73697a65 00 a6 66757475726501
            a6 6368756e6b73 01 ac 636f6e74656e745f74797065 a1 78
            """)
        let entry = try Entry(decoding: bytes)
        let expected = Entry(
            parentPath: "/",
            info: FileInfo(
                name: [0x61], size: 0, mode: .regular(permissions: 0o644), modificationTime: Timestamp(seconds: 1)),
            contentType: "x", chunkCount: 1)
        #expect(entry == expected)
        #expect(try Entry(decoding: entry.encoded()).encoded() == entry.encoded())
        #expect(contains(entry.encoded(), key("size") + "d30000000000000000"))
    }

    @Test func trap28OnlyTreesHaveVersionZero() {
        #expect(contains(Samples.leaf.encoded(), key("version") + "ce00000000"))
        #expect(contains(BTreeRoot(root: .zero).encoded(), key("Version") + "ce00000000"))
        for bytes in [
            Samples.file.encoded(), Samples.object.encoded(), Samples.header.encoded(),
            ErrorItem(path: "/", message: "").encoded(), Chunk(contentMAC: .zero, length: 0, entropy: 0).encoded(),
        ] {
            #expect(contains(bytes, key("version") + "ce00010000"))
        }
    }

    @Test func trap29WholeSecondsAreShort() {
        #expect(contains(Samples.file.encoded(), key("mod_time") + "d6ff6553f100"))
        #expect(contains(Samples.directory.encoded(), key("mod_time") + "d7ff000000046553f100"))
    }

    @Test func trap30ModesAreGosModes() {
        #expect(FileMode(posix: 0o100644).rawValue == 0x0000_01A4)
        #expect(FileMode(posix: 0o040755).rawValue == 0x8000_01ED)
        #expect(FileMode(posix: 0o120777).rawValue == 0x0800_01FF)
        #expect(FileMode(posix: 0o020600).rawValue == 0x0420_0180)
    }

    @Test func trap31SyntheticFilesHaveOneLink() {
        let info = FileInfo(name: [0x61], size: 0, mode: [], modificationTime: .epoch)
        #expect(contains(info.encoded(), key("nlink") + "cd0001"))
    }

    @Test func trap33TheRootIsNamedSlash() throws {
        var root = Samples.directory
        root.info.name = [0x2F]
        #expect(root.isRoot && root.path == .root)
        #expect(contains(root.encoded(), key("parent_path") + "a12f"))
        #expect(contains(root.encoded(), key("name") + "a12f"))
        #expect(try Entry(decoding: root.encoded()) == root)
    }

    @Test func trap35NamesOfIndexes() {
        #expect(SnapshotHeader.Index.contentType == "content-type")
        #expect(SnapshotHeader.Index.dirpack == "dirpack")
        #expect(SnapshotHeader.Index.summary == "summary")
    }

    @Test func trap38LinksAreToldByTheirMode() {
        var entry = Samples.file
        entry.symbolicLinkTarget = [0x61]
        #expect(!entry.info.mode.isSymbolicLink)
    }

    @Test func trap39NamesAreBytes() throws {
        // A decomposed accent, and something that is not UTF-8 at all.
        for name in [Array("e\u{301}".utf8), [0xFF, 0xFE]] {
            var entry = Samples.file
            entry.info.name = name
            #expect(try Entry(decoding: entry.encoded()).info.name == name)
            #expect(entry.path.name == name)
        }
    }

    @Test func trap44NewerResourcesAreRefused() {
        let newer = Wrapper.seal(.state, FormatVersion(rawValue: 0x0001_0200), []) { digest($0) }
        #expect(throws: FormatError(.newerVersion, "")) { try Wrapper(parsing: newer, expecting: .state) }
    }
}
