package import ContentLines

/// One vCard (RFC 6350, RFC 2426, vCard 2.1) as a view into its source.
package struct VCard: Sendable {
    package let document: ContentDocument
    /// The lines between BEGIN and END.
    package let lines: Range<Int>

    /// The content lines, in source order, without BEGIN and END; those of cards inside (2.1 AGENT) included.
    package var properties: LazyMapSequence<Range<Int>, ContentLine> {
        lines.lazy.map { [document] in document[$0] }
    }

    /// The first property of that name, whatever its group.
    package func property(_ name: StaticString) -> ContentLine? { properties.first { $0.isNamed(name) } }

    package func properties(_ name: StaticString) -> [ContentLine] { properties.filter { $0.isNamed(name) } }

    /// All properties of that name, whatever their group; for names that come from a request.
    package func properties(named name: String) -> [ContentLine] { properties.filter { $0.hasName(name) } }

    /// VERSION as written: 2.1, 3.0, 4.0; nil when there is none.
    package var version: String? { property("VERSION").map { String($0.rawText.filter { $0 != " " }) } }

    /// nil when there is none or it is empty.
    package var uid: String? { property("UID").map(\.decodedText).flatMap { $0.isEmpty ? nil : $0 } }

    /// FN.
    package var formattedName: String? {
        property("FN").map(\.decodedText).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// KIND, or the X-ADDRESSBOOKSERVER-KIND of Apple's programs, in lower case: individual when none is given.
    package var kind: String {
        (property("KIND") ?? property("X-ADDRESSBOOKSERVER-KIND")).map { $0.text.lowercased() } ?? "individual"
    }

    /// What to call the card when speaking with people: FN, else the parts of N, ORG, or EMAIL.
    package var displayName: String? {
        if let name = formattedName { return name }
        if let name = property("N") {
            let parts = name.structuredText.map { $0.joined(separator: " ") }
            let order = [3, 1, 2, 0, 4].compactMap { parts.indices.contains($0) ? parts[$0] : nil }
            let joined = order.filter { !$0.isEmpty }.joined(separator: " ")
            if !joined.isEmpty { return joined }
        }
        let other = property("ORG")?.structuredText.first?.joined(separator: " ") ?? property("EMAIL")?.decodedText
        return other.flatMap { $0.isEmpty ? nil : $0 }
    }
}
