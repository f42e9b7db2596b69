public import ConnectorKit

extension Snapshot {
    /// Reads everything that the snapshot refers to and goes on after damage.
    ///
    /// - Parameters:
    ///   - path: what to check, with everything below.
    ///   - fast: looks whether chunks are there instead of reading them.
    ///   - report: is told of each finding; the summary counts them.
    /// - Throws: when the store cannot be reached, the path does not exist, or the task is cancelled.
    public func check(
        from path: BytePath = .root, fast: Bool = false, report: (CheckFinding) async -> Void
    ) async throws -> CheckSummary {
        throw KlosetError(.unsupported, "Checking is not there yet.")
    }
}

extension Repository {
    /// Checks the whole store: every state, every packfile, every snapshot.
    ///
    /// - Parameter fast: leaves out reading packfiles and chunks.
    public func check(fast: Bool = false, report: (CheckFinding) async -> Void) async throws -> CheckSummary {
        throw KlosetError(.unsupported, "Checking is not there yet.")
    }
}
