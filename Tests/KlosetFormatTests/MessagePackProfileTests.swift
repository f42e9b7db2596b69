import ConnectorKit
import KlosetFormat
import Testing

/// The exact bytes for each type of value (Kloset messages, sections 1.1 and 1.2), row by row.
@Suite struct MessagePackProfileTests {
    private func bytes(_ write: (inout MessagePackWriter) -> Void) -> [UInt8] {
        var writer = MessagePackWriter()
        write(&writer)
        return writer.bytes
    }

    @Test func integersHaveTheWidthOfTheirType() {
        #expect(bytes { $0.write(UInt8(1)) } == hex("cc01"))
        #expect(bytes { $0.write(UInt16(1)) } == hex("cd0001"))
        #expect(bytes { $0.write(UInt32(1)) } == hex("ce00000001"))
        #expect(bytes { $0.write(UInt64(1)) } == hex("cf0000000000000001"))
        #expect(bytes { $0.write(Int8(-1)) } == hex("d0ff"))
        #expect(bytes { $0.write(Int16(-2)) } == hex("d1fffe"))
        #expect(bytes { $0.write(Int32(3)) } == hex("d200000003"))
        #expect(bytes { $0.write(Int64(-1)) } == hex("d3ffffffffffffffff"))
    }

    @Test(arguments: [
        (0, "00"), (127, "7f"), (128, "cc80"), (255, "ccff"), (256, "cd0100"), (65535, "cdffff"),
        (65536, "ce00010000"), (131072, "ce00020000"), (4_294_967_295, "ceffffffff"),
        (4_294_967_296, "cf0000000100000000"), (Int.max, "cf7fffffffffffffff"), (-1, "ff"), (-32, "e0"),
        (-33, "d0df"), (-128, "d080"), (-129, "d1ff7f"), (-32768, "d18000"), (-32769, "d2ffff7fff"),
        (Int(Int32.min), "d280000000"), (Int(Int32.min) - 1, "d3ffffffff7fffffff"), (Int.min, "d38000000000000000"),
    ])
    func plainIntegersAreCompact(value: Int, expected: String) {
        #expect(bytes { $0.writeCompact(value) } == hex(expected))
    }

    @Test func floatingPointAndTruth() {
        #expect(bytes { $0.write(0.0) } == hex("cb0000000000000000"))
        #expect(bytes { $0.write(1.5) } == hex("cb3ff8000000000000"))
        #expect(bytes { $0.write(true) } == hex("c3"))
        #expect(bytes { $0.write(false) } == hex("c2"))
        #expect(bytes { $0.writeNil() } == hex("c0"))
    }

    @Test(arguments: [
        (0, "a0"), (31, "bf"), (32, "d920"), (255, "d9ff"), (256, "da0100"), (65535, "daffff"), (65536, "db00010000"),
    ])
    func stringsAreShort(count: Int, head: String) {
        let content = [UInt8](repeating: 0xFF, count: count)
        #expect(bytes { $0.writeString(content) } == hex(head) + content)
    }

    @Test(arguments: [
        (0, "c400"), (16, "c410"), (32, "c420"), (255, "c4ff"), (256, "c50100"), (65535, "c5ffff"),
        (65536, "c600010000"),
    ])
    func binaryIsShort(count: Int, head: String) {
        let content = [UInt8](repeating: 7, count: count)
        #expect(bytes { $0.writeBinary(content) } == hex(head) + content)
    }

    @Test(arguments: [
        (0, "90", "80"), (15, "9f", "8f"), (16, "dc0010", "de0010"), (65535, "dcffff", "deffff"),
        (65536, "dd00010000", "df00010000"),
    ])
    func containersAreShort(count: Int, array: String, map: String) {
        #expect(bytes { $0.writeArrayHeader(count) } == hex(array))
        #expect(bytes { $0.writeMapHeader(count) } == hex(map))
    }

    @Test(
        arguments: [
            (0, 0, "d6ff00000000"), (1_700_000_000, 0, "d6ff6553f100"), (4_294_967_295, 0, "d6ffffffffff"),
            (4_294_967_296, 0, "d7ff0000000100000000"), (1, 1, "d7ff0000000400000001"),
            (17_179_869_183, 999_999_999, "d7ffee6b27ffffffffff"),
            (17_179_869_184, 5, "c70cff000000050000000400000000"),
            (-1, 999_999_999, "c70cff3b9ac9ffffffffffffffffff"), (-62_135_596_800, 0, "c70cff00000000fffffff1886e0900"),
        ] as [(Int64, UInt32, String)])
    func times(seconds: Int64, nanoseconds: UInt32, expected: String) throws {
        let time = Timestamp(seconds: seconds, nanoseconds: nanoseconds)
        #expect(bytes { $0.write(time) } == hex(expected))
        var reader = MessagePackReader(hex(expected))
        #expect(try reader.readTimestamp() == time)
        #expect(reader.isAtEnd)
    }

    @Test func identifiers() {
        #expect(bytes { $0.write(MAC.zero) } == hex("c420") + [UInt8](repeating: 0, count: 32))
    }
}

/// What is accepted beyond that (Kloset messages, section 1.4).
@Suite struct MessagePackLeniencyTests {
    /// A lock in which every field is what a foreign writer might make of it.
    @Test func anyWidthAnyOrderUnknownKeysAndBinaryForText() throws {
        let bytes = hex(
            """
            86 a9 6578636c7573697665 c3  a8 686f73746e616d65 c402 766d  a3 6e6577 93 01 a178 81 a161 c0
            a9 74696d657374616d70 d6ff00000007  05 c3  c407 76657273696f6e cd 0100
            """)
        let lock = try Lock(decoding: bytes)
        #expect(lock.version.rawValue == 256)
        #expect(lock.hostname == "vm")
        #expect(lock.isExclusive)
        #expect(lock.timestamp == Timestamp(seconds: 7))
    }

    @Test func missingAndNilFieldsAreZero() throws {
        #expect(try Lock(decoding: hex("80")) == Lock.unset)
        #expect(try Lock(decoding: hex("c0")) == Lock.unset)
        #expect(try Lock(decoding: hex("82a776657273696f6ec0a9 74696d657374616d70c0")) == Lock.unset)
        #expect(try Object(decoding: hex("81a66368756e6b73c0")).chunks.isEmpty)
        #expect(Lock.unset.timestamp.seconds == -62_135_596_800)
    }

    @Test(arguments: [
        "05", "cc05", "cd0005", "ce00000005", "cf0000000000000005", "d005", "d10005", "d200000005",
        "d30000000000000005",
    ])
    func integers(value: String) throws {
        let chunk = try Chunk(decoding: hex("81a66c656e677468") + hex(value))
        #expect(chunk.length == 5)
    }

    @Test(arguments: [("ca3fc00000", 1.5), ("cb3ff8000000000000", 1.5), ("07", 7), ("ff", -1), ("c0", 0)])
    func floatingPoint(value: String, expected: Double) throws {
        #expect(try Chunk(decoding: hex("81a7656e74726f7079") + hex(value)).entropy == expected)
    }

    @Test func sixtyFourBitsTakeEachOthersPattern() throws {
        let info = try FileInfo(decoding: hex("82a3756964ffa473697a65cfffffffffffffffff"))
        #expect(info.userID == .max)
        #expect(info.size == -1)
    }

    @Test func refusesWhatDoesNotFit() {
        #expect(throws: FormatError(.malformed, "")) { try Chunk(decoding: hex("81a66c656e677468ff")) }
        #expect(throws: FormatError(.malformed, "")) { try Chunk(decoding: hex("81a66c656e677468cf0000000100000000")) }
        #expect(throws: FormatError(.malformed, "")) { try Chunk(decoding: hex("81a66c656e677468a135")) }
        // An identifier of 31 bytes, and a time of a second and more nanoseconds.
        let short = hex("81aa636f6e74656e744d4143c41f") + [UInt8](repeating: 1, count: 31)
        #expect(throws: FormatError(.malformed, "")) { try Chunk(decoding: short) }
        #expect(throws: FormatError(.malformed, "")) {
            try Lock(decoding: hex("81a974696d657374616d70c70cff3b9aca000000000000000000"))
        }
        #expect(throws: FormatError(.malformed, "")) { try Lock(decoding: hex("8000")) }
    }

    @Test func anErrorNamesTheField() throws {
        let error = try #require(throws: FormatError.self) {
            try Object(decoding: hex("81a66368756e6b739181a66c656e677468a0"))
        }
        #expect(error.reason.hasPrefix("chunks: length: "))
    }
}
