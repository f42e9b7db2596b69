public import ConnectorKit

/// How a store is maintained.
public struct MaintenanceOptions: Hashable, Sendable {
    /// How long a packfile that nothing needs is kept before it is removed: a backup that ran without locks, or a
    /// reader, may rely on it that long.
    public var grace: Duration
    /// Only tells what would be done.
    public var isRehearsal: Bool
    /// Takes packfiles out of the states but leaves their files, for stores that cannot delete.
    public var keepsFiles: Bool

    /// Seven days, as the Go engine has it.
    public static let defaultGrace = Duration.seconds(7 * 24 * 3600)

    public init(grace: Duration = defaultGrace, isRehearsal: Bool = false, keepsFiles: Bool = false) {
        self.grace = grace
        self.isRehearsal = isRehearsal
        self.keepsFiles = keepsFiles
    }
}

/// What maintenance has done, and what it will do when; the same for what it would do.
public struct MaintenanceReport: Sendable {
    /// A packfile of the store.
    public struct Packfile: Hashable, Sendable {
        public var mac: MAC
        /// Bytes of the file; an estimate where the store does not tell sizes.
        public var size: UInt64
        /// When it may be removed, for one that is scheduled.
        public var due: Timestamp?
    }

    /// Snapshots that were looked through.
    public var snapshots = 0
    /// Packfiles that they need.
    public var used: [Packfile] = []
    /// No snapshot needs them any more: they are scheduled for removal from now on.
    public var scheduled: [Packfile] = []
    /// Were scheduled, are needed again, and stay.
    public var rescued: [Packfile] = []
    /// Were scheduled earlier and are not due yet.
    public var waiting: [Packfile] = []
    /// Were due and have been removed.
    public var removed: [Packfile] = []
    /// No state lists them, and they are younger than the grace period: a backup may be writing them.
    public var young: [Packfile] = []
    /// No state lists them, and they are damaged, so that nobody can tell what they are. They are left alone.
    public var damaged: [(packfile: Packfile, reason: String)] = []
    /// Temporary files of killed processes that have been removed.
    public var leftovers: [(path: String, size: UInt64)] = []
    /// Locks of processes that are gone.
    public var staleLocks = 0

    public var freedBytes: UInt64 {
        removed.totalSize.addingReportingOverflow(leftovers.reduce(0) { $0 &+ $1.size }).partialValue
    }

    public init() {}
}

extension [MaintenanceReport.Packfile] {
    public var totalSize: UInt64 { reduce(0) { $0 &+ $1.size } }
}

/// How far maintenance is.
public enum MaintenanceEvent: Sendable {
    /// How many snapshots there are to look through.
    case begins(snapshots: Int)
    case walked(snapshot: MAC)
    /// The space of a packfile is free now.
    case removed(MaintenanceReport.Packfile)
    case warning(String)
}
