import GitObjects

/// A change that waits for the writer. Everything that does not depend on the state of the collection is done already.
struct CollectionChange: Sendable {
    var kind: Kind
    var author: ChangeAuthor

    enum Kind: Sendable {
        case put(PreparedMember, if: WriteCondition)
        case delete(MemberName, if: WriteCondition)
        /// One commit; the second condition is about what has the new name.
        case rename(MemberName, to: MemberName, if: WriteCondition, replacing: WriteCondition)
        case properties(@Sendable (inout CollectionProperties) throws(CollectionStoreError) -> Void)
        /// The first commit of a new collection.
        case initialize(CollectionType, CollectionProperties)
        /// The branch goes on to a commit that was pushed and looked at.
        case advance(IncomingPush, to: ObjectID)
    }

    struct PreparedMember: Sendable {
        var name: MemberName
        var bytes: [UInt8]
        var id: ObjectID
    }

    enum Outcome: Sendable {
        case put(PutOutcome)
        case done
    }
}
