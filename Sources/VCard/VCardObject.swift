package import ContentLines

/// Parsed vCard data: one card, as an address object resource (RFC 6352 5.1) has it, or many, as exports have them.
///
/// Parsing asks only for BEGIN:VCARD and END:VCARD to pair. `source` is what was given.
package struct VCardObject: Sendable {
    package let document: ContentDocument
    package let cards: [VCard]

    /// - Throws: `.malformed` or `.limitExceeded`.
    package init(parsing source: [UInt8], maximumSize: Int = 256 << 20) throws(VCardError) {
        guard source.count <= maximumSize else {
            throw VCardError(.limitExceeded, "The card has \(source.count) bytes; at most \(maximumSize) are read.")
        }
        let document: ContentDocument
        do throws(ContentError) {
            document = try ContentDocument(source, groups: true)
        } catch {
            throw VCardError(.limitExceeded, error.reason)
        }
        self.document = document
        cards = try Self.cards(in: document)
        guard !cards.isEmpty else {
            throw VCardError(.malformed, "There is no card in it.", advice: "A vCard begins with BEGIN:VCARD.")
        }
    }

    /// The bytes as they came.
    package var source: [UInt8] { document.source }

    /// UID of the first card.
    package var uid: String? { cards.first?.uid }

    /// What to call the first card when speaking with people.
    package var displayName: String? { cards.first?.displayName }

    private static func cards(in document: ContentDocument) throws(VCardError) -> [VCard] {
        var cards: [VCard] = []
        // vCard 2.1 lets AGENT hold a whole card; it belongs to the outer one.
        var open: [Int] = []
        for (index, line) in document.enumerated() {
            if line.isNamed("BEGIN"), line.isCardMark {
                guard open.count < 16 else {
                    throw VCardError(.limitExceeded, "Line \(index + 1): cards nested too deep.")
                }
                open.append(index)
            } else if line.isNamed("END"), line.isCardMark {
                guard let begin = open.popLast() else {
                    throw VCardError(.malformed, "Line \(index + 1): END:VCARD without a BEGIN before it.")
                }
                if open.isEmpty { cards.append(VCard(document: document, lines: (begin + 1)..<index)) }
            }
        }
        if let begin = open.last {
            throw VCardError(
                .malformed,
                "The text ends inside the card that begins in line \(begin + 1).",
                advice: "It seems to be cut off; send it again whole.")
        }
        return cards
    }
}

extension ContentLine {
    fileprivate var isCardMark: Bool {
        let name = value.drop { $0 == 0x20 }.prefix { $0 != 0x20 && $0 != 0x09 }
        return ASCII.equalsIgnoringCase(name, "VCARD")
    }
}
