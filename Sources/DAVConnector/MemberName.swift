import Crypto
import DAVClient

/// Names of files and folders in a snapshot for the last segments of hrefs, one to one and back.
///
/// A segment is kept as readable as possible: what is percent-encoded only because URLs need it (spaces, letters beyond
/// ASCII) is decoded. Everything else is escaped with `=`, which therefore never stands for itself:
///
/// | in the name | in the segment |
/// |---|---|
/// | `=2F` | `%2F`, with the case of its digits |
/// | `=_40` | the bare byte 40, where it must not stand in a name as it is |
/// | `=.ics` at the end | nothing: the segment has no such ending |
/// | `=~` and 32 digits, before the ending | the segment is too long or not unique; the digits are a hash of the href |
///
/// A name never begins with a byte up to `.`, so that the side files `.collection.json` and `.objects.json` come first
/// in every listing and nothing hides.
package enum MemberName {
    /// Longer names are cut: file systems take 255 bytes.
    static let lengthLimit = 220

    /// - Parameter ending: `ics` or `vcf` for an object, nil for a collection.
    package static func name(forSegment segment: String, ending: String?) -> String {
        if isName(segment, ending: ending) { return segment }
        var name = escape(Array(segment.utf8))
        if let ending, !name.hasSuffix("." + ending) { name += "=.\(ending)" }
        return name.utf8.count <= lengthLimit ? name : shortened(name, hash: segment, ending: ending)
    }

    /// A name for an href whose own name is taken by another href in the same folder.
    package static func distinctName(forHref href: String, segment: String, ending: String?) -> String {
        shortened(escape(Array(segment.utf8)), hash: href, ending: ending)
    }

    /// The segment that a name stands for; nil for names that are not ours or not reversible.
    package static func segment(forName name: String, ending: String?) -> String? {
        var bytes = Array(name.utf8)[...]
        if let ending, bytes.suffix(ending.utf8.count + 2).elementsEqual("=.\(ending)".utf8) {
            bytes = bytes.dropLast(ending.utf8.count + 2)
        }
        var segment: [UInt8] = []
        var index = bytes.startIndex
        func digit(_ offset: Int) -> UInt8? {
            index + offset < bytes.endIndex ? PercentEncoding.digit(bytes[index + offset]) : nil
        }
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == escapeByte {
                if digit(1) != nil, digit(2) != nil {
                    segment += [UInt8(ascii: "%")] + bytes[(index + 1)...(index + 2)]
                    index += 3
                } else if index + 1 < bytes.endIndex, bytes[index + 1] == UInt8(ascii: "_"), let high = digit(2),
                    let low = digit(3)
                {
                    segment.append(high << 4 | low)
                    index += 4
                } else {
                    return nil
                }
            } else {
                if PercentEncoding.isSegmentByte(byte) {
                    segment.append(byte)
                } else {
                    segment += PercentEncoding.escape(byte).utf8
                }
                index += 1
            }
        }
        return segment.isEmpty ? nil : String(decoding: segment, as: UTF8.self)
    }

    // MARK: Escaping

    /// Whether a segment is its own name, as nearly all are.
    private static func isName(_ segment: String, ending: String?) -> Bool {
        guard let first = segment.utf8.first, first > UInt8(ascii: "."), segment.utf8.count <= lengthLimit,
            ending.map({ segment.hasSuffix("." + $0) }) ?? true
        else { return false }
        return segment.utf8.allSatisfy { $0 != escapeByte && PercentEncoding.isSegmentByte($0) }
    }

    private static let escapeByte = UInt8(ascii: "=")

    private static func escape(_ segment: [UInt8]) -> String {
        let keepsText =
            String(validating: PercentEncoding.decode(String(decoding: segment, as: UTF8.self)), as: UTF8.self) != nil
        var name: [UInt8] = []
        var index = 0
        while index < segment.count {
            let byte = segment[index]
            let isFirst = name.isEmpty
            if byte == UInt8(ascii: "%"), index + 2 < segment.count,
                let high = PercentEncoding.digit(segment[index + 1]),
                let low = PercentEncoding.digit(segment[index + 2])
            {
                let value = high << 4 | low
                let digits = segment[(index + 1)...(index + 2)]
                let isCanonical = digits.elementsEqual(PercentEncoding.escape(value).utf8.dropFirst())
                if isCanonical, keepsText, isReadable(value), !(isFirst && value <= UInt8(ascii: ".")) {
                    name.append(value)
                } else {
                    name.append(escapeByte)
                    name += digits
                }
                index += 3
            } else {
                let stands = PercentEncoding.isSegmentByte(byte) && byte != escapeByte
                if stands, !(isFirst && byte <= UInt8(ascii: ".")) {
                    name.append(byte)
                } else {
                    name += [escapeByte, UInt8(ascii: "_")] + PercentEncoding.escape(byte).utf8.dropFirst()
                }
                index += 1
            }
        }
        return String(decoding: name, as: UTF8.self)
    }

    /// Percent-encoded bytes that may stand in a name: encoded in URLs, harmless in files, on every system.
    private static func isReadable(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x80...: true
        case UInt8(ascii: " "), UInt8(ascii: "#"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "^"),
            UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "`"):
            true
        default: false
        }
    }

    private static func shortened(_ name: String, hash source: String, ending: String?) -> String {
        let digest = SHA256.hash(data: Array(source.utf8)).prefix(16)
        let mark = "=~" + digest.map { PercentEncoding.escape($0).dropFirst().lowercased() }.joined()
        let end = ending.map { "." + $0 } ?? ""
        var head = name
        if !end.isEmpty, head.hasSuffix(end) { head.removeLast(end.count) }
        while head.utf8.count > 160 { head.removeLast() }
        return head + mark + end
    }
}
