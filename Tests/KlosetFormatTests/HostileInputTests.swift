import ConnectorKit
import KlosetFormat
import SeededNumbers
import Testing

/// Nothing that is read may end the program, go on for ever, or allocate on the word of the input.
@Suite struct HostileInputTests {
    /// One sound example of each message, with its decoder.
    static let messages: [(name: String, bytes: [UInt8], decode: @Sendable ([UInt8]) throws -> Void)] = [
        ("configuration", Samples.configuration.encoded(), { _ = try StoreConfiguration(decoding: $0).validate() }),
        ("object", Samples.object.encoded(), { _ = try Object(decoding: $0) }),
        ("entry", Samples.file.encoded(), { _ = try Entry(decoding: $0).encoded() }),
        ("old entry", Samples.oldDirectory.encoded(), { _ = try Entry(decoding: $0).encoded() }),
        ("summary", Samples.summary.encoded(), { _ = try Summary(decoding: $0) }),
        ("header", Samples.header.encoded(), { _ = try SnapshotHeader(decoding: $0).encoded() }),
        ("leaf", Samples.leaf.encoded(), { _ = try BTreeNode(decoding: $0).value(for: [0x2F], .byDepth) }),
        ("interior", Samples.interior.encoded(), { _ = try BTreeNode(decoding: $0).childIndex(for: [0x2F], .byDepth) }),
        ("root", BTreeRoot(root: mac(1)).encoded(), { _ = try BTreeRoot(decoding: $0) }),
        ("error", ErrorItem(path: "/a", message: "no").encoded(), { _ = try ErrorItem(decoding: $0) }),
        (
            "attribute", ExtendedAttribute(path: "/a", name: [0x75], size: 3, object: mac(2)).encoded(),
            { _ = try ExtendedAttribute(decoding: $0) }
        ),
        (
            "lock", Lock(timestamp: Timestamp(seconds: 5, nanoseconds: 6), hostname: "h", isExclusive: true).encoded(),
            { _ = try Lock(decoding: $0) }
        ),
        ("state", Samples.state, { _ = try readState($0) }),
        ("wrapper", Samples.wrapped, { _ = try Wrapper(parsing: $0, expecting: .lock) }),
        ("dirpack", Samples.dirpack, { try readDirpack($0) }),
        ("packfile", Samples.packfile, { try readPackfile($0) }),
    ]

    @Test(arguments: messages.indices)
    func everyTruncationIsAnError(index: Int) throws {
        let (name, bytes, decode) = Self.messages[index]
        try decode(bytes)
        for count in bytes.indices {
            // What is left of these may still parse, and a digest or the length tells. Only trapping would be wrong.
            if ["packfile", "wrapper", "dirpack"].contains(name) {
                try? decode(Array(bytes[..<count]))
                continue
            }
            #expect(throws: FormatError.self, "\(name), \(count) of \(bytes.count) bytes") {
                try decode(Array(bytes[..<count]))
            }
        }
    }

    @Test(arguments: messages.indices)
    func mutationsNeverTrap(index: Int) {
        let (_, bytes, decode) = Self.messages[index]
        var random = SeededGenerator(seed: UInt64(index) + 1)
        for _ in 0..<3000 {
            var mutated = bytes
            for _ in 0...Int.random(in: 0..<4, using: &random) {
                let place = Int.random(in: 0..<mutated.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: mutated[place] = UInt8.random(in: 0...255, using: &random)
                case 1: mutated[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 2: mutated.insert(UInt8.random(in: 0...255, using: &random), at: place)
                default: mutated[place] = [0xDD, 0xDF, 0xDB, 0xC6, 0xC9, 0xFF].randomElement(using: &random) ?? 0
                }
            }
            try? decode(mutated)
        }
    }

    @Test(arguments: ["ddffffffff", "dcffff", "9f", "dfffffffff", "dbffffffff", "c6ffffffff", "c9ffffffffff", "c7ff"])
    func hugeDeclaredLengthsAreRefused(head: String) {
        // As an unknown value, as a list, as text.
        for key in ["a178", "a66368756e6b73", "ac636f6e74656e745f74797065"] {
            #expect(throws: FormatError.self, "\(key) \(head)") { try Object(decoding: hex("81" + key + head + "00")) }
        }
    }

    @Test(arguments: ["91", "81a161", "dc0001", "de0001a0"])
    func depthBombsAreRefused(level: String) {
        let deep = hex("81a178" + String(repeating: level, count: 10_000) + "c0")
        #expect(throws: FormatError(.limitExceeded, "")) { try Lock(decoding: deep) }
        let shallow = hex("81a178" + String(repeating: level, count: 50) + "c0")
        #expect(throws: Never.self) { try Lock(decoding: shallow) }
    }

    @Test(arguments: ["c0", "80"])
    func listsOfNothingsTakeNoMemory(element: String) throws {
        // A source is some seven hundred bytes in memory; here are a million of them in as many bytes.
        let sources = hex("81a7736f7572636573dd00100000") + [UInt8](repeating: hex(element)[0], count: 1 << 20)
        #expect(throws: FormatError(.limitExceeded, "")) { try SnapshotHeader(decoding: sources) }
        let pointers = hex("81a8706f696e74657273dd00100000") + [UInt8](repeating: 0xC0, count: 1 << 20)
        #expect(throws: FormatError(.limitExceeded, "")) { try BTreeNode(decoding: pointers) }
    }

    @Test func aMapOfUnknownKeysIsReadOnce() throws {
        var bytes = hex("df00010000")
        for _ in 0..<65536 { bytes += hex("a0c0") }
        #expect(try Lock(decoding: bytes) == Lock.unset)
    }

    @Test func namesThatLeaveTheirDirectoryAreRefused() {
        for name in ["..", ".", "", "a/b", "/x", "a\0"] {
            var entry = Samples.file
            entry.info.name = Array(name.utf8)
            #expect(throws: FormatError(.malformed, ""), "\(name)") { try Entry(decoding: entry.encoded()) }
        }
        // A parent that is not clean cannot be made here, so its bytes are changed: "/a/b" to "/../b".
        for bad in ["/../b", "a/b/c", "/a//b", "/a/b/", "/a/./b"] {
            var bytes: [UInt8] = hex("82ab706172656e745f70617468")
            bytes += [0xA0 | UInt8(bad.utf8.count)] + bad.utf8
            bytes += hex("a966696c655f696e666f81a46e616d65a178")
            #expect(throws: FormatError(.malformed, ""), "\(bad)") { try Entry(decoding: bytes) }
        }
    }
}

private func readState(_ bytes: [UInt8]) throws -> [StateRecord] {
    var reader = try StateReader(bytes, version: .v1_1_0)
    return try reader.records()
}

private func readDirpack(_ bytes: [UInt8]) throws {
    var reader = DirpackReader()
    reader.append(bytes)
    while try reader.next() != nil {}
    try reader.finish()
}

private func readPackfile(_ bytes: [UInt8]) throws {
    let layout = try PackfileLayout(file: bytes)
    let footer = try PackfileFooter(
        decoding: Array(bytes[Int(layout.footer.lowerBound)..<Int(layout.footer.upperBound)]))
    let range = try layout.indexRange(footer)
    let records = try PackfileIndex.decode(
        Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]), footer: footer)
    for record in records {
        let start = Int(PackfileLayout.dataOffset + record.offset)
        _ = bytes[start..<start + Int(record.length)]
    }
}
