/// Eight words: what a subtree hashes to, and what a key is made of.
struct ChainingValue: Sendable {
    private var words: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0, 0, 0, 0, 0)

    /// The constants that stand for the key in the plain hash.
    static let initial = ChainingValue(
        words: (
            0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19
        ))

    private init(words: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)) { self.words = words }

    /// From 32 bytes; nil for any other number.
    init?(littleEndian bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
    }

    /// From what `body` writes: it gets eight zero words.
    init(_ body: (UnsafeMutablePointer<UInt32>) -> Void) {
        withUnsafeMutableBytes(of: &words) { buffer in
            if let base = buffer.bindMemory(to: UInt32.self).baseAddress { body(base) }
        }
    }

    /// Calls `body` with the eight words; only within it is the pointer valid.
    func withWords(_ body: (UnsafePointer<UInt32>) -> Void) {
        withUnsafeBytes(of: words) { buffer in
            if let base = buffer.bindMemory(to: UInt32.self).baseAddress { body(base) }
        }
    }
}
