internal import ConnectorKit
internal import KlosetFormat

/// What the rules say of each of some snapshots, before anything is protected.
///
/// Periods without snapshots do not count, so that a schedule that has stopped does not empty the store. Incomplete
/// snapshots never take the place of complete ones: one that a complete snapshot of its source followed is not kept; those
/// since the last complete one are judged among themselves, by the same rules.
struct RetentionJudgement {
    private var verdicts: [MAC: RetentionVerdict] = [:]

    /// - Parameter headers: newest first.
    init(
        _ headers: [SnapshotHeader], _ rules: RetentionRules, _ grouping: SnapshotGrouping?, _ calendar: LocalCalendar
    ) {
        var groups: [ByteString: [SnapshotHeader]] = [:]
        for header in headers {
            for group in grouping?.groups(of: header) ?? [""] { groups[group, default: []].append(header) }
        }
        var lastComplete: [SnapshotHeader.Importer?: Timestamp] = [:]
        for header in headers.reversed() where !header.isIncomplete {
            lastComplete[header.source?.importer] = header.timestamp
        }
        for group in groups.values {
            let (current, superseded) = group.filter(\.isIncomplete).partitioned { header in
                lastComplete[header.source?.importer].map { header.timestamp > $0 } ?? true
            }
            judge(group.filter { !$0.isIncomplete }, rules, calendar)
            judge(current, rules, calendar)
            for header in superseded { merge(header, rules.isEmpty ? .kept(.noRule) : .removed(.supersededIncomplete)) }
        }
    }

    subscript(identifier: MAC) -> RetentionVerdict { verdicts[identifier] ?? .kept(.noRule) }

    private mutating func judge(_ headers: [SnapshotHeader], _ rules: RetentionRules, _ calendar: LocalCalendar) {
        guard !rules.isEmpty else {
            for header in headers { merge(header, .kept(.noRule)) }
            return
        }
        if let newest = rules.newest {
            for (index, header) in headers.prefix(newest).enumerated() {
                merge(header, .kept(.newest(rank: index + 1, of: newest)))
            }
        }
        for period in rules.periods {
            apply(rules[period], period, to: headers, calendar)
        }
        for header in headers { merge(header, .removed(.outsideWindows)) }
    }

    private mutating func apply(
        _ rule: RetentionRules.Rule, _ period: RetentionPeriod, to headers: [SnapshotHeader], _ calendar: LocalCalendar
    ) {
        /// How many snapshots of each period came by; the snapshots come newest first, and so do the periods.
        var ranks: [String: Int] = [:]
        for header in headers {
            guard let bucket = period.bucket(of: header.timestamp, in: calendar) else { continue }
            if ranks[bucket] == nil, let keep = rule.keep, ranks.count >= keep { continue }
            let rank = ranks[bucket, default: 0] + 1
            ranks[bucket] = rank
            if let cap = rule.cap, rank > cap {
                merge(header, .removed(.exceedsCap))
            } else {
                merge(header, .kept(.rule(period, bucket: bucket, rank: rank, cap: rule.cap)))
            }
        }
    }

    /// The first rule that keeps a snapshot is told; else the most telling reason against it.
    private mutating func merge(_ header: SnapshotHeader, _ verdict: RetentionVerdict) {
        guard let known = verdicts[header.identifier] else {
            verdicts[header.identifier] = verdict
            return
        }
        if !known.isKept, verdict.isKept || known == .removed(.outsideWindows) {
            verdicts[header.identifier] = verdict
        }
    }
}

extension Array {
    fileprivate func partitioned(by belongs: (Element) -> Bool) -> (yes: [Element], no: [Element]) {
        (filter(belongs), filter { !belongs($0) })
    }
}
