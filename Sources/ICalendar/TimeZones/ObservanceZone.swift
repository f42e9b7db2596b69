import Synchronization

/// A zone described by a VTIMEZONE (RFC 5545 3.6.5): each observance says when, and how often, it begins.
final class ObservanceZone: Sendable {
    private let observances: [Observance]
    private let initialOffset: Int
    private let state: Mutex<State>

    /// One STANDARD or DAYLIGHT.
    struct Observance: Sendable {
        let offsetFrom: Int
        let offsetTo: Int
        /// DTSTART, wall time by `offsetFrom`.
        let start: LocalDateTime
        let rules: [RecurrenceRule]
        /// RDATE, wall times by `offsetFrom`.
        let dates: [LocalDateTime]
    }

    private struct State {
        var table: TransitionTable
        /// Local seconds up to which the table is complete.
        var end: Int
        var isComplete: Bool
    }

    /// Onsets beyond this are not computed; a rule that has more is not about daylight saving.
    private static let maximumTransitions = 40_000

    /// - Parameter observances: at least one.
    init(_ observances: [Observance]) {
        self.observances = observances
        let first = observances.min { $0.start < $1.start }
        initialOffset = first?.offsetFrom ?? 0
        state = Mutex(State(table: TransitionTable(initialOffset: initialOffset), end: .min, isComplete: false))
    }

    func offset(at time: Int) -> Int {
        withTable(through: time) { $0.offset(at: time) }
    }

    func offset(atLocal time: Int) -> Int {
        withTable(through: time) { $0.offset(atLocal: time) }
    }

    private func withTable(through time: Int, _ body: (borrowing TransitionTable) -> Int) -> Int {
        state.withLock { state in
            // Two days more, so that a transition just after a wall time is known whatever the offsets are.
            let needed = time + 2 * 86_400
            if needed > state.end, !state.isComplete { extend(&state, through: needed) }
            return body(state.table)
        }
    }

    /// Computes the table anew, through some years more than needed: calendars ask about one time after the other.
    private func extend(_ state: inout State, through needed: Int) {
        let latest = LocalDateTime.latest.seconds
        let reach = max(1, needed - (observances.map(\.start.seconds).min() ?? 0)) / 4
        let end = min(latest, needed + min(max(reach, 10 * 366 * 86_400), 400 * 366 * 86_400))
        var onsets: [(time: Int, offset: Int)] = []
        var isExhausted = true
        for observance in observances {
            let more = observance.onsets(through: end, limit: Self.maximumTransitions)
            isExhausted = isExhausted && more.isExhausted
            for local in more.local { onsets.append((local - observance.offsetFrom, observance.offsetTo)) }
        }
        onsets.sort { $0.time < $1.time }
        var table = TransitionTable(initialOffset: initialOffset)
        for onset in onsets { table.append(time: onset.time, offset: onset.offset) }
        state = State(table: table, end: end, isComplete: isExhausted || end >= latest)
    }
}

extension ObservanceZone.Observance {
    /// Wall times at which the observance begins, not sorted; whether there are none after `end`.
    fileprivate func onsets(through end: Int, limit: Int) -> (local: [Int], isExhausted: Bool) {
        var local = [start.seconds] + dates.map(\.seconds)
        var isExhausted = true
        for rule in rules {
            var iterator = RecurrenceIterator(rule, start: start, budget: WorkBudget(limit * 20))
            var count = 0
            do throws(ICalendarError) {
                while let next = try iterator.next() {
                    count += 1
                    if next.seconds > end || count > limit {
                        isExhausted = false
                        break
                    }
                    local.append(next.seconds)
                }
            } catch {
                // A rule that costs too much or is of another calendar says nothing from here on.
                continue
            }
        }
        return (local, isExhausted)
    }
}
