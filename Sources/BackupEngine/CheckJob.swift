package import ConnectorKit
package import Kloset
internal import KlosetFormat

/// Checks a store, or parts of it, and goes on after damage.
package struct CheckJob: Sendable {
    package let repository: Repository
    /// Whether to leave out reading contents: only structure and presence are checked.
    package let isFast: Bool

    package init(repository: Repository, isFast: Bool = false) {
        self.repository = repository
        self.isFast = isFast
    }

    /// What came of one or more checks.
    package struct Summary: Sendable {
        package private(set) var counts = CheckSummary()
        /// The first findings, in the order in which they were made; all are counted.
        package private(set) var findings: [CheckFinding] = []

        private static let limit = 10_000

        package init() {}

        package var isSound: Bool { counts.isSound }

        fileprivate mutating func append(_ finding: CheckFinding) {
            if findings.count < Self.limit { findings.append(finding) }
        }

        fileprivate mutating func add(_ other: CheckSummary) {
            counts.snapshots += other.snapshots
            counts.entries += other.entries
            counts.objects += other.objects
            counts.bytes += other.bytes
            counts.packfiles += other.packfiles
            counts.states += other.states
            counts.damages += other.damages
            counts.notes += other.notes
        }
    }

    /// Checks the whole store, also what belongs to no snapshot.
    ///
    /// - Throws: when checking is impossible, not when something is damaged.
    package func checkStore(_ report: @escaping JobReport) async throws -> Summary {
        var summary = Summary()
        report(.expected(records: try await repository.snapshots().headers.reduce(0) { $0 + $1.entryCount }))
        let advance: @Sendable (UInt64) -> Void = { report(.advanced(bytes: $0)) }
        let counts = try await repository.check(fast: isFast, progress: advance) { finding in
            summary.append(finding)
            report(.finding(finding))
        }
        summary.add(counts)
        return summary
    }

    /// Checks everything at or below a path of a snapshot.
    ///
    /// - Throws: when checking is impossible, not when something is damaged; ``KlosetError`` with `.notFound` when
    ///   there is nothing at the path.
    package func check(
        _ snapshot: Snapshot, from path: BytePath = .root, into summary: inout Summary, _ report: @escaping JobReport
    ) async throws {
        let advance: @Sendable (UInt64) -> Void = { report(.advanced(bytes: $0)) }
        let counts = try await snapshot.check(from: path, fast: isFast, progress: advance) { finding in
            summary.append(finding)
            report(.finding(finding))
        }
        summary.add(counts)
    }
}
