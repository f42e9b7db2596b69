/// The lines of git's protocols: four hexadecimal digits that say how long the line is, themselves included, then the line
/// (gitprotocol-common). `0000` is the flush packet.
enum PacketLine {
    static let flush = Array("0000".utf8)
    /// Of the content of one line.
    static let longest = 65_516

    static func encode(_ text: String) -> [UInt8] { encode(Array(text.utf8)) }

    static func encode(_ content: some Collection<UInt8>) -> [UInt8] {
        let digits = String(content.count + 4, radix: 16)
        return Array(String(repeating: "0", count: max(0, 4 - digits.utf8.count)).utf8) + Array(digits.utf8)
            + Array(content)
    }

    /// In the channel `band` of a side-band, in as many lines as it takes.
    static func sideband(_ band: UInt8, _ content: [UInt8]) -> [UInt8] {
        var lines: [UInt8] = []
        var start = 0
        while start < content.count {
            let end = min(start + longest - 1, content.count)
            lines += encode([band] + content[start..<end])
            start = end
        }
        return lines
    }

    enum Parsed {
        case line(ArraySlice<UInt8>)
        case flush
        case incomplete
        case invalid
    }

    /// The line at the beginning of `bytes`, and how many bytes it takes.
    static func parse(_ bytes: ArraySlice<UInt8>) -> (Parsed, size: Int) {
        guard bytes.count >= 4 else { return (.incomplete, 0) }
        let digits = String(decoding: bytes.prefix(4), as: UTF8.self)
        guard digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
            let size = Int(digits, radix: 16), size == 0 || size >= 4
        else { return (.invalid, 0) }
        if size == 0 { return (.flush, 4) }
        guard bytes.count >= size else { return (.incomplete, 0) }
        return (.line(bytes[(bytes.startIndex + 4)..<(bytes.startIndex + size)]), size)
    }
}
