import ContentLines

/// The time from the first start to the last end of an object, alarms left out. Good in every default zone.
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

extension CalendarObject {
    /// A span outside of which no time range on an event, task, journal entry or free-busy component can match:
    /// for an index. It may be wider than needed, never narrower; triggers of alarms may lie outside.
    package func timeExtent(zones: ZoneContext) -> TimeExtent {
        let resolver = ZoneResolver(self, zones)
        var span = Span()
        do throws(ICalendarError) {
            for group in recurringGroups { try span.include(group, resolver) }
        } catch {
            return .unknown
        }
        for component in components {
            switch component.kind {
            case .event, .todo, .journal: break
            case .freeBusy: span.include(freeBusy: component, resolver)
            default: return .unknown
            }
        }
        return span.extent
    }
}

/// Collects the bounds of components; in seconds.
private struct Span {
    private var lower = Int.max
    private var upper = Int.min
    private static let counting = 200_000

    /// Days and floating times move by up to this much with the default zone.
    private static let floatingMargin = 26 * 3_600

    var extent: TimeExtent {
        guard lower <= upper else { return .unknown }
        return TimeExtent(
            start: lower <= TimeRange.minimum ? nil : Instant(seconds: lower),
            end: upper >= TimeRange.maximum ? nil : Instant(seconds: upper))
    }

    mutating func include(_ group: [Component], _ zones: ZoneResolver) throws(ICalendarError) {
        var budget = WorkBudget(Self.counting)
        let set = try RecurrenceSet(group, zones, &budget)
        for component in group where ComponentTimes(component, zones) == nil {
            if component.kind == .todo { include(undatedTask: component, zones) }
        }
        if set.isInfinite, let main = set.main {
            include(main.start.seconds, main.anchor.form, zones)
            upper = TimeRange.maximum
        }
        let earliest = TimeRange.minimum
        // Of an endless rule the first months are enough: whatever comes before the start is an override or RDATE.
        let latest = set.isInfinite ? (set.main?.start.seconds ?? earliest) : TimeRange.maximum
        try set.forEachInstance(from: earliest, through: latest, &budget) { instance in
            include(instance.start.seconds, instance.startTime.form, zones)
            include(instance.end.seconds, instance.startTime.form, zones)
            return true
        }
    }

    private mutating func include(undatedTask component: Component, _ zones: ZoneResolver) {
        let completed = component.property("COMPLETED")?.calendarTime
        let created = component.property("CREATED")?.calendarTime
        for time in [completed, created].compactMap({ $0 }) {
            include(zones.instant(of: time).seconds, time.form, zones)
        }
        if completed == nil { upper = TimeRange.maximum }
        if completed == nil && created == nil { lower = TimeRange.minimum }
    }

    mutating func include(freeBusy component: Component, _ zones: ZoneResolver) {
        for property in component.properties {
            if property.isNamed("DTSTART") || property.isNamed("DTEND"), let time = property.calendarTime {
                include(zones.instant(of: time).seconds, time.form, zones)
            } else if property.isNamed("FREEBUSY") {
                for period in property.periods {
                    include(zones.instant(of: period.start).seconds, period.start.form, zones)
                    include(zones.end(of: period).seconds, period.start.form, zones)
                }
            }
        }
    }

    private mutating func include(_ seconds: Int, _ form: CalendarTime.Form, _ zones: ZoneResolver) {
        let isFloating = form == .date || form == .floating || !zones.knows(form)
        let margin = isFloating ? Self.floatingMargin : 0
        lower = min(lower, seconds - margin)
        upper = max(upper, seconds + margin)
    }
}
