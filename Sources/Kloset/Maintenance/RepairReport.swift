public import ConnectorKit

/// What is wrong with the states of a store, and what repairing them brings back.
public struct RepairReport: Sendable {
    /// A state that is written anew from the indexes of packfiles.
    public struct RebuiltState: Sendable {
        /// Its name, which is that of the one that is gone where that is known.
        public var state: MAC
        public var packfiles: [MAC]
        /// Blobs that become known again.
        public var blobs: Int
        /// Snapshots among them.
        public var snapshots: [MAC]
    }

    /// State files that cannot be read, and why.
    public var unreadable: [(state: MAC, reason: String)] = []
    /// States that others were built on or name, and that are not in the store.
    public var missing: [MAC] = []
    public var rebuilt: [RebuiltState] = []
    /// Unreadable and missing states that an empty one replaces, because everything in the store is listed without
    /// them.
    public var replaced: [MAC] = []
    /// Packfiles that are listed but not in the store: what was in them is lost.
    public var lostPackfiles: [MAC] = []
    /// Packfiles that are damaged and could not be listed.
    public var damagedPackfiles: [(packfile: MAC, reason: String)] = []

    /// Whether there is nothing to be done and nothing is lost.
    public var isSound: Bool {
        unreadable.isEmpty && missing.isEmpty && rebuilt.isEmpty && lostPackfiles.isEmpty && damagedPackfiles.isEmpty
    }

    /// Whether something stays wrong even after it was applied.
    public var leavesDamage: Bool {
        !lostPackfiles.isEmpty || !damagedPackfiles.isEmpty
            || (unreadable.map(\.state) + missing).contains { !isReplaced($0) }
    }

    private func isReplaced(_ state: MAC) -> Bool {
        replaced.contains(state) || rebuilt.contains { $0.state == state }
    }

    public init() {}
}
