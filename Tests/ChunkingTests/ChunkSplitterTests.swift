import KlosetFormat
import Testing

@Suite struct ChunkSplitterTests {
    private static let input = Array(FastCDCTests.input[..<300_000])

    private func splitter() throws -> ChunkSplitter {
        ChunkSplitter(try #require(FastCDC(.version1, minimum: 2048, normal: 8192, maximum: 20_000)))
    }

    private func chunks(_ input: [UInt8], by step: Int) throws -> [[UInt8]] {
        var splitter = try splitter()
        var chunks: [[UInt8]] = []
        for start in stride(from: 0, to: input.count, by: step) {
            chunks += splitter.append(Array(input[start..<min(start + step, input.count)]))
        }
        if let last = splitter.finish() { chunks.append(last) }
        return chunks
    }

    @Test(arguments: [1, 2, 2047, 2048, 2049, 8191, 65_536, 1_000_000])
    func piecesDoNotMoveTheCuts(step: Int) throws {
        let whole = try #require(FastCDC(.version1, minimum: 2048, normal: 8192, maximum: 20_000))
        var expected: [[UInt8]] = []
        var start = 0
        while start < Self.input.count {
            let length = whole.nextCut(in: Self.input.span.extracting(start...))
            expected.append(Array(Self.input[start..<start + length]))
            start += length
        }
        #expect(expected.count > 20)
        #expect(try chunks(Self.input, by: step) == expected)
    }

    @Test func equalBytesAreCutAtTheMaximum() throws {
        let lengths = try chunks([UInt8](repeating: 9, count: 50_000), by: 777).map(\.count)
        #expect(lengths == [20_000, 20_000, 10_000])
        #expect(try chunks([UInt8](repeating: 9, count: 40_000), by: 777).map(\.count) == [20_000, 20_000])
    }

    @Test func anEmptyStreamIsOneEmptyChunk() throws {
        var splitter = try splitter()
        #expect(splitter.append([]).isEmpty)
        #expect(splitter.finish() == [])
        #expect(splitter.finish() == [], "the next stream is empty as well")
    }

    @Test func isReadyForTheNextStream() throws {
        var splitter = try splitter()
        #expect(splitter.append(Array("first".utf8)).isEmpty)
        #expect(splitter.finish() == Array("first".utf8))
        #expect(splitter.append(Array("second".utf8)).isEmpty)
        #expect(splitter.finish() == Array("second".utf8))
    }
}
