/// The bytes of an iCalendar or vCard stream together with its unfolded content lines (RFC 5545 3.1, RFC 6350 3.2).
///
/// The source is kept whole and lines only point into it, so that what was read can always be given back byte for byte.
/// Splitting never fails on malformed text: a line without a colon is kept and says so (`ContentLine.isWellFormed`).
package struct ContentDocument: Sendable {
    let storage: ContentStorage

    /// Splits `source` into lines.
    ///
    /// - Parameters:
    ///   - source: UTF-8 text with CRLF, bare LF, or (where there is no LF at all) bare CR line ends.
    ///   - groups: whether `item1.EMAIL` means the property EMAIL in the group item1 (vCard).
    ///   - maximumLines: more logical lines than this are refused.
    /// - Throws: `.limitExceeded` for more lines than allowed or 2 GiB and more of source.
    package init(
        _ source: [UInt8],
        groups: Bool = false,
        maximumLines: Int = 5_000_000
    ) throws(ContentError) {
        guard source.count < Int(Int32.max) else {
            throw ContentError(.limitExceeded, "The text has \(source.count) bytes; the most that is read is 2 GiB.")
        }
        var tokenizer = ContentTokenizer(groups: groups, maximumLines: maximumLines)
        source.withUnsafeBufferPointer { tokenizer.run(over: $0) }
        guard !tokenizer.exceededLimit else {
            throw ContentError(.limitExceeded, "The text has more than \(maximumLines) lines.")
        }
        storage = ContentStorage(source: source, unfolded: tokenizer.unfolded, lines: tokenizer.lines)
    }

    /// The bytes as they came.
    package var source: [UInt8] { storage.source }

    /// The number of logical (unfolded, not empty) lines.
    package var count: Int { storage.lines.count }

    /// The logical line at `index`, from 0 up to `count`.
    package subscript(index: Int) -> ContentLine { ContentLine(storage: storage, index: index) }
}

extension ContentDocument {
    /// Whether the unfolded text is UTF-8. The source need not be: a fold may lie inside a character.
    package var isUTF8: Bool {
        String(validating: source, as: UTF8.self) != nil
            || allSatisfy { String(validating: $0.bytes, as: UTF8.self) != nil }
    }

    /// Whether lines end with CR alone: readable here, but not for others.
    package var hasOnlyCarriageReturns: Bool {
        source.contains(UInt8(ascii: "\r")) && !source.contains(UInt8(ascii: "\n"))
    }
}

extension ContentDocument {
    /// The first line in the range that has the name, ignoring the case of ASCII letters. Much faster than looking at the
    /// lines one by one.
    package func firstIndex(named name: StaticString, in range: Range<Int>) -> Int? {
        storage.firstIndex(named: name, from: range.lowerBound, to: range.upperBound)
    }

    /// The lines that have parameters.
    package var linesWithParameters: [ContentLine] {
        storage.lines.indices.filter { index in
            let line = storage.lines[index]
            return line.nameEnd < (line.isWellFormed ? line.valueStart - 1 : line.textEnd)
        }.map { self[$0] }
    }
}

extension ContentDocument: RandomAccessCollection {
    package var startIndex: Int { 0 }
    package var endIndex: Int { count }
}

/// What all lines of one document share.
final class ContentStorage: Sendable {
    let source: [UInt8]
    /// The text of the lines that were folded, unfolded, one after the other.
    let unfolded: [UInt8]
    let lines: [LineRecord]

    init(source: [UInt8], unfolded: [UInt8], lines: [LineRecord]) {
        self.source = source
        self.unfolded = unfolded
        self.lines = lines
    }

    func firstIndex(named name: StaticString, from start: Int, to end: Int) -> Int? {
        let length = name.utf8CodeUnitCount
        return lines.withUnsafeBufferPointer { lines in
            var index = max(start, 0)
            while index < min(end, lines.count) {
                // The length tells most names apart without touching the bytes.
                if Int(lines[index].nameEnd) - Int(lines[index].nameStart) == length, hasName(lines[index], name) {
                    return index
                }
                index += 1
            }
            return nil
        }
    }

    private func hasName(_ record: LineRecord, _ name: StaticString) -> Bool {
        let text = record.isFolded ? unfolded : source
        return text.withUnsafeBufferPointer { text in
            name.withUTF8Buffer { name in
                guard Int(record.nameStart) + name.count <= text.count else { return false }
                for offset in 0..<name.count {
                    guard ASCII.uppercased(text[Int(record.nameStart) + offset]) == ASCII.uppercased(name[offset])
                    else { return false }
                }
                return true
            }
        }
    }
}

/// Where one logical line lies. Text offsets count in `ContentStorage.unfolded` when `isFolded`, else in the source.
struct LineRecord: Sendable {
    /// The physical bytes in the source: folds and line end included.
    var extentStart: UInt32
    var extentEnd: UInt32
    var textStart: UInt32
    var textEnd: UInt32
    /// After the group and its dot.
    var nameStart: UInt32
    var nameEnd: UInt32
    /// After the colon; `textEnd` when there is none.
    var valueStart: UInt32
    var isFolded: Bool
    var isWellFormed: Bool
}
