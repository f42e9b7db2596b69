/// What becomes of one snapshot, and why.
package enum RetentionVerdict: Hashable, Sendable {
    case kept(Keeper)
    case removed(RemovalReason)

    package var isKept: Bool {
        if case .kept = self { true } else { false }
    }

    /// Why a snapshot stays.
    package enum Keeper: Hashable, Sendable {
        /// - Parameters:
        ///   - rank: 1 for the newest snapshot of its period.
        ///   - cap: how many the rule keeps of a period; nil for all.
        case rule(RetentionPeriod, bucket: String, rank: Int, cap: Int?)
        /// - Parameter rank: 1 for the newest of its group.
        case newest(rank: Int, of: Int)
        /// There is no rule.
        case noRule
        /// No newer snapshot of the same source is there.
        case lastOfSource
        /// No newer complete snapshot of the same source is there.
        case lastCompleteOfSource
    }

    package enum RemovalReason: Hashable, Sendable {
        /// Newer ones fill its period.
        case exceedsCap
        /// No rule reaches back so far.
        case outsideWindows
        /// It lacks something, and a complete one of the same source followed.
        case supersededIncomplete
        /// Somebody asked for it.
        case requested
    }
}

extension RetentionVerdict: CustomStringConvertible {
    /// `match=day:2026-07-02 rank=1 cap=1` or `reason=exceeds per-bucket cap`.
    package var description: String {
        switch self {
        case .kept(.rule(let period, let bucket, let rank, let cap)):
            "match=\(period.rawValue):\(bucket) rank=\(rank)\(cap.map { " cap=\($0)" } ?? "")"
        case .kept(.newest(let rank, let count)): "match=newest rank=\(rank) cap=\(count)"
        case .kept(.noRule): "reason=no rule asks for less"
        case .kept(.lastOfSource): "reason=the last snapshot of its source"
        case .kept(.lastCompleteOfSource): "reason=the last complete snapshot of its source"
        case .removed(.exceedsCap): "reason=exceeds per-bucket cap"
        case .removed(.outsideWindows): "reason=outside retention windows"
        case .removed(.supersededIncomplete): "reason=incomplete, and a complete one followed"
        case .removed(.requested): "reason=asked for"
        }
    }
}
