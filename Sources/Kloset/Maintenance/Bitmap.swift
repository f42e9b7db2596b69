/// One bit for each of a known count of things.
struct Bitmap: Sendable {
    private var words: [UInt64]
    private(set) var count = 0

    init(_ size: Int) { words = [UInt64](repeating: 0, count: (max(0, size) + 63) / 64) }

    /// - Returns: whether it was not there before. A number beyond the size is never there.
    @discardableResult
    mutating func insert(_ number: Int) -> Bool {
        let (word, bit) = (number >> 6, UInt64(1) << UInt64(number & 63))
        guard words.indices.contains(word), words[word] & bit == 0 else { return false }
        words[word] |= bit
        count += 1
        return true
    }

    func contains(_ number: Int) -> Bool {
        let word = number >> 6
        return words.indices.contains(word) && words[word] >> UInt64(number & 63) & 1 == 1
    }
}
