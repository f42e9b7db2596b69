import ContentLines
import VCard

/// Many contact cards as one file: one card after the other, with the line ends that every program reads. The cards keep
/// their versions, since a converted card says less.
package struct ContactExport: Sendable {
    private var writer = ContentLineWriter()
    /// Cards taken in.
    package private(set) var count = 0
    private var seen: Set<String> = []
    package private(set) var duplicates = 0

    package init() {}

    /// Adds the cards of one object.
    ///
    /// - Returns: false when the object cannot be read.
    package mutating func add(_ bytes: [UInt8], fallbackUID: String) -> Bool {
        guard let object = try? VCardObject(parsing: bytes) else { return false }
        for card in object.cards {
            guard seen.insert(card.uid ?? fallbackUID).inserted else {
                duplicates += 1
                continue
            }
            count += 1
            writer.write("BEGIN", value: "VCARD".utf8)
            for line in card.properties { writer.copy(line) }
            writer.write("END", value: "VCARD".utf8)
        }
        return true
    }

    package func finish() -> [UInt8] { writer.bytes }
}
