import Glibc

/// Writes content lines: CRLF line ends, folded after at most 75 octets and never inside a UTF-8 sequence.
package struct ContentLineWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    /// RFC 5545 3.1, RFC 6350 3.2: octets of a physical line without its end.
    private static let maximumLineLength = 75

    package init() {}

    /// Writes one unfolded line, `NAME;PARAMETER=value:value`, given without its end.
    package mutating func write(line: some Collection<UInt8>) {
        guard line.count > Self.maximumLineLength else {
            bytes.append(contentsOf: line)
            endLine()
            return
        }
        var start = line.startIndex
        var room = Self.maximumLineLength
        while start != line.endIndex {
            var end = line.index(start, offsetBy: room, limitedBy: line.endIndex) ?? line.endIndex
            if end != line.endIndex { end = Self.boundary(in: line, between: start, and: end) }
            if start != line.startIndex { bytes.append(UInt8(ascii: " ")) }
            bytes.append(contentsOf: line[start..<end])
            endLine()
            start = end
            room = Self.maximumLineLength - 1
        }
    }

    /// Writes a line from its parts; `value` goes out as it is.
    package mutating func write(
        _ name: String,
        _ parameters: [(name: String, values: [String])] = [],
        value: some Sequence<UInt8>
    ) {
        var line = Self.beginning(name, parameters)
        line.append(UInt8(ascii: ":"))
        line.append(contentsOf: value)
        write(line: line)
    }

    /// A line from its name up to its colon, which is not there yet.
    package static func beginning(_ name: String, _ parameters: [(name: String, values: [String])]) -> [UInt8] {
        var line = Array(name.utf8)
        for parameter in parameters {
            line.append(UInt8(ascii: ";"))
            line.append(contentsOf: parameter.name.utf8)
            line.append(UInt8(ascii: "="))
            for (offset, value) in parameter.values.enumerated() {
                if offset > 0 { line.append(UInt8(ascii: ",")) }
                line.append(contentsOf: encodedParameterValue(value))
            }
        }
        return line
    }

    /// Writes a line whose value is TEXT; escapes it.
    package mutating func write(
        _ name: String,
        _ parameters: [(name: String, values: [String])] = [],
        text: String
    ) {
        write(name, parameters, value: TextEscaping.escape(text))
    }

    /// Copies a line as it stands in its source, folds included; a line without CRLF ends is folded anew.
    package mutating func copy(_ line: ContentLine) {
        let physical = line.storage.source[line.extent]
        if Self.hasStandardLineEnds(physical) {
            bytes.append(contentsOf: physical)
        } else {
            write(line: line.bytes)
        }
    }

    /// Copies lines that follow each other in their source, as `copy` does one by one.
    package mutating func copy(_ lines: Range<Int>, of document: ContentDocument) {
        guard !lines.isEmpty, lines.lowerBound >= 0, lines.upperBound <= document.count else { return }
        let start = document[lines.lowerBound].extent.lowerBound
        let end = document[lines.upperBound - 1].extent.upperBound
        guard start <= end else { return }
        let physical = document.source[start..<end]
        if Self.hasStandardLineEnds(physical) {
            bytes.append(contentsOf: physical)
        } else {
            for line in lines { copy(document[line]) }
        }
    }

    /// Appends lines that another writer has written.
    package mutating func append(written lines: [UInt8]) { bytes.append(contentsOf: lines) }

    /// RFC 6868 escapes, and quotes where the value has a colon, semicolon or comma.
    package static func encodedParameterValue(_ value: String) -> [UInt8] {
        var encoded: [UInt8] = []
        var needsQuotes = false
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "^"): encoded.append(contentsOf: "^^".utf8)
            case UInt8(ascii: "\n"): encoded.append(contentsOf: "^n".utf8)
            case UInt8(ascii: "\""): encoded.append(contentsOf: "^'".utf8)
            case 0..<0x20 where byte != UInt8(ascii: "\t"), 0x7F: break
            default:
                if byte == UInt8(ascii: ":") || byte == UInt8(ascii: ";") || byte == UInt8(ascii: ",") {
                    needsQuotes = true
                }
                encoded.append(byte)
            }
        }
        return needsQuotes ? [UInt8(ascii: "\"")] + encoded + [UInt8(ascii: "\"")] : encoded
    }

    private mutating func endLine() {
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
    }

    /// The last place at or before `end` where a character begins; `end` itself when the bytes are not UTF-8.
    private static func boundary<Line: Collection<UInt8>>(
        in line: Line,
        between start: Line.Index,
        and end: Line.Index
    ) -> Line.Index {
        let length = line.distance(from: start, to: end)
        for back in 0...3 where back < length {
            let candidate = line.index(start, offsetBy: length - back)
            if line[candidate] & 0xC0 != 0x80 { return candidate }
        }
        return end
    }

    private static func hasStandardLineEnds(_ physical: ArraySlice<UInt8>) -> Bool {
        physical.withUnsafeBufferPointer { text in
            guard let base = text.baseAddress, text.count >= 2, text[text.count - 2] == UInt8(ascii: "\r"),
                text[text.count - 1] == UInt8(ascii: "\n")
            else { return false }
            var index = 0
            while index < text.count, let found = memchr(base + index, Int32(UInt8(ascii: "\n")), text.count - index) {
                let position = UnsafeRawPointer(found) - UnsafeRawPointer(base)
                guard position > 0, text[position - 1] == UInt8(ascii: "\r") else { return false }
                index = position + 1
            }
            return true
        }
    }
}
