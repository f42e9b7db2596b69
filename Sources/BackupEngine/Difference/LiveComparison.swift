package import ConnectorKit
package import Kloset
internal import KlosetFormat
internal import Synchronization

/// A snapshot compared with what its source has now. Only files whose descriptions differ and whose sizes are equal are
/// read.
package struct LiveComparison: Sendable {
    package let snapshot: Snapshot
    /// The part that is compared; in the source it lies at the same path.
    package let path: BytePath
    package let importer: any Importer

    package init(snapshot: Snapshot, path: BytePath, importer: any Importer) {
        self.snapshot = snapshot
        self.path = path
        self.importer = importer
    }

    /// Calls `body` for every path that differs: added and changed ones as the source lists them, removed ones after
    /// them. Paths are those of the snapshot.
    ///
    /// - Throws: when the source cannot be listed as a whole, or a part of the snapshot is damaged.
    package func run(
        _ body: @escaping @Sendable (BytePath, SnapshotDiff.Change, JobEntry.Kind) throws -> Void
    ) async throws -> SnapshotDiff.Summary {
        let state = Mutex(State())
        try await importer.importRecords(ConnectorContext()) { record in
            try Task.checkCancellation()
            guard case .entry = record.kind, record.path.isWithin(path) else { return }
            state.withLock { _ = $0.seen.insert(record.path.hashValue) }
            guard let info = record.info, record.error == nil else {
                throw ConnectorError(.inputOutput, "\(record.path): \(record.error ?? "cannot be read")")
            }
            guard let change = try await change(record, info) else {
                state.withLock { $0.summary.same += 1 }
                return
            }
            state.withLock { $0.summary.count(change) }
            try body(record.path, change, JobEntry.Kind(info.mode))
        }
        try await SnapshotTraversal(snapshot).run(from: path) { path, entry in
            guard !state.withLock({ $0.seen.contains(path.hashValue) }) else { return }
            state.withLock { $0.summary.count(.removed) }
            try body(path, .removed, JobEntry.Kind(entry.info.mode))
        } damaged: { _, error in
            throw error
        }
        return state.withLock { $0.summary }
    }

    private struct State: Sendable {
        var summary = SnapshotDiff.Summary()
        /// Hashes of the paths that came by.
        var seen: Set<Int> = []
    }

    private func change(_ record: Record, _ info: FileInfo) async throws -> SnapshotDiff.Change? {
        guard let entry = try await snapshot.entry(at: record.path) else { return .added }
        let old = entry.info
        let permissions: UInt32 = 0o777
        if (old.mode.rawValue | permissions) != (info.mode.rawValue | permissions) { return .changed }
        if info.mode.isSymbolicLink, (record.symbolicLinkTarget ?? []) != entry.symbolicLinkTarget { return .changed }
        if info.mode.isRegular {
            if info.size >= 0, info.size != old.size { return .changed }
            if info.modificationTime != old.modificationTime, try await !hasSameContent(record, entry) {
                return .changed
            }
        }
        let hasSameOwner = old.userID == info.userID && old.groupID == info.groupID
        return old.mode == info.mode && hasSameOwner ? nil : .metadata
    }

    private func hasSameContent(_ record: Record, _ entry: Entry) async throws -> Bool {
        let live: any ContentReader =
            if case .inline(let bytes) = record.content {
                InlineContentReader(bytes)
            } else {
                try await importer.open(record)
            }
        do {
            let stored = try snapshot.reader(for: entry)
            let isSame = try await Self.isSame(live, stored)
            await live.close()
            await stored.close()
            return isSame
        } catch {
            await live.close()
            throw error
        }
    }

    /// Compares two streams whose pieces need not have the same lengths.
    package static func isSame(_ a: any ContentReader, _ b: any ContentReader) async throws -> Bool {
        var left: ArraySlice<UInt8> = []
        var right: ArraySlice<UInt8> = []
        while true {
            if left.isEmpty { left = try await a.next()?[...] ?? [] }
            if right.isEmpty { right = try await b.next()?[...] ?? [] }
            if left.isEmpty || right.isEmpty { return left.isEmpty && right.isEmpty }
            let count = min(left.count, right.count)
            guard left.prefix(count).elementsEqual(right.prefix(count)) else { return false }
            left = left.dropFirst(count)
            right = right.dropFirst(count)
        }
    }
}
