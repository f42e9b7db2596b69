extension ContentDocument {
    /// Calls `body` with the place, the name as written and the raw value of each line in order. Much faster than looking at
    /// ``ContentLine``s one by one, for readers of thousands of documents.
    package func forEachLine(
        _ body: (_ index: Int, _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) throws -> Void
    ) rethrows {
        try storage.source.withUnsafeBufferPointer { source in
            try storage.unfolded.withUnsafeBufferPointer { unfolded in
                for (index, line) in storage.lines.enumerated() {
                    let text = line.isFolded ? unfolded : source
                    try body(
                        index, text.part(line.nameStart, line.nameEnd), text.part(line.valueStart, line.textEnd))
                }
            }
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    fileprivate func part(_ start: UInt32, _ end: UInt32) -> Self {
        guard start < end, Int(end) <= count else { return Self(start: nil, count: 0) }
        return Self(rebasing: self[Int(start)..<Int(end)])
    }

    /// Whether these are the bytes of an upper-case word, ignoring the case of ASCII letters.
    package func isWord(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { word in indices.allSatisfy { ASCII.uppercased(self[$0]) == word[$0] } }
    }
}
