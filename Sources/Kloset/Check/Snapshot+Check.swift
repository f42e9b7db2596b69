public import ConnectorKit

extension Snapshot {
    /// Reads everything that the snapshot refers to and goes on after damage.
    ///
    /// - Parameters:
    ///   - path: what to check, with everything below.
    ///   - fast: looks whether chunks are there instead of reading them.
    ///   - progress: is told of each entry that was checked, with the bytes of content that were read for it.
    ///   - report: is told of each finding; the summary counts them.
    /// - Throws: when the store cannot be reached or the task is cancelled.
    public func check(
        from path: BytePath = .root, fast: Bool = false, progress: @escaping @Sendable (UInt64) -> Void = { _ in },
        report: (CheckFinding) async -> Void
    ) async throws -> CheckSummary {
        try await withoutActuallyEscaping(report) { report in
            var session = CheckSession(
                repository, fast: fast, severalSnapshots: false, progress: progress, report: report)
            try await SnapshotCheck(self).run(from: path, &session)
            return session.summary
        }
    }
}

extension Repository {
    /// Checks the whole store: every state, every packfile, every snapshot.
    ///
    /// - Parameters:
    ///   - fast: leaves out reading packfiles and chunks.
    ///   - progress: is told of each entry that was checked, with the bytes of content that were read for it.
    ///   - report: is told of each finding; the summary counts them.
    public func check(
        fast: Bool = false, progress: @escaping @Sendable (UInt64) -> Void = { _ in },
        report: (CheckFinding) async -> Void
    ) async throws -> CheckSummary {
        try await refresh()
        try await rereadStates()
        return try await withoutActuallyEscaping(report) { report in
            let listing = try await snapshots()
            var session = CheckSession(
                self, fast: fast, severalSnapshots: listing.headers.count > 1, progress: progress, report: report)
            try await StoreCheck(self).run(&session)
            for (snapshot, error) in listing.unreadable {
                await session.damage(snapshot, nil, nil, error.reason)
            }
            for header in listing.headers {
                try await SnapshotCheck(Snapshot(self, header)).run(from: .root, &session)
            }
            return session.summary
        }
    }
}
