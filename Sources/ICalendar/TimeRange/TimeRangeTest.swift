import ContentLines

/// The conditions of RFC 4791 9.9 for one instance, by what its component says about its time.
struct TimeRangeTest: Sendable {
    private let rule: Rule

    private enum Rule {
        /// DTEND, a positive DURATION or a whole day: (start < end') AND (end > start').
        case extended
        /// A moment: (start <= start') AND (end > start').
        case moment
        /// VTODO with DTSTART and DURATION.
        case taskWithDuration
        /// VTODO with DTSTART and DUE.
        case taskWithDue
        /// VTODO with DUE alone.
        case taskDueOnly
    }

    init(_ instance: Instance) {
        let component = instance.component
        switch component.kind {
        case .todo:
            if component.property("DTSTART") == nil {
                rule = .taskDueOnly
            } else if component.property("DURATION") != nil {
                rule = .taskWithDuration
            } else {
                rule = component.property("DUE") != nil ? .taskWithDue : .moment
            }
        case .journal:
            rule = instance.startTime.isDate ? .extended : .moment
        default:
            let hasExtent = instance.end > instance.start || instance.hasOwnEnd || component.property("DTEND") != nil
            rule = hasExtent ? .extended : .moment
        }
    }

    func passes(_ instance: Instance, _ range: TimeRange) -> Bool {
        let lower = range.lower
        let upper = range.upper
        let start = instance.start.seconds
        let end = instance.end.seconds
        switch rule {
        case .extended: return lower < end && upper > start
        case .moment: return lower <= start && upper > start
        case .taskWithDuration: return lower <= end && (upper > start || upper >= end)
        case .taskWithDue: return (lower < end || lower <= start) && (upper > start || upper >= end)
        case .taskDueOnly: return lower < start && upper >= start
        }
    }

    /// VTODO without DTSTART and DUE: by COMPLETED and CREATED, or always.
    static func passes(undatedTask component: Component, _ range: TimeRange, _ zones: ZoneResolver) -> Bool {
        func instant(_ name: StaticString) -> Int? {
            component.property(name)?.calendarTime.map { zones.instant(of: $0).seconds }
        }
        switch (instant("COMPLETED"), instant("CREATED")) {
        case (let completed?, let created?):
            return (range.lower <= created || range.lower <= completed)
                && (range.upper >= created || range.upper >= completed)
        case (let completed?, nil): return range.lower <= completed && range.upper >= completed
        case (nil, let created?): return range.upper > created
        case (nil, nil): return true
        }
    }

    /// VFREEBUSY: by DTSTART and DTEND, else by its FREEBUSY periods.
    static func passes(freeBusy component: Component, _ range: TimeRange, _ zones: ZoneResolver) -> Bool {
        if let start = component.property("DTSTART")?.calendarTime, let end = component.property("DTEND")?.calendarTime
        {
            return range.lower <= zones.instant(of: end).seconds && range.upper > zones.instant(of: start).seconds
        }
        return component.properties("FREEBUSY").flatMap(\.periods).contains { period in
            range.lower < zones.end(of: period).seconds && range.upper > zones.instant(of: period.start).seconds
        }
    }

    /// VAVAILABILITY (RFC 7953 3.1): a missing bound is open.
    static func passes(availability component: Component, _ range: TimeRange, _ zones: ZoneResolver) -> Bool {
        let startTime = component.property("DTSTART")?.calendarTime
        let start = startTime.map { zones.instant(of: $0).seconds }
        var end = component.property("DTEND")?.calendarTime.map { zones.instant(of: $0).seconds }
        if end == nil, let startTime, let duration = component.property("DURATION")?.duration {
            end = zones.zone(of: startTime.form).adding(duration, to: startTime.local).seconds
        }
        return range.lower < end ?? Int.max && range.upper > start ?? Int.min
    }
}
