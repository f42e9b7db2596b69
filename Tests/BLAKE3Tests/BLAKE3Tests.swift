import BLAKE3
import Testing

@Suite struct BLAKE3Tests {
    static let kernels = BLAKE3Kernel.allCases.filter(\.isAvailable)

    @Test func alwaysHasAKernelToRun() {
        #expect(BLAKE3Kernel.portable.isAvailable)
        #expect(BLAKE3Kernel.best.isAvailable)
    }

    @Test(arguments: kernels)
    func everyKernelAgreesWithTheReference(kernel: BLAKE3Kernel) throws {
        for vector in try LengthVector.all() {
            let input = LengthVector.input(vector.length)
            var plain = try #require(BLAKE3Hasher(key: nil, kernel: kernel))
            plain.update(input)
            #expect(plain.finalize(count: 131) == vector.plain, "\(vector.length) bytes")
            #expect(plain.finalize() == Array(vector.plain.prefix(32)), "\(vector.length) bytes")
            var keyed = try #require(BLAKE3Hasher(key: LengthVector.key, kernel: kernel))
            keyed.update(input)
            #expect(keyed.finalize(count: 131) == vector.keyed, "\(vector.length) bytes, keyed")
        }
    }

    @Test(arguments: kernels, [1, 63, 64, 65, 1023, 1024, 1025, 4095, 40_961, 262_145])
    func piecesMakeNoDifference(kernel: BLAKE3Kernel, step: Int) throws {
        for vector in try LengthVector.all() where vector.length <= 150 * 1024 && vector.length / step < 40_000 {
            let input = LengthVector.input(vector.length)
            var hasher = try #require(BLAKE3Hasher(key: nil, kernel: kernel))
            for start in stride(from: 0, to: input.count, by: step) {
                hasher.update(input[start..<min(start + step, input.count)])
            }
            #expect(hasher.finalize() == Array(vector.plain.prefix(32)), "\(vector.length) bytes by \(step)")
        }
    }

    @Test func piecesOfGrowingSizeMakeNoDifference() throws {
        let input = LengthVector.input(700_001)
        var hasher = BLAKE3Hasher()
        var start = 0
        var step = 1
        while start < input.count {
            hasher.update(input.span.extracting(start..<min(start + step, input.count)))
            start += step
            step = step * 3 / 2 + 1
        }
        #expect(hasher.finalize() == BLAKE3Hasher.hash(input))
    }

    @Test func inputMayFollowADigest() {
        let input = LengthVector.input(5000)
        var hasher = BLAKE3Hasher()
        hasher.update(input[..<3000])
        let first = hasher
        #expect(hasher.finalize() == BLAKE3Hasher.hash(Array(input[..<3000])))
        hasher.update(input[3000...])
        #expect(hasher.finalize() == BLAKE3Hasher.hash(input))
        #expect(first.finalize() == BLAKE3Hasher.hash(Array(input[..<3000])), "a copy continues on its own")
    }

    @Test func aKeyHasThirtyTwoBytes() {
        for count in [0, 31, 33, 64] {
            #expect(BLAKE3Hasher(key: [UInt8](repeating: 1, count: count)) == nil)
            #expect(BLAKE3Hasher.keyedHash(key: [UInt8](repeating: 1, count: count), []) == nil)
        }
    }

    @Test func anOutputOfNoBytesIsEmpty() {
        #expect(BLAKE3Hasher().finalize(count: 0).isEmpty)
    }

    /// Kloset format, appendix B.
    @Test func macsOfAPlaintextKlosetStore() throws {
        let repository: [UInt8] = [
            0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF,
        ]
        let secret = BLAKE3Hasher.hash(repository)
        #expect(hex(secret) == "2ff58ddf3d00b27143e7960de70679f11786176dc50d3ffd688b8aa4d1bd4294")
        #expect(
            hex(BLAKE3Hasher.keyedHash(key: secret, []) ?? [])
                == "3a77dbd14805b47c2514acb2003f0b5cc99aa7dc3ec4f608ac77a7b03ac0755f")
        #expect(
            hex(BLAKE3Hasher.keyedHash(key: secret, Array("hello".utf8)) ?? [])
                == "9b03baccde1ae6194a7312024f19de11452b01116ad7c719f513fa520a5e6cf6")
    }
}

func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
