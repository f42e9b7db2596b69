import ContentLines

/// The components of a document in the order of their BEGIN lines.
final class ComponentTree: Sendable {
    let document: ContentDocument
    let nodes: [Node]
    /// What is wrong with the tree though it could be read: sentences for a person.
    let defects: [String]

    struct Node: Sendable {
        let kind: ComponentKind
        /// Index of the BEGIN line.
        let begin: Int
        /// Index of the END line.
        var end: Int
        /// Index of the first node after this one and all inside it.
        var next: Int
    }

    /// - Throws: `.malformed` where BEGIN and END do not pair, `.limitExceeded` when nested deeper than `maximumDepth`.
    init(_ document: ContentDocument, maximumDepth: Int) throws(ICalendarError) {
        var nodes: [Node] = []
        var open: [Int] = []
        var defects: [String] = []
        var (begin, finish) = (
            document.firstIndex(named: "BEGIN", in: 0..<document.count),
            document.firstIndex(named: "END", in: 0..<document.count)
        )
        while begin != nil || finish != nil {
            let index = min(begin ?? .max, finish ?? .max)
            let line = document[index]
            if index == begin {
                begin = document.firstIndex(named: "BEGIN", in: (index + 1)..<document.count)
                guard open.count < maximumDepth else {
                    throw ICalendarError(.limitExceeded, "Line \(index + 1): components nested too deep.")
                }
                open.append(nodes.count)
                let kind = ComponentKind(bytes: Self.trimmed(line.value))
                nodes.append(Node(kind: kind, begin: index, end: index, next: nodes.count + 1))
            } else {
                finish = document.firstIndex(named: "END", in: (index + 1)..<document.count)
                guard let last = open.popLast() else {
                    throw ICalendarError(
                        .malformed, "Line \(index + 1): END:\(line.rawText) without a BEGIN before it.")
                }
                // Programs exist that misspell an END; it closes what is open all the same, and is told in `defects`.
                if ComponentKind(bytes: Self.trimmed(line.value)) != nodes[last].kind {
                    defects.append(
                        "Line \(index + 1): END:\(line.rawText) where END:\(nodes[last].kind.name) was expected.")
                }
                nodes[last].end = index
                nodes[last].next = nodes.count
            }
        }
        if let last = open.last {
            throw ICalendarError(
                .malformed,
                "The text ends inside \(nodes[last].kind.name) (BEGIN in line \(nodes[last].begin + 1)).",
                advice: "It seems to be cut off; send it again whole.")
        }
        self.document = document
        self.nodes = nodes
        self.defects = defects
    }

    private static func trimmed(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var value = value
        while let last = value.last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\t") { value.removeLast() }
        return value
    }
}
