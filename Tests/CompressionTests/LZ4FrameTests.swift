import Compression
import Testing

@Suite struct LZ4FrameTests {
    private static let header: [UInt8] = [0x04, 0x22, 0x4D, 0x18, 0x64, 0x70, 0xB9]

    /// Kloset format, section 6.1.
    @Test func emptyInputIsTheFrameOfTheSpecification() throws {
        let frame: [UInt8] = Self.header + [0, 0, 0, 0, 0x05, 0x5D, 0xCC, 0x02]
        #expect(try LZ4Frame.compress([]) == frame)
        #expect(try LZ4Frame.decompress(frame, limit: 0) == [])
    }

    @Test(arguments: [1, 15, 16, 17, 1000, 65_536, 4_194_303, 4_194_304, 4_194_305, 9_000_000])
    func whatIsCompressedComesBack(count: Int) throws {
        for input in [Sample.text(count), Sample.random(count)] {
            let frame = try LZ4Frame.compress(input)
            #expect(frame.starts(with: Self.header))
            #expect(frame.count <= count + 15 + 4 * (count / 4_194_304 + 1))
            #expect(try LZ4Frame.decompress(frame, limit: count) == input)
        }
    }

    @Test func blocksAreNeverEmptyAndAtMostFourMebibytes() throws {
        let frame = try LZ4Frame.compress(Sample.random(8_388_608))
        // Two raw blocks, the end mark, the checksum.
        #expect(frame.count == 7 + 2 * (4 + 4_194_304) + 4 + 4)
        #expect(Array(frame[7..<11]) == [0, 0, 0x40, 0x80])
    }

    @Test func readsFramesOfOtherKinds() throws {
        #expect(try LZ4Frame.decompress(Foreign.linkedFrame, limit: 150_000) == Foreign.content)
        #expect(try LZ4Frame.decompress(Foreign.plainFrame, limit: 150_000) == Foreign.content)
    }

    /// The Go engine ends a state of exactly 4 MiB with such a block (Kloset format, section 6.1).
    @Test func readsARawBlockWithoutBytes() throws {
        let input = Sample.random(500)
        let frame = try LZ4Frame.compress(input)
        let withEmptyBlock = frame.dropLast(8) + [0, 0, 0, 0x80] + frame.suffix(8)
        #expect(try LZ4Frame.decompress(Array(withEmptyBlock), limit: 500) == input)
        let onlyEmptyBlock: [UInt8] = Self.header + [0, 0, 0, 0x80] + [0, 0, 0, 0, 0x05, 0x5D, 0xCC, 0x02]
        #expect(try LZ4Frame.decompress(onlyEmptyBlock, limit: 0) == [])
        let compressedEmptyBlock: [UInt8] = Self.header + [1, 0, 0, 0, 0] + [0, 0, 0, 0, 0x05, 0x5D, 0xCC, 0x02]
        #expect(try LZ4Frame.decompress(compressedEmptyBlock, limit: 0) == [])
    }

    @Test func contentBeyondTheLimitIsRefused() throws {
        let frame = try LZ4Frame.compress([UInt8](repeating: 7, count: 1_000_000))
        #expect(frame.count < 5000)
        #expect(throws: CompressionError(.limitExceeded, "")) { try LZ4Frame.decompress(frame, limit: 999_999) }
        #expect(throws: CompressionError(.limitExceeded, "")) { try LZ4Frame.decompress(frame, limit: -1) }
        #expect(try LZ4Frame.decompress(frame, limit: 1_000_000).count == 1_000_000)
    }

    @Test func everyTruncationIsAnError() throws {
        for frame in [try LZ4Frame.compress(Sample.text(3000)), Foreign.linkedFrame] {
            for count in 0..<frame.count {
                #expect(throws: CompressionError.self, "\(count) bytes") {
                    try LZ4Frame.decompress(Array(frame[..<count]), limit: 1 << 20)
                }
            }
        }
        #expect(throws: CompressionError(.truncated, "")) {
            try LZ4Frame.decompress(Array(Foreign.linkedFrame.dropLast()), limit: 1 << 20)
        }
    }

    /// A match may come to point at another place with the same bytes; that is the only change that does no harm.
    @Test func aFlippedByteIsAnErrorOrHarmless() throws {
        let text = Sample.text(3000)
        for (content, frame) in [(text, try LZ4Frame.compress(text)), (Foreign.content, Foreign.linkedFrame)] {
            var harmless = 0
            for index in frame.indices {
                for flip in [0x01, 0x10, 0x80, 0xFF] as [UInt8] {
                    var damaged = frame
                    damaged[index] ^= flip
                    guard let result = try? LZ4Frame.decompress(damaged, limit: 1 << 24) else { continue }
                    #expect(result == content, "byte \(index) ^ \(flip)")
                    harmless += 1
                }
            }
            #expect(harmless < frame.count / 20)
        }
    }

    @Test func saysWhatIsWrong() throws {
        let frame = try LZ4Frame.compress(Sample.text(3000))
        func code(_ frame: [UInt8]) -> CompressionError.Code? {
            do throws(CompressionError) {
                _ = try LZ4Frame.decompress(frame, limit: 1 << 20)
                return nil
            } catch {
                return error.code
            }
        }
        #expect(code(frame) == nil)
        #expect(code(frame + [0]) == .corrupt, "something follows the frame")
        #expect(code([]) == .truncated)
        // A frame with the identifier of a dictionary.
        #expect(code([0x04, 0x22, 0x4D, 0x18, 0x65, 0x70, 1, 0, 0, 0, 0]) == .unsupported)
    }

    /// Raw bytes as blocks: whatever they hold, there is an answer and no trap.
    @Test func hostileBlocksAreRefused() {
        var generator = Sample.Generator(seed: 5)
        for _ in 0..<3000 {
            let size = Int.random(in: 1...60, using: &generator)
            let block = (0..<size).map { _ in
                Bool.random(using: &generator) ? 0xFF : UInt8.random(in: 0...255, using: &generator)
            }
            let frame = Self.header + [UInt8(size), 0, 0, 0] + block + [0, 0, 0, 0, 1, 2, 3, 4]
            #expect(throws: CompressionError.self) { try LZ4Frame.decompress(frame, limit: 1 << 20) }
        }
        let hugeBlock: [UInt8] = Self.header + [0xFF, 0xFF, 0xFF, 0x7F, 0]
        #expect(throws: CompressionError(.corrupt, "")) { try LZ4Frame.decompress(hugeBlock, limit: .max) }
    }
}
