import Compression
import Testing

@Suite struct ZstandardTests {
    @Test func emptyContentIsNoFrame() throws {
        #expect(try Zstandard.compress([]) == [])
        #expect(try Zstandard.decompress([], limit: 0) == [])
    }

    @Test(arguments: [1, 1000, 300_000, 3_000_000])
    func whatIsCompressedComesBack(count: Int) throws {
        for input in [Sample.text(count), Sample.random(count), [UInt8](repeating: 0, count: count)] {
            #expect(try Zstandard.decompress(Zstandard.compress(input), limit: count) == input)
        }
    }

    @Test func readsAStreamWithoutASize() throws {
        #expect(try Zstandard.decompress(Foreign.zstandardStream, limit: 150_000) == Foreign.content)
    }

    @Test func contentBeyondTheLimitIsRefused() throws {
        let zeros = [UInt8](repeating: 0, count: 5_000_000)
        #expect(throws: CompressionError(.limitExceeded, "")) {
            try Zstandard.decompress(Zstandard.compress(zeros), limit: 4_999_999)
        }
        #expect(throws: CompressionError(.limitExceeded, "")) {
            try Zstandard.decompress(Foreign.zstandardStream, limit: 149_999)
        }
    }

    @Test func truncatedAndDamagedStreamsAreErrors() throws {
        let content = Sample.text(2000)
        let frame = try Zstandard.compress(content)
        for count in 1..<frame.count {
            #expect(throws: CompressionError.self) { try Zstandard.decompress(Array(frame[..<count]), limit: 1 << 20) }
        }
        for index in frame.indices {
            var damaged = frame
            damaged[index] ^= 0x10
            // A bit may mean nothing, and the magic number may become that of a frame to skip.
            guard let result = try? Zstandard.decompress(damaged, limit: 1 << 20) else { continue }
            #expect(result == content || result == [], "byte \(index)")
        }
        #expect(throws: CompressionError.self) { try Zstandard.decompress(frame + [1], limit: 1 << 20) }
    }
}
