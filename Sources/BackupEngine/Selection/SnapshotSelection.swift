internal import ConnectorKit
package import KlosetFormat

/// Snapshots chosen by conditions and, where wanted, by how they spread over time.
package struct SnapshotSelection: Sendable {
    package var filter: SnapshotFilter
    /// What is kept of the snapshots that pass the filter; without any rule, all.
    package var retention: RetentionRules
    package var grouping: SnapshotGrouping?

    package init(
        filter: SnapshotFilter = SnapshotFilter(), retention: RetentionRules = RetentionRules(),
        grouping: SnapshotGrouping? = nil
    ) {
        self.filter = filter
        self.retention = retention
        self.grouping = grouping
    }

    /// Whether nothing is asked for, so that all snapshots are meant.
    package var isEmpty: Bool { filter.isEmpty && retention.isEmpty && grouping == nil }

    /// - Parameter headers: newest first; the order is kept.
    package func apply(_ headers: [SnapshotHeader], in calendar: LocalCalendar) -> [SnapshotHeader] {
        let matching = filter.apply(headers)
        guard !retention.isEmpty else { return matching }
        let judgement = RetentionJudgement(matching, retention, grouping, calendar)
        return matching.filter { judgement[$0.identifier].isKept }
    }

    /// What a removal of everything that the rules do not keep would do.
    ///
    /// - Parameter headers: all snapshots of the store, newest first.
    package func plan(_ headers: [SnapshotHeader], in calendar: LocalCalendar) -> RetentionPlan {
        RetentionPlan(self, all: headers, calendar)
    }
}
