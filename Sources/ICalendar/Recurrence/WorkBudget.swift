/// How much work a question about recurrences may cost before it is given up.
///
/// One unit is one candidate looked at: a period, a day or an instance; some ten million fit in a second.
package struct WorkBudget: Sendable {
    package private(set) var remaining: Int

    package init(_ units: Int = 2_000_000) { remaining = units }

    /// - Throws: `.limitExceeded` when nothing is left.
    @inline(__always)
    package mutating func spend(_ units: Int = 1) throws(ICalendarError) {
        remaining -= units
        if remaining < 0 { throw Self.exceeded }
    }

    private static var exceeded: ICalendarError {
        ICalendarError(
            .limitExceeded, "The recurrence takes more work than allowed.", advice: "Ask for a shorter range of time.")
    }
}
