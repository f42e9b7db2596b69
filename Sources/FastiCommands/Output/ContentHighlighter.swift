/// Colours for contents whose lines are properties: calendars and contact cards.
enum ContentHighlighter {
    /// Names of properties in cyan, BEGIN and END in bold. Anything that is no such text stays as it is.
    static func coloured(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.starts(with: "BEGIN:VC".utf8), String(validating: bytes, as: UTF8.self) != nil else { return bytes }
        var result: [UInt8] = []
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            if !result.isEmpty { result.append(UInt8(ascii: "\n")) }
            let isFrame = line.starts(with: "BEGIN:".utf8) || line.starts(with: "END:".utf8)
            let isContinued = line.first == UInt8(ascii: " ") || line.first == UInt8(ascii: "\t")
            let end = line.firstIndex { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ";") }
            if let end, !isContinued {
                result += Array("\u{1B}[\(isFrame ? "1" : "36")m".utf8) + line[..<end] + Array("\u{1B}[0m".utf8)
                result += line[end...]
            } else {
                result += line
            }
        }
        return result
    }
}
