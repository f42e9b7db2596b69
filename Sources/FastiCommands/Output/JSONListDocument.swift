/// One JSON document with a list of any length, written as the list comes: the reader sees the same document in one line
/// as from ``Output/json(_:)``, and a snapshot of a million files needs no memory for it.
struct JSONListDocument {
    private let output: Output
    private let head: JSONValue
    private let list: String
    private var isBegun = false
    private var isEmpty = true

    /// - Parameters:
    ///   - head: the members before the list.
    ///   - list: the name of the list.
    init(_ output: Output, head: JSONValue, list: String) {
        self.output = output
        self.head = head
        self.list = list
    }

    mutating func append(_ value: JSONValue) throws {
        try begin()
        try output.text((isEmpty ? [] : Self.bytes(",")) + value.encoded())
        isEmpty = false
    }

    /// Ends the list, and the document with the members of `tail`.
    mutating func finish(tail: JSONValue) throws {
        try begin()
        try output.text(Self.bytes("],") + tail.encoded().dropFirst() + Self.bytes("\n"))
        try output.flush()
    }

    /// After a failure: what was printed becomes a document, without the members at its end; the error and the exit
    /// status say that it is not all.
    func abandon() throws {
        guard isBegun else { return }
        try output.text(Self.bytes("]}\n"))
        try output.flush()
    }

    private mutating func begin() throws {
        guard !isBegun else { return }
        isBegun = true
        // Without the brace at the end.
        try output.text(head.encoded().dropLast() + Self.bytes(",\"\(list)\":["))
    }

    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
}
