public import ConnectorKit
public import KlosetFormat

/// Makes one snapshot: takes records in any order, from several tasks at once if they like, and publishes the
/// snapshot as a whole with ``commit(incomplete:)``. Until then nobody sees it.
public actor SnapshotWriter {
    public let identifier: MAC

    init(_ repository: Repository, _ description: SnapshotDescription, parent: Snapshot?) async throws {
        identifier = .random()
        throw KlosetError(.unsupported, "Writing is not there yet.")
    }

    /// Takes one record and, when it has content, reads and stores that.
    ///
    /// - Parameter open: opens the content of a record with `.onDemand`; not called when the parent has the same
    ///   file. The reader is closed here.
    /// - Throws: when the snapshot as a whole cannot be made any more: the store failed, or the task is cancelled.
    ///   A file that cannot be read is an outcome, not an error.
    public func add(
        _ record: Record, open: @Sendable () async throws -> any ContentReader
    ) async throws -> AddOutcome {
        throw KlosetError(.unsupported, "Writing is not there yet.")
    }

    public var statistics: WriterStatistics { WriterStatistics() }

    /// Publishes the snapshot and gives the lock back.
    ///
    /// - Parameter incomplete: why the snapshot lacks something that its source has; it then carries the tag
    ///   ``SnapshotDescription/incompleteTag``, and the reason is recorded as an error of its root.
    public func commit(incomplete: String? = nil) async throws -> SnapshotHeader {
        throw KlosetError(.unsupported, "Writing is not there yet.")
    }

    /// Gives up: no snapshot appears, and the lock is given back. Does nothing after ``commit(incomplete:)``.
    public func abort() async {}
}

extension Repository {
    /// Begins a snapshot. Takes a shared lock, which stays until the writer commits or aborts.
    ///
    /// - Parameter parent: an earlier snapshot of the same source; files that it has with equal metadata are not
    ///   read again. nil reads everything.
    /// - Throws: ``KlosetError/Code/locked`` when another process has the store for itself; `ConnectorError` with
    ///   `unsupported` when the store is read-only.
    public func writer(_ description: SnapshotDescription, parent: Snapshot?) async throws -> SnapshotWriter {
        try await SnapshotWriter(self, description, parent: parent)
    }
}
