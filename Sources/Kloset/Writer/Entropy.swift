#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Shannon entropy as entries and objects carry it (format, section 9.2).
package enum Entropy {
    /// - Returns: bits per byte, 0 to 8; 0 for nothing.
    package static func bitsPerByte(_ bytes: ArraySlice<UInt8>) -> Double {
        guard !bytes.isEmpty else { return 0 }
        // Four tables: runs of one byte would otherwise wait for the counter they just wrote.
        var counts = [UInt32](repeating: 0, count: 1024)
        bytes.withUnsafeBufferPointer { bytes in
            counts.withUnsafeMutableBufferPointer { counts in
                var index = 0
                while index + 4 <= bytes.count {
                    counts[Int(bytes[index])] &+= 1
                    counts[256 + Int(bytes[index + 1])] &+= 1
                    counts[512 + Int(bytes[index + 2])] &+= 1
                    counts[768 + Int(bytes[index + 3])] &+= 1
                    index += 4
                }
                while index < bytes.count {
                    counts[Int(bytes[index])] &+= 1
                    index += 1
                }
            }
        }
        var entropy = 0.0
        for value in 0..<256 {
            let count = counts[value] &+ counts[256 + value] &+ counts[512 + value] &+ counts[768 + value]
            guard count != 0 else { continue }
            let share = Double(count) / Double(bytes.count)
            entropy -= share * binaryLogarithm(share)
        }
        // One repeated byte gives -0.0, which is not the zero that messages leave out.
        return entropy == 0 ? 0 : entropy
    }

    /// The logarithm by the steps that the Go engine takes, so that the last bit agrees and equal contents give
    /// equal objects.
    private static func binaryLogarithm(_ value: Double) -> Double {
        let exponent = Int(value.exponent) + 1
        let fraction = value / Double(sign: .plus, exponent: exponent, significand: 1)
        if fraction == 0.5 { return Double(exponent - 1) }
        return Double(exponent) + log(fraction) * (1 / 0.693147180559945309417232121458176568)
    }
}
