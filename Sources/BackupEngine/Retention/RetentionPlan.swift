package import ConnectorKit
package import KlosetFormat

/// What a removal would do: a verdict on every snapshot that it is about.
package struct RetentionPlan: Sendable {
    package struct Item: Sendable {
        package let header: SnapshotHeader
        package let verdict: RetentionVerdict
    }

    /// Newest first. Snapshots that pass no filter are not here: they are neither kept nor removed.
    package let items: [Item]

    package var kept: [SnapshotHeader] { items.filter { $0.verdict.isKept }.map(\.header) }
    package var removed: [SnapshotHeader] { items.filter { !$0.verdict.isKept }.map(\.header) }

    /// The last snapshot of a source, and its last complete one, are kept whatever the rules say.
    ///
    /// - Parameter all: all snapshots of the store, newest first; only those in the selection get a verdict.
    init(_ selection: SnapshotSelection, all: [SnapshotHeader], _ calendar: LocalCalendar) {
        let chosen = selection.filter.apply(all)
        let judgement = RetentionJudgement(chosen, selection.retention, selection.grouping, calendar)
        let protected = Self.protected(all)
        items = chosen.map { header in
            let verdict = judgement[header.identifier]
            if !verdict.isKept, let keeper = protected[header.identifier] {
                return Item(header: header, verdict: .kept(keeper))
            }
            return Item(header: header, verdict: verdict)
        }
    }

    /// A removal of snapshots that somebody asked for.
    ///
    /// - Parameters:
    ///   - requested: of those in `all`, newest first.
    ///   - all: all snapshots of the store, newest first.
    ///   - sparesLast: whether the last snapshots of a source stay nevertheless.
    package init(removing requested: [SnapshotHeader], of all: [SnapshotHeader], sparesLast: Bool) {
        let protected = sparesLast ? Self.protected(all) : [:]
        items = requested.map { header in
            Item(header: header, verdict: protected[header.identifier].map { .kept($0) } ?? .removed(.requested))
        }
    }

    private init(items: [Item]) { self.items = items }

    /// The verdicts on some of the snapshots; the others stay out of it.
    package func only(_ identifiers: some Sequence<MAC>) -> RetentionPlan {
        let wanted = Set(identifiers)
        return RetentionPlan(items: items.filter { wanted.contains($0.header.identifier) })
    }

    /// The snapshots that no rule may remove.
    package static func protected(_ all: [SnapshotHeader]) -> [MAC: RetentionVerdict.Keeper] {
        var result: [MAC: RetentionVerdict.Keeper] = [:]
        var seen: Set<SnapshotHeader.Importer> = []
        var seenComplete: Set<SnapshotHeader.Importer> = []
        for header in all {
            guard let importer = header.source?.importer else { continue }
            if !header.isIncomplete, seenComplete.insert(importer).inserted {
                result[header.identifier] = .lastCompleteOfSource
            }
            if seen.insert(importer).inserted { result[header.identifier] = .lastOfSource }
        }
        return result
    }
}
