/// 16 bytes that name a repository, written as a UUID. Also used wherever the format has a UUID.
public struct RepositoryID: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64

    /// All zero bytes: "none".
    public static let zero = RepositoryID(high: 0, low: 0)

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// - Returns: nil unless there are exactly 16 bytes.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        for byte in bytes { words = (words.0 << 8 | words.1 >> 56, words.1 << 8 | UInt64(byte)) }
        self.init(high: words.0, low: words.1)
    }

    /// Reads the text form, `1d2120bc-6472-4978-be49-4d62c8eabc45`, in either case.
    public init?(_ text: String) {
        var bytes: [UInt8] = []
        var digits: [UInt8] = []
        for (index, character) in text.utf8.enumerated() {
            if [8, 13, 18, 23].contains(index) {
                guard character == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Character(UnicodeScalar(character)).hexDigitValue else { return nil }
            digits.append(UInt8(digit))
            if digits.count == 2 {
                bytes.append(digits[0] << 4 | digits[1])
                digits.removeAll()
            }
        }
        guard text.utf8.count == 36 else { return nil }
        self.init(bytes)
    }

    /// A random UUID of version 4 (RFC 9562, section 5.4).
    public static func random() -> RepositoryID {
        var generator = SystemRandomNumberGenerator()
        let high: UInt64 = generator.next()
        let low: UInt64 = generator.next()
        return RepositoryID(high: high & ~0xF000 | 0x4000, low: low & ~(0b11 << 62) | 0b10 << 62)
    }

    public var bytes: [UInt8] {
        [high, low].flatMap { word in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
        }
    }
}

extension RepositoryID: CustomStringConvertible {
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
