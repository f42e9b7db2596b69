import GitObjects

/// A change that the journal holds and git does not have yet. Everything was checked when it was accepted.
struct PendingChange: Sendable {
    /// Its place in the journal; grows with every change to any collection.
    var sequence: UInt64
    /// The part of the journal it is written in; 0 until it is.
    var segment: UInt64 = 0
    var name: MemberName
    /// What the member is now; nil when it is removed.
    var content: Content?
    /// The first line of the commit.
    var title: String
    var author: ChangeAuthor
    /// Seconds since 1970.
    var time: Int64

    struct Content: Sendable {
        var id: ObjectID
        var bytes: [UInt8]
    }
}

extension Sequence<PendingChange> {
    /// Of all contents together, in bytes.
    var contentSize: Int { reduce(0) { $0 + ($1.content?.bytes.count ?? 0) } }
}
