/// Input made from a seed.
enum Sample {
    /// xorshift64*; the same numbers everywhere.
    struct Generator: RandomNumberGenerator {
        private var state: UInt64
        init(seed: UInt64) { state = seed | 1 }

        mutating func next() -> UInt64 {
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return state &* 0x2545_F491_4F6C_DD1D
        }
    }

    static func random(_ count: Int) -> [UInt8] {
        var generator = Generator(seed: UInt64(count) + 77)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count {
            withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) }
        }
        return Array(bytes[..<count])
    }

    /// Words that repeat, so that every compressor finds something.
    static func text(_ count: Int) -> [UInt8] {
        let words = [
            "BEGIN:VEVENT\r\n", "SUMMARY:", "Breakfast ", "DTSTART:2026", "0", "1", "7", "\r\n", "END:VEVENT\r\n",
        ]
        var generator = Generator(seed: UInt64(count) + 3)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 16)
        while bytes.count < count {
            bytes.append(contentsOf: words[Int(generator.next() % UInt64(words.count))].utf8)
        }
        return Array(bytes[..<count])
    }
}
