package import ConnectorKit
package import Kloset
package import KlosetFormat

/// Copies snapshots from one repository into another, with the same identifiers.
package struct SyncJob: Sendable {
    private let transfer: SnapshotTransfer

    /// - Parameter usesCommonSnapshots: false for an archive that is being written.
    /// - Throws: ``KlosetError`` when both are the same repository.
    package init(
        from source: Repository, to destination: Repository, concurrency: Int = 4, usesCommonSnapshots: Bool = true
    ) throws {
        transfer = try SnapshotTransfer(
            from: source, to: destination, concurrency: concurrency, usesCommonSnapshots: usesCommonSnapshots)
    }

    /// What came of it.
    package struct Summary: Sendable {
        package struct Failure: Sendable {
            package let snapshot: MAC
            package let reason: String

            package init(snapshot: MAC, reason: String) {
                self.snapshot = snapshot
                self.reason = reason
            }
        }

        /// Snapshots that were copied, oldest first.
        package var copied: [MAC] = []
        /// How many were there already.
        package var present = 0
        /// Were removed from the destination before and were not copied again.
        package var removedThere: [MAC] = []
        package var failures: [Failure] = []
        package var entries: UInt64 = 0
        /// Bytes of content that were read.
        package var bytesRead: UInt64 = 0
        /// Bytes that the destination has grown by.
        package var bytesStored: UInt64 = 0
        package var duration = Duration.zero

        package init() {}

        package var isComplete: Bool { failures.isEmpty }

        package mutating func add(_ other: Summary) {
            copied += other.copied
            present += other.present
            removedThere += other.removedThere
            failures += other.failures
            entries += other.entries
            bytesRead += other.bytesRead
            bytesStored += other.bytesStored
            duration += other.duration
        }
    }

    /// Copies what the destination does not have, the oldest first, so that a sync that is cut off leaves no gap.
    ///
    /// - Parameters:
    ///   - headers: newest first.
    ///   - insists: whether these snapshots were named, so that one that cannot be copied is a failure even when it was
    ///     removed from the destination on purpose.
    /// - Throws: when going on makes no sense: a store is gone or locked, or the task was cancelled. Snapshots that were
    ///   copied until then stay.
    package func run(
        _ headers: [SnapshotHeader], insists: Bool, _ report: @escaping JobReport
    ) async throws -> Summary {
        let start = ContinuousClock.now
        var summary = Summary()
        try await transfer.destination.refresh()
        var missing: [SnapshotHeader] = []
        for header in headers.reversed() {
            switch transfer.presence(of: header.identifier) {
            case .present: summary.present += 1
            case .removed where !insists: summary.removedThere.append(header.identifier)
            case .removed, .missing: missing.append(header)
            }
        }
        report(.expected(records: missing.reduce(0) { $0 + $1.entryCount }))
        for header in missing {
            try Task.checkCancellation()
            try await copy(header, into: &summary, report)
        }
        summary.duration = .now - start
        return summary
    }

    private func copy(
        _ header: SnapshotHeader, into summary: inout Summary, _ report: @escaping JobReport
    ) async throws {
        let name = header.identifier.shortHex
        do {
            guard
                let copied = try await transfer.copy(header.identifier, report: { _, _ in report(.advanced(bytes: 0)) })
            else {
                summary.present += 1
                return
            }
            summary.copied.append(header.identifier)
            summary.entries += copied.entries
            summary.bytesRead += copied.bytesRead
            summary.bytesStored += copied.bytesStored
            report(.note("\(name): copied, \(copied.entries) entries"))
            if copied.droppedSignature {
                report(.warning("\(name): its signature is not valid for a copy and was left out."))
            }
        } catch let error as KlosetError where Self.concernsOne.contains(error.code) {
            summary.failures.append(Summary.Failure(snapshot: header.identifier, reason: error.description))
            report(.incomplete("\(name): not copied: \(error.description)"))
        }
    }

    /// Failures that say nothing about the next snapshot.
    private static let concernsOne: Set<KlosetError.Code> = [
        .corrupt, .notFound, .unsupported, .incompatible, .limitExceeded, .alreadyExists,
    ]
}
