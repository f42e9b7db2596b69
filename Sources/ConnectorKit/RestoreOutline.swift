/// What a restore did with one collection, or would do.
public struct RestoreOutline: Hashable, Sendable {
    /// In the snapshot.
    public var directory: BytePath
    /// What people call it.
    public var title: String
    /// Where it goes, as the destination names places.
    public var place: String
    /// Whether the restore makes the collection.
    public var isNew = false
    public var added = 0
    public var replaced = 0
    /// There already, as in the snapshot.
    public var unchanged = 0
    /// There with other contents, and left alone.
    public var kept = 0
    /// Not in the snapshot, and taken away.
    public var removed = 0
    public var failed = 0
    /// What is not as it was in the snapshot, one sentence each.
    public var differences: [String] = []

    public init(directory: BytePath, title: String, place: String) {
        self.directory = directory
        self.title = title
        self.place = place
    }
}

/// A destination that counts by collection, and can say what it would do without doing it: after
/// ``Exporter/begin(_:_:)`` with ``ConnectorContext/isRehearsal`` it changes nothing.
public protocol RehearsingExporter: Exporter {
    /// Whether the options ask for the removal of what the snapshot does not have.
    var removesOthers: Bool { get }

    /// One for each collection, in the order of their directories; called after ``Exporter/finish()``.
    func outlines() async -> [RestoreOutline]
}
