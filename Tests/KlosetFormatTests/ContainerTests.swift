import ConnectorKit
import KlosetFormat
import Testing

/// Wrapper, packfile, dirpack, archive.
@Suite struct ContainerTests {
    @Test func wrapperTakesTheOldMagic() throws {
        var file = Samples.wrapped
        file.replaceSubrange(..<8, with: Array("_PLAKAR_".utf8))
        #expect(try Wrapper(parsing: file, expecting: .lock).payload == 16..<23)
        #expect(Samples.wrapped.starts(with: Array("_KLOSET_".utf8) + hex("02000000 00000100")))
    }

    @Test func wrapperRefusesOtherTypesAndNewerVersions() {
        #expect(throws: FormatError(.malformed, "")) { try Wrapper(parsing: Samples.wrapped, expecting: .state) }
        let newer = Wrapper.seal(.lock, .v1_1_0, []) { digest($0) }
        #expect(throws: FormatError(.newerVersion, "")) { try Wrapper(parsing: newer, expecting: .lock) }
        let state = Wrapper.seal(.state, .v1_1_0, []) { digest($0) }
        #expect(throws: Never.self) { try Wrapper(parsing: state, expecting: .state) }
        let other = Array("no such file in here, but it is longer than 48 bytes".utf8)
        #expect(throws: FormatError(.malformed, "")) { try Wrapper(parsing: other, expecting: .lock) }
    }

    @Test func wrapperDigestCoversHeaderAndPayload() throws {
        let wrapper = try Wrapper(parsing: Samples.wrapped, expecting: .lock)
        #expect(digest(Array(Samples.wrapped[wrapper.authenticated])) == wrapper.mac)
        #expect(wrapper.authenticated == 0..<Samples.wrapped.count - 32)
    }

    @Test func packfilePartsAreFoundFromTheEnd() throws {
        let file = Samples.packfile
        let tail = Array(file.suffix(PackfileLayout.tailSize))
        let layout = try PackfileLayout(tail: tail, fileSize: UInt64(file.count))
        #expect(layout == (try PackfileLayout(file: file)))
        #expect(layout.footer == 228..<284)
        let footer = try PackfileFooter(decoding: Array(file[228..<284]))
        #expect(try layout.indexRange(footer) == 116..<228)
        let records = try PackfileIndex.decode(Array(file[116..<228]), footer: footer)
        #expect(records.map(\.blob.type) == [.chunk, .padding])
    }

    @Test func blobsBeyondTheDataAreRefused() {
        let bytes = PackfileIndex.encode([
            PackfileIndexRecord(blob: BlobID(.chunk, mac(1)), offset: 90, length: 11)
        ])
        func footer(_ count: UInt32) -> PackfileFooter {
            PackfileFooter(timestamp: 0, count: count, indexOffset: 100, indexMAC: .zero)
        }
        #expect(throws: FormatError(.malformed, "")) { try PackfileIndex.decode(bytes, footer: footer(1)) }
        #expect(throws: FormatError(.malformed, "")) { try PackfileIndex.decode(bytes, footer: footer(2)) }
        let wild = PackfileIndex.encode([
            PackfileIndexRecord(blob: BlobID(.chunk, mac(1)), offset: .max, length: .max)
        ])
        #expect(throws: FormatError(.malformed, "")) { try PackfileIndex.decode(wild, footer: footer(1)) }
    }

    @Test(arguments: [1, 4, 7, 100, 1 << 20])
    func dirpackComesBackInPiecesOfAnySize(size: Int) throws {
        var reader = DirpackReader()
        var frames: [DirpackFrame] = []
        for start in stride(from: 0, to: Samples.dirpack.count, by: size) {
            reader.append(Array(Samples.dirpack[start..<min(start + size, Samples.dirpack.count)]))
            while let frame = try reader.next() { frames.append(frame) }
        }
        try reader.finish()
        #expect(frames.map(\.isDirectory) == [true, false])
        #expect(try frames.map { try Entry(decoding: $0.entry) } == [Samples.directory, Samples.file])
        #expect(frames.allSatisfy { digest($0.entry) == $0.identifier })
    }

    @Test func dirpackCutWithinAFrameIsAnError() throws {
        var reader = DirpackReader()
        reader.append(Array(Samples.dirpack.dropLast()))
        while try reader.next() != nil {}
        #expect(throws: FormatError(.truncated, "")) { try reader.finish() }
        for bad in ["03 22000000", "01 1f000000", "02 ffffffff"] {
            var reader = DirpackReader()
            reader.append(hex(bad))
            #expect(throws: FormatError(.malformed, "")) { try reader.next() }
        }
    }

    @Test func dirpackFramesHaveTheirLayout() {
        var bytes: [UInt8] = []
        DirpackFrame(isDirectory: false, entry: [0xAA, 0xBB], identifier: mac(1)).append(to: &bytes)
        #expect(bytes == hex("02 22000000 aabb" + String(repeating: "01", count: 32)))
    }

    @Test func archiveTrailer() throws {
        let trailer = PtarTrailer(configuration: 12..<381, packfile: 381..<1000, state: 1000..<1500)
        let bytes = trailer.encoded()
        #expect(bytes.count == PtarTrailer.size)
        #expect(try PtarTrailer(decoding: bytes, archiveSize: 1548) == trailer)
        #expect(throws: FormatError(.malformed, "")) { try PtarTrailer(decoding: bytes, archiveSize: 1540) }
        #expect(throws: FormatError(.malformed, "")) {
            try PtarTrailer(decoding: [UInt8](repeating: 0xFF, count: 48), archiveSize: 1548)
        }
        let hugeConfiguration = PtarTrailer(configuration: 12..<32782, packfile: 12..<12, state: 12..<12).encoded()
        #expect(throws: FormatError(.malformed, "")) {
            try PtarTrailer(decoding: hugeConfiguration, archiveSize: 99999)
        }
        #expect(throws: Never.self) { try PtarTrailer.checkHeader(PtarTrailer.header) }
        #expect(throws: FormatError(.malformed, "")) { try PtarTrailer.checkHeader(Array("_KLOSET_".utf8)) }
    }

    @Test func identifiersAsText() throws {
        let id = try #require(RepositoryID("1D2120BC-6472-4978-be49-4d62c8eabc45"))
        #expect(id.description == "1d2120bc-6472-4978-be49-4d62c8eabc45")
        #expect(RepositoryID(id.bytes) == id)
        for bad in [
            "", "1d2120bc64724978be494d62c8eabc45", "1d2120bc-6472-4978-be49-4d62c8eabc4",
            "1d2120bc-6472-4978-be49-4d62c8eabc4g",
            "1d2120bc-6472-4978-be49-4d62c8eabc450",
        ] {
            #expect(RepositoryID(bad) == nil, "\(bad)")
        }
        let random = RepositoryID.random().bytes
        #expect(random[6] >> 4 == 4)
        #expect(random[8] >> 6 == 0b10)
    }
}
