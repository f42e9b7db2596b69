import ConnectorKit
import KlosetFormat

/// Small values with something in every field.
enum Samples {
    static let configuration = StoreConfiguration(
        timestamp: Timestamp(seconds: 1_700_000_000, nanoseconds: 5),
        repositoryID: RepositoryID("00112233-4455-6677-8899-aabbccddeeff") ?? .zero,
        encryption: EncryptionParameters(
            keyDerivation: .argon2id(salt: Array(0..<16)), canary: [UInt8](repeating: 9, count: 100)))

    static let object = Object(
        contentMAC: mac(1),
        chunks: [
            Chunk(contentMAC: mac(2), length: 3, entropy: 1.5), Chunk(contentMAC: mac(3), length: 4, entropy: 2.5),
        ],
        contentType: "text/calendar", entropy: 2.25)

    static let file = Entry(
        parentPath: "/calendars",
        info: FileInfo(
            name: Array("a.ics".utf8), size: 7, mode: .regular(permissions: 0o644),
            modificationTime: Timestamp(seconds: 1_700_000_000), userName: Array("anna".utf8)),
        object: mac(1), contentType: "text/calendar", entropy: 2.25, chunkCount: 2)

    static let directory = Entry(
        parentPath: "/",
        info: FileInfo(
            name: Array("calendars".utf8), size: 4096, mode: .directory(permissions: 0o755),
            modificationTime: Timestamp(seconds: 1_700_000_000, nanoseconds: 1)))

    static let summary: Summary = {
        var builder = SummaryBuilder()
        builder.add(file)
        builder.add(directory: Summary())
        builder.add(errors: 1)
        return builder.finish()
    }()

    /// As kloset 1.0 wrote directories.
    static let oldDirectory: Entry = {
        var entry = directory
        entry.summary = summary
        return entry
    }()

    static let header = SnapshotHeader(
        identifier: mac(7), timestamp: Timestamp(seconds: 1_700_000_000, nanoseconds: 1), duration: 12_000_000,
        tags: ["nightly"], context: [SnapshotHeader.KeyValue("Hostname", "vm")],
        sources: [
            SnapshotHeader.Source(
                importer: SnapshotHeader.Importer(type: "caldav", origin: "cal.example.org", directory: "/calendars"),
                root: SnapshotHeader.Roots(entries: mac(8), attributes: mac(9), errors: mac(10)),
                indexes: [
                    SnapshotHeader.Index(name: SnapshotHeader.Index.contentType, value: mac(11)),
                    SnapshotHeader.Index(name: SnapshotHeader.Index.dirpack, value: mac(12)),
                    SnapshotHeader.Index(name: SnapshotHeader.Index.summary, value: mac(13)),
                ],
                summary: summary)
        ])

    static let leaf = BTreeNode(
        keys: ["/", "/a", "/b"].map { Array($0.utf8) }, values: [mac(1), mac(2), mac(3)], next: mac(4))
    static let interior = BTreeNode(separators: [Array("/b".utf8)], children: [mac(1), mac(2)])

    static let records: [StateRecord] = [
        .delete(.packfile(mac(5))), .delete(.colour(.packfile, mac(5))),
        .delete(.location(BlobID(.chunk, mac(1)), packfile: mac(6))),
        .location(BlobLocation(blob: BlobID(.chunk, mac(1)), packfile: mac(2), offset: 3, length: 4)),
        .location(BlobLocation(blob: BlobID(.padding, mac(3)), packfile: mac(2), offset: 7, length: 9000)),
        .coloured(ColouredRecord(.snapshot, mac(4), time: 1_700_000_000_000_000_000)),
        .packfile(PackfileRecord(packfile: mac(2), state: mac(9), time: -1)),
    ]

    static let state: [UInt8] = {
        var writer = StateWriter(parent: mac(1))
        for record in records { try? writer.add(record) }
        return writer.finish(timestamp: 1_700_000_000_000_000_000)
    }()

    static let wrapped = Wrapper.seal(.lock, .v1_0_0, Array("payload".utf8)) { digest($0) }

    static let dirpack: [UInt8] = {
        var bytes: [UInt8] = []
        for entry in [directory, file] {
            let encoded = entry.encoded()
            DirpackFrame(isDirectory: entry.isDirectory, entry: encoded, identifier: digest(encoded)).append(to: &bytes)
        }
        return bytes
    }()

    static let packfile: [UInt8] = {
        let data = [UInt8](repeating: 0xAB, count: 100)
        let index = PackfileIndex.encode([
            PackfileIndexRecord(blob: BlobID(.chunk, mac(1)), offset: 0, length: 60),
            PackfileIndexRecord(blob: BlobID(.padding, mac(2)), offset: 60, length: 40),
        ])
        let footer = PackfileFooter(timestamp: 1_700_000_000_000_000_000, count: 2, indexOffset: 100, indexMAC: mac(3))
        let end = PackfileLayout.end(index: index, footer: footer.encoded())
        return Wrapper.seal(.packfile, .v1_0_0, data + end) { digest($0) }
    }()
}
