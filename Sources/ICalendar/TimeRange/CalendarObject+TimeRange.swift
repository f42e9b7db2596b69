package import ContentLines

extension CalendarObject {
    /// Whether a component of this object overlaps a range of time as CALDAV:time-range means it (RFC 4791 9.9).
    ///
    /// A recurring component stands for those of its instances that no override replaces.
    /// - Parameter component: VEVENT, VTODO, VJOURNAL, VFREEBUSY, VAVAILABILITY, or a VALARM in one of them.
    ///   Any other kind never overlaps.
    /// - Throws: `.limitExceeded`; `.unsupported` for a recurrence by another calendar than the Gregorian.
    package func overlaps(
        _ component: Component,
        _ range: TimeRange,
        in zones: ZoneContext,
        budget: WorkBudget = WorkBudget()
    ) throws(ICalendarError) -> Bool {
        let resolver = ZoneResolver(self, zones)
        var budget = budget
        switch component.kind {
        case .event, .todo, .journal:
            guard ComponentTimes(component, resolver) != nil else {
                return component.kind == .todo
                    && TimeRangeTest.passes(undatedTask: component, range, resolver)
            }
            return try hasInstance(of: component, from: range.lower, through: range.upper, resolver, &budget) {
                TimeRangeTest($0).passes($0, range)
            }
        case .freeBusy: return TimeRangeTest.passes(freeBusy: component, range, resolver)
        case .availability: return TimeRangeTest.passes(availability: component, range, resolver)
        case .alarm:
            guard let triggers = AlarmTriggers(component, resolver), let parent = parent(of: component) else {
                return false
            }
            if let absolute = triggers.absolute { return triggers.goOff(first: absolute, in: range) }
            let reach = triggers.reach
            return try hasInstance(
                of: parent, from: range.lower - reach.before, through: range.upper + reach.after, resolver, &budget
            ) { triggers.goOff(for: $0, in: range) }
        default: return false
        }
    }

    /// The instances of all events, tasks and journal entries that overlap the range, by start.
    ///
    /// Tasks without any date are left out: they have no place in time.
    /// - Parameter limit: more instances than this are an error, not a shorter list.
    /// - Throws: `.limitExceeded`; `.unsupported` for a recurrence by another calendar than the Gregorian.
    package func instances(
        in range: TimeRange,
        zones: ZoneContext,
        limit: Int = 20_000,
        budget: WorkBudget = WorkBudget()
    ) throws(ICalendarError) -> [Instance] {
        let resolver = ZoneResolver(self, zones)
        var budget = budget
        var instances: [Instance] = []
        for group in recurringGroups {
            let set = try RecurrenceSet(group, resolver, &budget)
            try set.forEachInstance(from: range.lower, through: range.upper, &budget) {
                (instance) throws(ICalendarError) in
                guard TimeRangeTest(instance).passes(instance, range) else { return true }
                guard instances.count < limit else {
                    throw ICalendarError(
                        .limitExceeded,
                        "There are more than \(limit) instances in that time.",
                        advice: "Ask for a shorter range of time.")
                }
                instances.append(instance)
                return true
            }
        }
        return instances.sorted { ($0.start, $0.component.identifier) < ($1.start, $1.component.identifier) }
    }

    private func hasInstance(
        of component: Component,
        from lower: Int,
        through upper: Int,
        _ zones: ZoneResolver,
        _ budget: inout WorkBudget,
        where test: (Instance) -> Bool
    ) throws(ICalendarError) -> Bool {
        let set = try RecurrenceSet(group(of: component), zones, &budget)
        var isFound = false
        try set.forEachInstance(from: lower, through: upper, &budget) { instance in
            isFound = instance.component.identifier == component.identifier && test(instance)
            return !isFound
        }
        return isFound
    }
}

extension CalendarObject {
    /// Events, tasks and journal entries: those with the same kind and UID together, in source order.
    var recurringGroups: [[Component]] {
        struct Key: Hashable {
            let kind: ComponentKind
            let uid: String
        }
        var groups: [[Component]] = []
        var indices: [Key: Int] = [:]
        for component in components where [.event, .todo, .journal].contains(component.kind) {
            guard let uid = component.uid else {
                groups.append([component])
                continue
            }
            let key = Key(kind: component.kind, uid: uid)
            if let index = indices[key] {
                groups[index].append(component)
            } else {
                indices[key] = groups.count
                groups.append([component])
            }
        }
        return groups
    }

    /// The component and all others of its kind and UID.
    func group(of component: Component) -> [Component] {
        guard let uid = component.uid else { return [component] }
        let all = components
        guard all.count > 1 else { return [component] }
        let group = all.filter { $0.kind == component.kind && $0.uid == uid }
        // A second component without RECURRENCE-ID is an error in the data, but an object of its own.
        guard component.isOverride else { return [component] + group.filter(\.isOverride) }
        return group
    }

    /// The component directly around another one.
    package func parent(of component: Component) -> Component? {
        var index = component.index - 1
        while index >= 0 {
            if tree.nodes[index].next > component.index { return Component(tree: tree, index: index) }
            index -= 1
        }
        return nil
    }
}

extension ContentLine {
    /// Whether a date, date-time, period or list of them overlaps the range: CALDAV:time-range in a prop-filter.
    ///
    /// - Parameter object: the object the line is from; its VTIMEZONE components count.
    package func overlaps(_ range: TimeRange, of object: CalendarObject, in zones: ZoneContext) -> Bool {
        let resolver = ZoneResolver(object, zones)
        let hasTime = calendarTimes.contains { time in
            let start = resolver.instant(of: time)
            guard time.isDate else { return range.lower <= start.seconds && range.upper > start.seconds }
            let end = zones.defaultZone.adding(CalendarDuration(days: 1), to: time.local)
            return range.lower < end.seconds && range.upper > start.seconds
        }
        return hasTime
            || periods.contains { period in
                range.lower < resolver.end(of: period).seconds
                    && range.upper > resolver.instant(of: period.start).seconds
            }
    }
}
