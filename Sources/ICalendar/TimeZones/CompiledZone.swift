/// A zone read from TZif data (RFC 8536): a table of transitions, and a rule for the time after it.
final class CompiledZone: Sendable {
    private let table: TransitionTable
    private let rule: PosixTimeZoneRule?
    /// The rule counts from here on; `localEnd` is the same as wall time.
    private let tableEnd: Int
    private let localTableEnd: Int

    init(table: TransitionTable, rule: PosixTimeZoneRule?) {
        self.table = table
        self.rule = rule
        tableEnd = table.times.last ?? Int.min
        localTableEnd = table.localTimes.last ?? Int.min
    }

    func offset(at time: Int) -> Int {
        if let rule, time >= tableEnd { return rule.offset(at: time) }
        return table.offset(at: time)
    }

    func offset(atLocal time: Int) -> Int {
        if let rule, time >= localTableEnd { return rule.offset(atLocal: time) }
        return table.offset(atLocal: time)
    }
}
