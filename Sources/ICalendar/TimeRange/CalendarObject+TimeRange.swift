package import ContentLines

extension CalendarObject {
    /// Whether a component of this object overlaps a range of time as CALDAV:time-range means it (RFC 4791 9.9).
    ///
    /// A recurring component stands for those of its instances that no override replaces.
    /// - Parameter component: VEVENT, VTODO, VJOURNAL, VFREEBUSY, VAVAILABILITY, or a VALARM in one of them.
    ///   Any other kind never overlaps.
    /// - Throws: `.limitExceeded`, `.unsupported`.
    package func overlaps(
        _ component: Component,
        _ range: TimeRange,
        in zones: ZoneContext,
        budget: WorkBudget = WorkBudget()
    ) throws(ICalendarError) -> Bool {
        throw ICalendarError(.unsupported, "Not there yet.")
    }

    /// The instances of all events, tasks and journal entries that overlap the range, by start.
    ///
    /// - Parameter limit: more instances than this are an error, not a shorter list.
    /// - Throws: `.limitExceeded`, `.unsupported`.
    package func instances(
        in range: TimeRange,
        zones: ZoneContext,
        limit: Int = 20_000,
        budget: WorkBudget = WorkBudget()
    ) throws(ICalendarError) -> [Instance] {
        throw ICalendarError(.unsupported, "Not there yet.")
    }

    /// CALDAV:expand (RFC 4791 9.6.5): an iCalendar object with one component per instance in the range.
    ///
    /// Times in a zone become UTC; RRULE, RDATE, EXDATE, EXRULE and VTIMEZONE are gone; RECURRENCE-ID is there.
    package func expanded(
        in range: TimeRange,
        zones: ZoneContext,
        limit: Int = 20_000
    ) throws(ICalendarError) -> [UInt8] {
        throw ICalendarError(.unsupported, "Not there yet.")
    }

    /// CALDAV:limit-recurrence-set (RFC 4791 9.6.6): without the overrides that do not touch the range.
    package func limitingRecurrenceSet(to range: TimeRange, zones: ZoneContext) throws(ICalendarError) -> [UInt8] {
        throw ICalendarError(.unsupported, "Not there yet.")
    }

    /// A span outside of which no time range can match: for an index. See `TimeExtent`.
    package func timeExtent(zones: ZoneContext) -> TimeExtent { .unknown }
}

extension ContentLine {
    /// Whether a date, date-time, period or list of them overlaps the range: CALDAV:time-range in a prop-filter.
    package func overlaps(_ range: TimeRange, of object: CalendarObject, in zones: ZoneContext) -> Bool { false }
}

/// The time from the first start to the last end of an object, alarms left out.
package struct TimeExtent: Hashable, Sendable {
    /// nil: open.
    package let start: Instant?
    /// nil: open, as for an event that recurs for ever.
    package let end: Instant?

    package init(start: Instant?, end: Instant?) {
        self.start = start
        self.end = end
    }

    /// May match anything.
    package static let unknown = TimeExtent(start: nil, end: nil)

    /// False only when no component of the object can overlap the range.
    package func mayOverlap(_ range: TimeRange) -> Bool {
        (end?.seconds ?? .max) >= range.lower && (start?.seconds ?? .min) <= range.upper
    }
}
