/// One occurrence of a component on the time line.
package struct Instance: Sendable {
    /// The component that describes it: the recurring one, or its override.
    package let component: Component
    /// Its place in the recurrence set, where it would be if it had not been moved; nil when nothing recurs.
    package let recurrenceID: CalendarTime?
    /// As DTSTART (DUE for a task without one) says it, in the form of the component that describes it.
    package let startTime: CalendarTime
    /// The end in the same form; nil for a component that has neither end nor duration.
    package let endTime: CalendarTime?
    package let start: Instant
    /// Exclusive; equal to `start` where there is no extent in time.
    package let end: Instant
    /// The end was given by an RDATE with a PERIOD.
    let hasOwnEnd: Bool
    /// Where its nominal days count.
    let zone: CalendarTimeZone
}
