import Compression
import Testing

@Suite struct DeflateTests {
    @Test(arguments: [0, 1, 100, 5000, 300_000], [0, 1, 6, 12])
    func whatIsCompressedComesBack(count: Int, level: Int) throws {
        for input in [Sample.text(count), Sample.random(count), [UInt8](repeating: 0, count: count)] {
            #expect(try Zlib.decompress(Zlib.compress(input, level: level), limit: count) == input)
            #expect(try Gzip.decompress(Gzip.compress(input, level: level), limit: count) == input)
        }
    }

    @Test func readsWhatOthersWrote() throws {
        #expect(try Zlib.decompress(Foreign.zlibStream, limit: 1 << 20) == Foreign.content)
        #expect(try Gzip.decompress(Foreign.gzipWithName, limit: 1 << 20) == Foreign.content)
    }

    @Test func contentBeyondTheLimitIsRefused() throws {
        let zeros = [UInt8](repeating: 0, count: 5_000_000)
        #expect(throws: CompressionError(.limitExceeded, "")) {
            try Zlib.decompress(Zlib.compress(zeros), limit: 4_999_999)
        }
        #expect(throws: CompressionError(.limitExceeded, "")) {
            try Gzip.decompress(Gzip.compress(zeros), limit: 4_999_999)
        }
        #expect(try Zlib.decompress(Zlib.compress(zeros), limit: .max) == zeros)
    }

    @Test func truncatedAndDamagedStreamsAreErrors() throws {
        let input = Sample.text(2000)
        let zlib = try Zlib.compress(input)
        let gzip = try Gzip.compress(input)
        for count in 0..<zlib.count {
            #expect(throws: CompressionError.self) { try Zlib.decompress(Array(zlib[..<count]), limit: 1 << 20) }
        }
        for count in 0..<gzip.count {
            #expect(throws: CompressionError.self) { try Gzip.decompress(Array(gzip[..<count]), limit: 1 << 20) }
        }
        // Behind the headers, whose time and system fields mean nothing, every byte counts.
        for index in 10..<gzip.count {
            var damaged = gzip
            damaged[index] ^= 0x20
            #expect(throws: CompressionError.self, "byte \(index)") { try Gzip.decompress(damaged, limit: 1 << 20) }
        }
        #expect(throws: CompressionError(.corrupt, "")) { try Zlib.decompress(zlib + [0], limit: 1 << 20) }
        #expect(throws: CompressionError(.corrupt, "")) { try Gzip.decompress(gzip + gzip, limit: 1 << 20) }
    }

    @Test(arguments: [0, 1, 3000, 200_000])
    func aPrefixTellsWhereItEnds(count: Int) throws {
        let input = Sample.text(count)
        let stream = try Zlib.compress(input, level: 1)
        let pack = Sample.random(19) + stream + Sample.random(500)
        let (bytes, consumed) = try Zlib.decompress(prefixOf: pack, at: 19, size: count)
        #expect(bytes == input)
        #expect(consumed == stream.count)
    }

    @Test func aPrefixMustHaveTheSizeDeclared() throws {
        let stream = try Zlib.compress(Sample.text(3000)) + Sample.random(100_000)
        for size in [0, 1, 2999, 3001, 50_000_000, Int.max] {
            #expect(throws: CompressionError.self, "\(size)") {
                try Zlib.decompress(prefixOf: stream, at: 0, size: size)
            }
        }
        for offset in [-1, stream.count, Int.max, Int.min] {
            #expect(throws: CompressionError.self, "at \(offset)") {
                try Zlib.decompress(prefixOf: stream, at: offset, size: 3000)
            }
        }
        #expect(throws: CompressionError.self) { try Zlib.decompress(prefixOf: stream, at: 0, size: -1) }
    }

    @Test func compressorsWorkFromManyTasksAtOnce() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for task in 0..<16 {
                group.addTask {
                    let input = Sample.text(2000 + task)
                    return try Zlib.decompress(Zlib.compress(input, level: task % 3), limit: 1 << 20) == input
                }
            }
            for try await isEqual in group { #expect(isEqual) }
        }
    }
}
