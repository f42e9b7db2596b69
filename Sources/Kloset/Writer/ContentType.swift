/// What a file seems to hold, told from its first bytes. Free text for readers (format, section 9.2): nothing in a
/// store depends on it, but it must not be empty.
package enum ContentType {
    package static let unknown = "application/octet-stream"
    /// What entries of links, devices, pipes and sockets carry.
    package static let notRegular = "application/x-not-regular-file"

    private static let text = "text/plain; charset=utf-8"

    /// - Parameter head: the first chunk of the content, or its beginning.
    package static func sniff(_ head: ArraySlice<UInt8>) -> String {
        let head = head.prefix(4096)
        // An empty file is text to the Go engine; the same answer shares its object.
        if head.isEmpty { return "text/plain" }
        for (magic, offset, type) in signatures where head.dropFirst(offset).starts(with: magic) { return type }
        return sniffText(head) ?? unknown
    }

    private static func sniffText(_ head: ArraySlice<UInt8>) -> String? {
        var body = head.starts(with: [0xEF, 0xBB, 0xBF]) ? head.dropFirst(3) : head
        guard isText(body) else { return nil }
        body = body.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
        if begins(body, "begin:vcalendar") { return "text/calendar" }
        if begins(body, "begin:vcard") { return "text/vcard" }
        if begins(body, "#!"), let line = body.split(separator: UInt8(ascii: "\n"), maxSplits: 1).first,
            line.firstRange(of: "sh".utf8) != nil
        {
            return "text/x-shellscript"
        }
        if begins(body, "<?xml") { return "text/xml; charset=utf-8" }
        if begins(body, "<!doctype html") || begins(body, "<html") { return "text/html; charset=utf-8" }
        if let first = body.first, first == UInt8(ascii: "{") || first == UInt8(ascii: "["), looksLikeJSON(body) {
            return "application/json"
        }
        return text
    }

    /// Whether the bytes are UTF-8 without control characters that text does not use. The last character may be cut
    /// off by the end of the sample.
    private static func isText(_ bytes: ArraySlice<UInt8>) -> Bool {
        var high: UInt8 = 0
        let hasOnlyText = bytes.withUnsafeBufferPointer { bytes in
            for byte in bytes {
                high |= byte
                if byte < 0x20, byte < 0x09 || byte > 0x0D, byte != 0x1B { return false }
            }
            return true
        }
        guard hasOnlyText else { return false }
        return high < 0x80 || String(validating: bytes.dropLast(lengthOfCutCharacter(bytes)), as: UTF8.self) != nil
    }

    /// Bytes at the end that begin a character and do not finish it.
    private static func lengthOfCutCharacter(_ bytes: ArraySlice<UInt8>) -> Int {
        for (length, byte) in zip(1...3, bytes.reversed()) where byte & 0xC0 != 0x80 {
            let needed = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return byte < 0xF8 && needed > length ? length : 0
        }
        return 0
    }

    private static func begins(_ bytes: ArraySlice<UInt8>, _ lowercase: StaticString) -> Bool {
        let wanted = UnsafeBufferPointer(start: lowercase.utf8Start, count: lowercase.utf8CodeUnitCount)
        return bytes.count >= wanted.count && zip(bytes, wanted).allSatisfy { ($0 | ($0.isUpper ? 0x20 : 0)) == $1 }
    }

    /// A first structural look: after the opening bracket a string, a value or the closing bracket must come.
    private static func looksLikeJSON(_ bytes: ArraySlice<UInt8>) -> Bool {
        let next = bytes.dropFirst().first { $0 != 0x20 && !(0x09...0x0D).contains($0) }
        guard let next else { return false }
        return bytes.first == UInt8(ascii: "{")
            ? next == UInt8(ascii: "\"") || next == UInt8(ascii: "}")
            : "\"{[]-0123456789tfn".utf8.contains(next)
    }

    private static let signatures: [(magic: [UInt8], offset: Int, type: String)] = [
        ([0x89, 0x50, 0x4E, 0x47], 0, "image/png"),
        ([0xFF, 0xD8, 0xFF], 0, "image/jpeg"),
        (Array("GIF8".utf8), 0, "image/gif"),
        (Array("WEBP".utf8), 8, "image/webp"),
        (Array("%PDF-".utf8), 0, "application/pdf"),
        ([0x50, 0x4B, 0x03, 0x04], 0, "application/zip"),
        ([0x1F, 0x8B], 0, "application/gzip"),
        ([0x28, 0xB5, 0x2F, 0xFD], 0, "application/zstd"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], 0, "application/x-xz"),
        (Array("BZh".utf8), 0, "application/x-bzip2"),
        ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], 0, "application/x-7z-compressed"),
        (Array("ustar".utf8), 257, "application/x-tar"),
        ([0x7F, 0x45, 0x4C, 0x46], 0, "application/x-elf"),
        (Array("SQLite format 3\0".utf8), 0, "application/vnd.sqlite3"),
        (Array("OggS".utf8), 0, "audio/ogg"),
        (Array("fLaC".utf8), 0, "audio/flac"),
        (Array("ID3".utf8), 0, "audio/mpeg"),
        (Array("WAVE".utf8), 8, "audio/wav"),
        (Array("ftyp".utf8), 4, "video/mp4"),
        ([0x1A, 0x45, 0xDF, 0xA3], 0, "video/webm"),
        ([0x00, 0x61, 0x73, 0x6D], 0, "application/wasm"),
    ]
}

extension UInt8 {
    fileprivate var isUpper: Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }
}
