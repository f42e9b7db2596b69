/// Shannon entropy in bits per byte, 0 ... 8 (Kloset format, section 9.2).
///
/// The number is stored in objects and entries, whose bytes name them: to share them with the Go engine, the last
/// bit must be the same. So this does the same floating-point operations in the same order.
package enum Entropy {
    /// The entropy of a chunk; 0 when it is empty.
    package static func bitsPerByte(_ bytes: [UInt8]) -> Double {
        bytes.withUnsafeBytes { bitsPerByte($0) }
    }

    /// The entropy of a chunk; 0 when it is empty.
    package static func bitsPerByte(_ bytes: Span<UInt8>) -> Double {
        bytes.withUnsafeBytes { bitsPerByte($0) }
    }

    private static func bitsPerByte(_ bytes: UnsafeRawBufferPointer) -> Double {
        guard !bytes.isEmpty else { return 0 }
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 4 * 256) { counts in
            counts.initialize(repeating: 0)
            count(bytes, into: counts)
            let total = Double(bytes.count)
            var entropy = 0.0
            for value in 0..<256 {
                let occurrences = counts[value] + counts[256 + value] + counts[512 + value] + counts[768 + value]
                guard occurrences > 0 else { continue }
                let frequency = Double(occurrences) / total
                entropy -= frequency * binaryLogarithm(frequency)
            }
            return entropy
        }
    }

    /// Four tables, so that a run of equal bytes does not wait for its own counter.
    private static func count(_ bytes: UnsafeRawBufferPointer, into counts: UnsafeMutableBufferPointer<UInt64>) {
        var index = 0
        while index &+ 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            counts[Int(word & 0xFF)] &+= 1
            counts[256 | Int(word >> 8 & 0xFF)] &+= 1
            counts[512 | Int(word >> 16 & 0xFF)] &+= 1
            counts[768 | Int(word >> 24 & 0xFF)] &+= 1
            counts[Int(word >> 32 & 0xFF)] &+= 1
            counts[256 | Int(word >> 40 & 0xFF)] &+= 1
            counts[512 | Int(word >> 48 & 0xFF)] &+= 1
            counts[768 | Int(word >> 56)] &+= 1
            index &+= 8
        }
        while index < bytes.count {
            counts[Int(bytes[index])] &+= 1
            index &+= 1
        }
    }

    /// The logarithm to base 2 of a number in 0 ..< 1 or 1, through the natural logarithm of its significand.
    static func binaryLogarithm(_ x: Double) -> Double {
        // x = fraction * 2^exponent with fraction in 0.5 ..< 1.
        let fraction = x.significand / 2
        let exponent = Double(x.exponent + 1)
        if fraction == 0.5 { return exponent - 1 }
        return naturalLogarithm(fraction) * (1 / 0.693147180559945309417232121458176568) + exponent
    }

    /// ln(x) for x in 0.5 ..< 1, by the method of FreeBSD's libm: x = 2^k (1 + f), then a polynomial in f/(2+f).
    private static func naturalLogarithm(_ x: Double) -> Double {
        let isSmall = x < 0.70710678118654752440
        let f = (isSmall ? x * 2 : x) - 1
        let k: Double = isSmall ? -1 : 0
        let s = f / (2 + f)
        let s2 = s * s
        let s4 = s2 * s2
        let odd =
            s2
            * (6.666666666666735130e-01 + s4
                * (2.857142874366239149e-01
                    + s4 * (1.818357216161805012e-01 + s4 * 1.479819860511658591e-01)))
        let even =
            s4 * (3.999999999940941908e-01 + s4 * (2.222219843214978396e-01 + s4 * 1.531383769920937332e-01))
        let rest = odd + even
        let half = 0.5 * f * f
        return k * 6.93147180369123816490e-01
            - ((half - (s * (half + rest) + k * 1.90821492927058770002e-10)) - f)
    }
}

extension Object {
    /// The entropy of a content: that of its chunks, weighted by their lengths; 0 when it is empty.
    package static func entropy(of chunks: [Chunk]) -> Double {
        var (sum, length) = (0.0, 0.0)
        for chunk in chunks {
            sum += chunk.entropy * Double(chunk.length)
            length += Double(chunk.length)
        }
        return length > 0 ? sum / length : 0
    }
}
