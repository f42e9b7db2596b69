public import ConnectorKit

/// What is known of a snapshot before its first file.
public struct SnapshotDescription: Sendable {
    /// Where the files come from: type, origin and directory go into the header and decide which snapshot is the
    /// parent of a later one.
    public var identity: ConnectorIdentity
    public var name: String
    /// Free fields of the header, empty unless a user sets them.
    public var category = ""
    public var environment = ""
    public var perimeter = ""
    public var job = ""
    public var dataset = ""
    public var tags: [String]
    /// How the backup ran, in this order: ``contextKeys`` are those of the format. The command line must be free of
    /// secrets already.
    public var context: [(key: String, value: String)]
    /// When the backup began; nil for now.
    public var start: Timestamp?

    public init(
        identity: ConnectorIdentity, name: String = "default", tags: [String] = [],
        context: [(key: String, value: String)] = [], start: Timestamp? = nil
    ) {
        self.identity = identity
        self.name = name
        self.tags = tags
        self.context = context
        self.start = start
    }

    /// The keys of the context as the Go engine writes them, in its order (messages, section 9).
    public static let contextKeys = [
        "Hostname", "Username", "OperatingSystem", "MachineID", "CommandLine", "ProcessID", "Architecture", "NumCPU",
        "MaxProcs", "Client",
    ]

    /// The tag of a snapshot that lacks something its source had.
    public static let incompleteTag = "incomplete"
}

/// What became of a record.
public enum AddOutcome: Hashable, Sendable {
    /// It is in the snapshot.
    ///
    /// - Parameter size: bytes of content that were read; 0 for what has none.
    case stored(size: UInt64)
    /// It is in the snapshot, with the content that the parent has; nothing was read.
    case unchanged(size: UInt64)
    /// It is not in the snapshot; the reason is recorded there.
    case failed(reason: String)
}

/// What a writer did so far.
public struct WriterStatistics: Hashable, Sendable {
    /// Records that are in the snapshot, attributes not counted.
    public var entries: UInt64 = 0
    public var unchanged: UInt64 = 0
    public var failed: UInt64 = 0
    /// Bytes of content that were read.
    public var bytesRead: UInt64 = 0
    /// Blobs that the store did not have.
    public var newBlobs: UInt64 = 0
    /// Their bytes as stored, after compression and encryption.
    public var bytesStored: UInt64 = 0

    public init() {}
}
