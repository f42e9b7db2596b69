import ContentLines
import VCard
import WebDAV

/// Decides whether a card passes a filter (RFC 6352, 10.5).
enum AddressbookFilterEvaluator {
    static func matches(_ card: VCard, _ filter: AddressbookFilter) -> Bool {
        guard !filter.properties.isEmpty else { return true }
        return switch filter.test {
        case .anyOf: filter.properties.contains { matches(card, $0) }
        case .allOf: filter.properties.allSatisfy { matches(card, $0) }
        }
    }

    private static func matches(_ card: VCard, _ filter: AddressbookFilter.Property) -> Bool {
        let lines = card.properties(named: filter.name).filter { line in
            filter.group.map { $0 == line.group?.uppercased() } ?? true
        }
        if filter.isNotDefined { return lines.isEmpty }
        guard !filter.textMatches.isEmpty || !filter.parameters.isEmpty else { return !lines.isEmpty }
        // RFC 6352, 10.5.4: a negated match holds when no value of the property matches; the others, when one does.
        let texts = filter.textMatches.map { match in
            match.isNegated
                ? !lines.isEmpty && lines.allSatisfy { match.matches($0.decodedText) }
                : lines.contains { match.matches($0.decodedText) }
        }
        let parameters = filter.parameters.map { parameter in lines.contains { matches($0, parameter) } }
        return switch filter.test {
        case .anyOf: (texts + parameters).contains(true)
        case .allOf: !(texts + parameters).contains(false)
        }
    }

    private static func matches(_ line: ContentLine, _ filter: AddressbookFilter.Parameter) -> Bool {
        // vCard 2.1 writes types without a name: TEL;HOME.
        let values = filter.name == "TYPE" ? line.types : line.parameterValues(named: filter.name)
        let isThere = !values.isEmpty || line.hasParameter(named: filter.name)
        if filter.isNotDefined { return !isThere }
        guard isThere else { return false }
        guard let match = filter.textMatch else { return true }
        return values.contains { match.matches($0) }
    }
}
