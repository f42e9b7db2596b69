import BackupEngine
import ConnectorKit
import Foundation
import KlosetFormat
import SeededNumbers
import Testing

@Suite("Retention")
struct RetentionTests {
    /// Snapshots of one source, newest first, by days before 2026-07-02 12:00 UTC.
    private func headers(_ daysAgo: [Double], tags: [ByteString] = [], origin: ByteString = "here") -> [SnapshotHeader]
    {
        daysAgo.map { header(secondsAgo: Int64($0 * 86_400), tags: tags, origin: origin) }
    }

    private func header(
        secondsAgo: Int64, tags: [ByteString] = [], origin: ByteString = "here", number: UInt8 = 0
    ) -> SnapshotHeader {
        var bytes = [UInt8](repeating: number, count: 32)
        withUnsafeBytes(of: secondsAgo.bigEndian) { for (index, byte) in $0.enumerated() { bytes[index] = byte } }
        return SnapshotHeader(
            identifier: MAC(bytes) ?? .zero, timestamp: Timestamp(seconds: 1_782_993_600 - secondsAgo), tags: tags,
            sources: [
                .init(
                    importer: .init(type: "fs", origin: origin, directory: "/"),
                    root: .init(entries: .zero, attributes: .zero, errors: .zero), indexes: [], summary: Summary())
            ])
    }

    private func kept(_ selection: SnapshotSelection, _ headers: [SnapshotHeader]) -> [SnapshotHeader] {
        selection.plan(headers, in: .utc).kept
    }

    private func selection(
        _ rules: [RetentionPeriod: (Int?, Int?)], newest: Int? = nil, by grouping: SnapshotGrouping? = nil
    ) -> SnapshotSelection {
        var retention = RetentionRules()
        retention.newest = newest
        for (period, (keep, cap)) in rules { retention[period] = .init(keep: keep, cap: cap) }
        return SnapshotSelection(retention: retention, grouping: grouping)
    }

    @Test("A schedule that stopped long ago loses nothing to the calendar")
    func stopped() {
        let old = headers([400, 401, 402, 403])
        #expect(kept(selection([.day: (3, nil)]), old) == Array(old.prefix(3)))
        #expect(kept(selection([.day: (7, 1)]), old) == old)
    }

    @Test("keep, cap, and both")
    func keepAndCap() {
        let all = headers([0, 0.1, 0.2, 1, 1.1, 2])
        #expect(kept(selection([.day: (2, nil)]), all) == Array(all.prefix(5)))
        #expect(kept(selection([.day: (nil, 1)]), all) == [all[0], all[3], all[5]])
        #expect(kept(selection([.day: (2, 1)]), all) == [all[0], all[3]])
        #expect(kept(selection([:], newest: 4), all) == Array(all.prefix(4)))
        #expect(kept(selection([.day: (1, 1), .week: (nil, 1)]), all) == [all[0]])
        #expect(kept(selection([:]), all) == all, "no rule keeps everything")
    }

    @Test("The reasons are told as plakar tells them")
    func reasons() {
        let plan = selection([.day: (1, 1)]).plan(headers([0, 0.1, 3]), in: .utc)
        #expect(
            plan.items.map { "\($0.verdict)" } == [
                "match=day:2026-07-02 rank=1 cap=1", "reason=exceeds per-bucket cap",
                "reason=outside retention windows",
            ])
    }

    @Test("Weekdays count only their own day, in local time")
    func weekdays() {
        // 2026-07-02 is a Thursday, ten days before is a Monday; 23:30 UTC of a Sunday is Monday further east.
        let all = headers([0, 1, 2, 3 - 11.5 / 24 + 1, 10])
        #expect(kept(selection([.monday: (5, nil)]), all) == [all[0], all[4]])
        let east = LocalCalendar { _ in 7200 }
        let plan = selection([.monday: (5, nil)]).plan(all, in: east)
        #expect(plan.items.filter { $0.verdict.isKept }.map(\.header) == [all[0], all[3], all[4]])
    }

    @Test("Each group by itself; a snapshot of two groups survives if one keeps it")
    func groups() {
        let a = headers([0, 1], tags: ["a"])
        let b = headers([2, 3], tags: ["a", "b"])
        let kept = kept(selection([:], newest: 1, by: .tag), a + b)
        #expect(kept == [a[0], b[0]])
    }

    @Test("The last of each source and the last complete one always stay")
    func last() {
        let mine = headers([1], tags: ["incomplete"]) + headers([2, 3])
        let yours = headers([50], origin: "there")
        let plan = selection([:], newest: 1).plan(mine + yours, in: .utc)
        #expect(plan.kept == [mine[0], mine[1]] + yours)
        #expect(plan.removed == [mine[2]])
    }

    @Test("Incomplete snapshots take nobody's place, and those that were followed go")
    func incomplete() {
        let complete = headers([1, 3, 5])
        let broken = headers([2, 4], tags: ["incomplete"])
        let all = (complete + broken).sorted { $0.timestamp > $1.timestamp }
        let plan = selection([.day: (3, nil)]).plan(all, in: .utc)
        #expect(plan.kept == complete)
        #expect(plan.removed.map(\.timestamp) == broken.map(\.timestamp))
        // A source that is never complete is thinned out like any other.
        let never = headers([0, 1, 2, 3, 4], tags: ["incomplete"])
        #expect(kept(selection([.day: (3, nil)]), never) == Array(never.prefix(3)))
    }

    @Test("Explicit removal spares the last ones only when it is told to")
    func requested() {
        let all = headers([0, 1])
        #expect(RetentionPlan(removing: all, of: all, sparesLast: true).removed == [all[1]])
        #expect(RetentionPlan(removing: all, of: all, sparesLast: false).removed == all)
    }

    /// The rules once more, as a person would follow them on paper: no shared code, no shortcuts.
    private func model(_ all: [SnapshotHeader], _ rules: [RetentionPeriod: (Int?, Int?)], _ newest: Int?) -> Set<MAC> {
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = .gmt
        func isIncomplete(_ header: SnapshotHeader) -> Bool { header.tags.contains("incomplete") }
        func period(_ header: SnapshotHeader, _ period: RetentionPeriod) -> [Int]? {
            let parts = calendar.dateComponents(
                [.year, .month, .day, .hour, .minute, .weekday, .weekOfYear, .yearForWeekOfYear],
                from: Date(timeIntervalSince1970: Double(header.timestamp.seconds)))
            let day = [parts.year ?? 0, parts.month ?? 0, parts.day ?? 0]
            let names = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
            switch period {
            case .minute: return day + [parts.hour ?? 0, parts.minute ?? 0]
            case .hour: return day + [parts.hour ?? 0]
            case .day: return day
            case .week: return [parts.yearForWeekOfYear ?? 0, parts.weekOfYear ?? 0]
            case .month: return Array(day.prefix(2))
            case .year: return Array(day.prefix(1))
            default: return names[(parts.weekday ?? 1) - 1] == period.rawValue ? day : nil
            }
        }
        func judged(_ headers: [SnapshotHeader]) -> Set<MAC> {
            var kept = Set(headers.prefix(newest ?? 0).map(\.identifier))
            for (kind, (keep, cap)) in rules {
                for header in headers {
                    guard let mine = self.position(of: header, in: headers, by: { period($0, kind) }) else { continue }
                    if mine.period <= keep ?? .max, mine.rank <= cap ?? .max { kept.insert(header.identifier) }
                }
            }
            return kept
        }
        let sources = Set(all.compactMap { $0.source?.importer.origin })
        let complete = all.filter { !isIncomplete($0) }
        let trailing = all.filter { header in
            isIncomplete(header)
                && !complete.contains {
                    $0.source?.importer.origin == header.source?.importer.origin && $0.timestamp >= header.timestamp
                }
        }
        var kept = judged(complete).union(judged(trailing))
        for source in sources {
            let own = all.filter { $0.source?.importer.origin == source }
            if let last = own.first { kept.insert(last.identifier) }
            if let last = own.first(where: { !isIncomplete($0) }) { kept.insert(last.identifier) }
        }
        return kept
    }

    /// The how manieth period, and the how manieth in it, counted from the newest; both from 1.
    private func position(
        of header: SnapshotHeader, in headers: [SnapshotHeader], by period: (SnapshotHeader) -> [Int]?
    ) -> (period: Int, rank: Int)? {
        guard let mine = period(header) else { return nil }
        let newer = headers.prefix { $0.identifier != header.identifier }
        let periods = Set(newer.compactMap(period)).union([mine])
        return (periods.count, newer.count { period($0) == mine } + 1)
    }

    @Test("Any rules on any history: exactly what the model keeps", arguments: 0..<60)
    func property(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var all: [SnapshotHeader] = []
        let scale: Int64 = [600, 40_000, 400_000].randomElement(using: &random) ?? 600
        var ago: Int64 = 0
        for number in 0..<UInt8.random(in: 1...60, using: &random) {
            ago += Int64.random(in: 1...scale, using: &random)
            let isBroken = Int.random(in: 0..<5, using: &random) == 0
            all.append(
                header(
                    secondsAgo: ago, tags: isBroken ? ["incomplete"] : [],
                    origin: Bool.random(using: &random) ? "here" : "there", number: number))
        }
        var rules: [RetentionPeriod: (Int?, Int?)] = [:]
        for period in RetentionPeriod.allCases where Int.random(in: 0..<4, using: &random) == 0 {
            let keep = Bool.random(using: &random) ? Int.random(in: 1...8, using: &random) : nil
            let cap = keep == nil || Bool.random(using: &random) ? Int.random(in: 1...3, using: &random) : nil
            rules[period] = (keep, cap)
        }
        let newest = rules.isEmpty || Bool.random(using: &random) ? Int.random(in: 1...5, using: &random) : nil
        let kept = Set(kept(selection(rules, newest: newest), all).map(\.identifier))
        #expect(kept == model(all, rules, newest), "seed \(seed): \(rules) newest \(newest ?? 0)")
    }
}
