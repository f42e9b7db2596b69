/// One logical line: `[group.]NAME;PARAMETERS:value`, as a view into its document.
///
/// All byte slices are raw: unfolded, but with escapes as they were written.
package struct ContentLine: Sendable {
    let storage: ContentStorage
    /// Its place among the lines of the document, from 0.
    package let index: Int

    private var record: LineRecord { storage.lines[index] }

    /// The physical bytes in the source: folds and line end included.
    package var extent: Range<Int> { Int(record.extentStart)..<Int(record.extentEnd) }

    /// Whether the line has a name and a colon.
    package var isWellFormed: Bool { record.isWellFormed }

    /// The whole unfolded line without its end.
    package var bytes: ArraySlice<UInt8> { slice(record.textStart, record.textEnd) }

    /// The name as written, without group.
    package var nameBytes: ArraySlice<UInt8> { slice(record.nameStart, record.nameEnd) }

    /// The name in upper case, without group.
    package var name: String { ASCII.uppercasedString(nameBytes) }

    /// The group of a vCard property (RFC 6350 3.3), as written.
    package var group: String? {
        let record = record
        guard record.nameStart > record.textStart else { return nil }
        return String(decoding: slice(record.textStart, record.nameStart - 1), as: UTF8.self)
    }

    /// The value as written, unfolded.
    package var value: ArraySlice<UInt8> { slice(record.valueStart, record.textEnd) }

    /// The value as text, nothing unescaped. Bytes that are not UTF-8 become U+FFFD.
    package var rawText: String { String(decoding: value, as: UTF8.self) }

    /// The value as TEXT (RFC 5545 3.3.11): backslash escapes decoded.
    package var text: String { TextEscaping.unescape(value) }

    /// Whether the name is `name`, ignoring the case of ASCII letters.
    package func isNamed(_ name: StaticString) -> Bool {
        storage.firstIndex(named: name, from: index, to: index + 1) != nil
    }

    /// Whether the name is `name`, ignoring the case of ASCII letters; for names that come from a request.
    package func hasName(_ name: String) -> Bool { ASCII.equalsIgnoringCase(nameBytes, bytes: name.utf8) }

    /// The bytes between name and colon: empty, or beginning with a semicolon.
    package var parameterBytes: ArraySlice<UInt8> {
        let record = record
        return slice(record.nameEnd, record.isWellFormed ? record.valueStart - 1 : record.textEnd)
    }

    private func slice(_ start: UInt32, _ end: UInt32) -> ArraySlice<UInt8> {
        guard start <= end else { return [] }
        return record.isFolded ? storage.unfolded[Int(start)..<Int(end)] : storage.source[Int(start)..<Int(end)]
    }
}
