#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// XML turns CRLF into LF (XML 1.0, section 2.11), so that the line ends of an object inside an answer are lost unless
/// the server escapes them.
enum LineEnds {
    /// The bytes that the text in an answer stands for; nil when that is not certain, and GET must tell.
    ///
    /// - Parameter size: the size of the object, nil when unknown.
    static func exactBytes(_ text: [UInt8], size: Int?) -> [UInt8]? {
        guard text.starts(with: "BEGIN:".utf8) else { return nil }
        if contains(text, UInt8(ascii: "\r")) {
            // A carriage return can only come from an escape, so the server escapes all of them.
            return size == nil || size == text.count ? text : nil
        }
        guard let size else { return nil }
        if size == text.count { return text }
        let lines = text.count { $0 == UInt8(ascii: "\n") }
        return size == text.count + lines ? withCarriageReturns(text) : nil
    }

    /// Whether a replacement character is in a text, which may stand for bytes that XML could not carry.
    static func hasReplacements(_ text: [UInt8]) -> Bool {
        // Rare in any language: looking for its first byte is looking at nothing else.
        guard contains(text, 0xEF) else { return false }
        return text.indices.dropLast(2).contains { text[$0] == 0xEF && text[$0 + 1] == 0xBF && text[$0 + 2] == 0xBD }
    }

    private static func contains(_ text: [UInt8], _ byte: UInt8) -> Bool {
        text.withUnsafeBytes { bytes in
            bytes.baseAddress.map { memchr($0, Int32(byte), bytes.count) != nil } ?? false
        }
    }

    private static func withCarriageReturns(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + bytes.count / 32)
        for byte in bytes {
            if byte == UInt8(ascii: "\n") { result.append(UInt8(ascii: "\r")) }
            result.append(byte)
        }
        return result
    }

    /// Whether two texts are the same but for such a loss, and for empty lines at the end.
    static func areAlike(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        let (a, b) = (trimmed(first), trimmed(second))
        var (i, j) = (a.startIndex, b.startIndex)
        while true {
            // A carriage return in front of a line feed counts for nothing.
            if i < a.endIndex - 1, a[i] == 0x0D, a[i + 1] == 0x0A { i += 1 }
            if j < b.endIndex - 1, b[j] == 0x0D, b[j + 1] == 0x0A { j += 1 }
            guard i < a.endIndex, j < b.endIndex else { return i == a.endIndex && j == b.endIndex }
            guard a[i] == b[j] else { return false }
            i += 1
            j += 1
        }
    }

    /// Without line ends at the end.
    private static func trimmed(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        var end = bytes.count
        while end > 0, bytes[end - 1] == 0x0A {
            end -= 1
            if end > 0, bytes[end - 1] == 0x0D { end -= 1 }
        }
        return bytes[..<end]
    }
}
