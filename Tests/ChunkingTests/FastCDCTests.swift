import BLAKE3
import Crypto
import KlosetFormat
import Testing

/// Kloset format, appendices A and B.
@Suite struct FastCDCTests {
    /// 12 MiB that only the right BLAKE3 makes.
    static let input: [UInt8] = {
        var hasher = BLAKE3Hasher()
        hasher.update(Array("kloset-cdc-vector".utf8))
        return hasher.finalize(count: 12_582_912)
    }()

    @Test func inputIsTheOneOfTheSpecification() {
        #expect(hex(Array(Self.input[..<16])) == "329f0007aa5b658a1faab1e5b52aff27")
        #expect(
            hex(BLAKE3Hasher.hash(Self.input)) == "09a5fccdabc275123d6fdaef4c432fad5c0a89c9a2d680b009a74982f4049e85")
    }

    @Test func gearTableIsTheOneOfTheSpecification() {
        let bytes = FastCDC.gear.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) } }
        #expect(bytes.count == 2048)
        #expect(
            hex(Array(SHA256.hash(data: bytes))) == "c4e8f68dd1d035055021eec0298fdf67af2b77a8b690d418533cdb3970760372")
    }

    @Test func cutsLikeVersion1() throws {
        let cutter = try #require(FastCDC(.version1, minimum: 524_288, normal: 1_048_576, maximum: 8_388_608))
        #expect(
            lengths(cutter, Self.input) == [
                1_077_351, 1_151_516, 2_054_468, 1_117_266, 1_565_968, 1_295_023, 1_094_233, 1_446_819, 1_100_466,
                679_802,
            ])
    }

    @Test func cutsLikeTheLegacyVariant() throws {
        let cutter = try #require(FastCDC(.legacy, minimum: 65_536, normal: 1_048_576, maximum: 4_194_304))
        let lengths = lengths(cutter, Self.input)
        #expect(lengths.count == 120)
        #expect(
            Array(lengths.prefix(10)) == [
                98_513, 111_801, 165_898, 86_362, 74_602, 88_012, 113_860, 127_953, 88_255, 104_854,
            ])
        #expect(Array(lengths.suffix(4)) == [79_633, 69_761, 99_002, 11_852])
    }

    @Test(arguments: [FastCDC.Variant.legacy, .version1])
    func smallSizesUseTheFixedMasks(variant: FastCDC.Variant) throws {
        let cutter = try #require(FastCDC(variant, minimum: 2048, normal: 8192, maximum: 65_536))
        let lengths = lengths(cutter, Array(Self.input[..<1_048_576]))
        #expect(lengths.count == 115)
        #expect(Array(lengths.prefix(10)) == [8513, 3060, 10_259, 8889, 9211, 8541, 11_004, 9113, 8866, 9370])
        let words = lengths.flatMap { length in (0..<8).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) } }
        #expect(
            hex(Array(SHA256.hash(data: words))) == "ef8e1e371c84eaba88d00d34e964f04c49e7b12b5de9489c629dcb19ecde3914")
    }

    @Test func namesAreReadInAnyCase() {
        #expect(FastCDC.Variant(named: "FASTCDC") == .legacy)
        #expect(FastCDC.Variant(named: "fastcdc-v1.0.0") == .version1)
        #expect(FastCDC.Variant(named: "ultracdc") == nil)
    }

    @Test(arguments: [(0, 8192, 65_536), (63, 64, 64), (8192, 4096, 65_536), (64, 8192, 4096), (64, 64, .max)])
    func refusesSizesThatMakeNoSense(minimum: Int, normal: Int, maximum: Int) {
        #expect(FastCDC(.version1, minimum: minimum, normal: normal, maximum: maximum) == nil)
    }

    @Test func noChunkIsLongerThanTheMaximum() throws {
        let cutter = try #require(FastCDC(.version1, minimum: 64, normal: 128, maximum: 256))
        // The fingerprint of equal bytes soon stays the same, so nothing decides for a cut.
        #expect(lengths(cutter, [UInt8](repeating: 0, count: 1000)) == [256, 256, 256, 232])
        #expect(cutter.nextCut(in: []) == 0)
    }

    private func lengths(_ cutter: FastCDC, _ input: [UInt8]) -> [Int] {
        var lengths: [Int] = []
        var start = 0
        while start < input.count {
            let length = cutter.nextCut(in: input.span.extracting(start...))
            lengths.append(length)
            start += length
        }
        return lengths
    }
}

func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
