/// What a connector is connected to. The three names together decide which earlier snapshot is the parent of
/// the next one, so they must not change between runs and must hold no credentials.
public struct ConnectorIdentity: Hashable, Sendable {
    /// The family of the source, e.g. `fs` or `dav`.
    public var type: String
    /// The host, server or account.
    public var origin: String
    /// Everything lies at or below this path.
    public var root: BytePath
    public var flags: LocationFlags

    public init(type: String, origin: String, root: BytePath, flags: LocationFlags = []) {
        self.type = type
        self.origin = origin
        self.root = root
        self.flags = flags
    }
}

/// What a host has to know about a kind of location (plug-in protocol, section 3).
public struct LocationFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The location is a local path, which the host makes absolute.
    public static let localFileSystem = LocationFlags(rawValue: 1)
    /// The location is one file, such as an archive, rather than a tree.
    public static let file = LocationFlags(rawValue: 2)
    /// Readable only once and in order.
    public static let stream = LocationFlags(rawValue: 4)
    /// The connector wants the outcome of every record.
    public static let needsAcknowledgement = LocationFlags(rawValue: 8)
    /// Must not share a snapshot with another source.
    public static let noMerge = LocationFlags(rawValue: 16)
    /// The exporter can store extended attributes.
    public static let exportsExtendedAttributes = LocationFlags(rawValue: 32)
}

/// A snapshot as a connector may look at it: to compare with, or to read side files from.
public protocol SnapshotTree: Sendable {
    /// The content of the regular file at `path`, or nil when there is none.
    ///
    /// - Parameter limit: the most bytes to return; a longer file is an error.
    func content(at path: BytePath, limit: Int) async throws -> [UInt8]?

    /// The names of the direct children of a directory, sorted bytewise; empty when there is no such directory.
    func names(in directory: BytePath) async throws -> [[UInt8]]

    /// How many direct children a directory has; 0 when there is no such directory. May cost less than their names.
    func childCount(in directory: BytePath) async throws -> Int
}

extension SnapshotTree {
    public func childCount(in directory: BytePath) async throws -> Int { try await names(in: directory).count }
}

/// What a connector is told about the job it serves.
public struct ConnectorContext: Sendable {
    /// The newest earlier snapshot of the same source; nil for a first backup. Only importers look at it.
    public var previous: (any SnapshotTree)?
    /// The most requests, files or connections to keep busy at once; at least 1.
    public var concurrency: Int
    /// What the user wants left out: an importer need not list, open or look into it. The host leaves out again what
    /// comes nevertheless, so that only the work is saved.
    public var excludes: @Sendable (_ path: BytePath, _ isDirectory: Bool) -> Bool = { _, _ in false }
    /// Whether ``excludes`` can ever say yes.
    public var hasExclusions = true
    /// Nothing is written: what would be is counted. Only exporters that are a ``RehearsingExporter`` look at it.
    public var isRehearsal = false
    /// Single objects were chosen, not whole collections. Only exporters look at it.
    public var isSelection = false
    /// Words for the person who watches: one short sentence each, no secrets. Called often; must not block.
    public var report: @Sendable (ConnectorEvent) -> Void

    public init(
        previous: (any SnapshotTree)? = nil, concurrency: Int = 2,
        report: @escaping @Sendable (ConnectorEvent) -> Void = { _ in }
    ) {
        self.previous = previous
        self.concurrency = max(1, concurrency)
        self.report = report
    }
}

/// Something worth telling while a connector works.
public enum ConnectorEvent: Hashable, Sendable {
    /// How many records are expected, when the connector learns it.
    case expected(records: Int)
    case note(String)
    /// Something was left out or done differently; the result stays complete.
    case warning(String)
    /// Something is missing from the result, which is therefore incomplete.
    case incomplete(String)
}

/// A source of a backup.
public protocol Importer: Sendable {
    var identity: ConnectorIdentity { get }

    /// Checks address and credentials without listing everything.
    ///
    /// - Returns: what was found, in one line for a person ("2 calendars, 1 address book of anna@example.org").
    func ping() async throws -> String

    /// Walks the source and hands over each record; directories before what lies in them is welcome, not required.
    /// `emit` suspends while the host is busy, which is the back-pressure.
    ///
    /// - Throws: when the walk as a whole failed: the snapshot must not be taken for a complete one. A single
    ///   unreadable path is a record with an error instead.
    func importRecords(_ context: ConnectorContext, emit: @Sendable (Record) async throws -> Void) async throws

    /// Opens the content of a record with ``Record/Content/onDemand``, at most once for each record, and
    /// possibly from several tasks at once.
    func open(_ record: Record) async throws -> any ContentReader

    func close() async
}

/// An importer that may know, without walking it, that its source is as the previous snapshot has it.
public protocol ComparingImporter: Importer {
    /// Whether a walk now would give exactly what is in `context.previous`: the same records with the same metadata and
    /// contents, nothing more, nothing less, and nothing to report as missing. False when that is not certain without
    /// work; ``Importer/importRecords(_:emit:)`` follows then.
    ///
    /// - Throws: when the walk would fail as a whole.
    func isAsBefore(_ context: ConnectorContext) async throws -> Bool
}

/// A destination of a restore.
public protocol Exporter: Sendable {
    var identity: ConnectorIdentity { get }

    /// Checks address, credentials and the right to write; see ``Importer/ping()``.
    func ping() async throws -> String

    /// Called once before the first record, with the tree below the chosen path: paths in `tree` are the paths
    /// that the records will have.
    func begin(_ tree: any SnapshotTree, _ context: ConnectorContext) async throws

    /// Creates one record. Records come one after the other, each directory before its contents, the children of
    /// a directory in bytewise order. `content` is present for regular files and attributes; the exporter need
    /// not read it to the end, and does not close it.
    ///
    /// - Throws: when this record could not be restored. The restore goes on and is reported as incomplete.
    func export(_ record: Record, content: (any ContentReader)?) async throws

    /// Called once after the last record: everything must be written and durable when it returns. Returns the
    /// records that failed after ``export(_:content:)`` had accepted them.
    func finish() async throws -> [ExportFailure]

    func close() async
}

/// A record that could not be restored, and why.
public struct ExportFailure: Hashable, Sendable {
    public var path: BytePath
    public var reason: String

    public init(path: BytePath, reason: String) {
        self.path = path
        self.reason = reason
    }
}
