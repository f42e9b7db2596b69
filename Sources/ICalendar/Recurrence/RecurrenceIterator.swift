/// Gives the instances of one rule in the order of time, as wall times.
package struct RecurrenceIterator: Sendable {
    package init(_ rule: RecurrenceRule, start: LocalDateTime, budget: WorkBudget = WorkBudget()) {}
    package mutating func next() throws(ICalendarError) -> LocalDateTime? { nil }
}
