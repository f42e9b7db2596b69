import GitObjects

/// A change to a journaled collection, with everything done that needs no order: what can be slow happens before.
enum PreparedChange: Sendable {
    case put(PreparedPut)
    case delete(MemberName, if: WriteCondition, title: String, author: ChangeAuthor)
    /// Goes to git at once: what is rare, or touches the properties.
    case direct(CollectionChange)

    struct PreparedPut: Sendable {
        var member: CollectionChange.PreparedMember
        var condition: WriteCondition
        var author: ChangeAuthor
        /// The content was checked for these; if they have changed since, it is checked again.
        var rules: Rules
        var facts: Result<MemberFacts, CollectionStoreError>
    }

    /// What a collection asks of content.
    struct Rules: Hashable, Sendable {
        var type: CollectionType
        var components: [String]?

        init(_ view: IndexedView) {
            type = view.type
            components = view.properties.supportedComponents
        }

        func check(_ member: CollectionChange.PreparedMember) -> Result<MemberFacts, CollectionStoreError> {
            do throws(CollectionStoreError) {
                return .success(
                    try ContentRules.check(member.bytes, named: member.name, for: type, components: components))
            } catch {
                return .failure(error)
            }
        }
    }

    init(_ change: CollectionChange, _ view: IndexedView, _ source: MemberSource) async {
        switch change.kind {
        case .put(let member, let condition):
            let rules = Rules(view)
            self = .put(
                PreparedPut(
                    member: member, condition: condition, author: change.author, rules: rules,
                    facts: rules.check(member)))
        case .delete(let name, _) where view.properties.memberProperties[name] != nil:
            // Its properties go with it, and are kept in a file of the collection.
            self = .direct(change)
        case .delete(let name, let condition):
            // The title needs the summary, which only the content has; who cannot read it still may remove it.
            var facts = MemberFacts()
            if let record = view.table[name], let bytes = try? await source.content(of: record.id) {
                facts = ContentRules.facts(of: bytes, named: name)
            }
            self = .delete(
                name, if: condition, title: ChangeMessage.deleteTitle(name, facts: facts), author: change.author)
        case .rename, .properties, .initialize, .advance: self = .direct(change)
        }
    }
}
