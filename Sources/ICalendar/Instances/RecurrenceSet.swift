import ContentLines

/// A component with all overrides of its instances: what one UID stands for.
struct RecurrenceSet: Sendable {
    /// The component without RECURRENCE-ID; nil when the object holds overrides only.
    let main: ComponentTimes?
    let overrides: [Override]
    private let sources: [RecurrenceSource]
    private let excludedSources: [RecurrenceSource]
    /// RDATE, by instant.
    private let dates: [Slot]
    private let excludedInstants: Set<Int>
    /// EXDATE with days although the start has a time: what some programs write.
    private let excludedDays: Set<CivilDate>
    private let isRecurring: Bool
    private let zones: ZoneResolver

    struct Override: Sendable {
        let times: ComponentTimes
        let recurrenceID: CalendarTime
        /// The same as an instant.
        let slot: Int
        let appliesToFuture: Bool
        /// How far it moves its instance, in seconds of wall time.
        let shift: Int
    }

    /// A place in the recurrence set.
    struct Slot: Sendable {
        let instant: Int
        let time: CalendarTime
        var period: CalendarPeriod?
    }

    /// - Parameters:
    ///   - components: of one kind and with one UID.
    ///   - budget: spent for COUNT.
    /// - Throws: `.unsupported` for rules by another calendar, `.limitExceeded`.
    init(_ components: [Component], _ zones: ZoneResolver, _ budget: inout WorkBudget) throws(ICalendarError) {
        self.zones = zones
        let main = components.first { !$0.isOverride }.flatMap { ComponentTimes($0, zones) }
        self.main = main
        overrides = components.compactMap { Override($0, main, zones) }.sorted { $0.slot < $1.slot }
        var sources: [RecurrenceSource] = []
        var excludedSources: [RecurrenceSource] = []
        var dates: [Slot] = []
        var excluded: [CalendarTime] = []
        if let main {
            for property in main.component.properties("RRULE") {
                guard let rule = try Self.rule(property) else { continue }
                sources.append(try RecurrenceSource(rule, of: main, &budget))
            }
            for property in main.component.properties("EXRULE") {
                guard let rule = try Self.rule(property) else { continue }
                excludedSources.append(try RecurrenceSource(rule, of: main, &budget))
            }
            for property in main.component.properties("RDATE") {
                dates += Self.slots(property, like: main.anchor, zones)
            }
            for property in main.component.properties("EXDATE") { excluded += property.calendarTimes }
        }
        isRecurring = !sources.isEmpty || !dates.isEmpty || !overrides.isEmpty
        self.sources = sources
        self.excludedSources = excludedSources
        self.dates = dates.sorted { $0.instant < $1.instant }
        excludedInstants = Set(
            excluded.filter { !$0.isDate || main?.anchor.isDate == true }.map { zones.instant(of: $0).seconds })
        excludedDays = main?.anchor.isDate == true ? [] : Set(excluded.filter(\.isDate).map(\.local.date))
    }

    /// nil for a rule that cannot be read: the object then has one instance less, not none.
    private static func rule(_ property: ContentLine) throws(ICalendarError) -> RecurrenceRule? {
        do throws(ICalendarError) {
            return try RecurrenceRule(parsing: property.value)
        } catch {
            if error.code == .unsupported { throw error }
            return nil
        }
    }

    private static func slots(_ property: ContentLine, like anchor: CalendarTime, _ zones: ZoneResolver) -> [Slot] {
        let times = property.calendarTimes.map { time -> Slot in
            // A day means the usual time of that day.
            let time =
                time.isDate && !anchor.isDate
                ? CalendarTime(LocalDateTime(time.local.date, secondOfDay: anchor.local.secondOfDay), anchor.form)
                : time
            return Slot(instant: zones.instant(of: time).seconds, time: time)
        }
        let periods = property.periods.map { period in
            Slot(instant: zones.instant(of: period.start).seconds, time: period.start, period: period)
        }
        return times + periods
    }
}

extension RecurrenceSet.Override {
    fileprivate init?(_ component: Component, _ main: ComponentTimes?, _ zones: ZoneResolver) {
        guard let property = component.property("RECURRENCE-ID"), var recurrenceID = property.calendarTime else {
            return nil
        }
        if recurrenceID.isDate, let anchor = main?.anchor, !anchor.isDate {
            let local = LocalDateTime(recurrenceID.local.date, secondOfDay: anchor.local.secondOfDay)
            recurrenceID = CalendarTime(local, anchor.form)
        }
        guard let times = ComponentTimes(component, zones) else { return nil }
        self.times = times
        self.recurrenceID = recurrenceID
        let slot = zones.instant(of: recurrenceID)
        self.slot = slot.seconds
        appliesToFuture = property.parameterValue("RANGE")?.uppercased() == "THISANDFUTURE"
        shift = times.anchor.local.seconds - times.zone.local(at: slot).seconds
    }
}

extension RecurrenceSet {
    /// How far instances reach before and behind their slots, in seconds.
    private var reach: (before: Int, after: Int) {
        var before = 0
        var after = main?.longest ?? 0
        for override in overrides where override.appliesToFuture {
            before = max(before, -override.shift)
            after = max(after, override.shift + override.times.longest)
        }
        for slot in dates {
            guard let period = slot.period else { continue }
            after = max(after, zones.end(of: period).seconds - slot.instant)
        }
        return (before, after)
    }

    /// Calls `body` with every instance that may touch the seconds from `lower` through `upper`, and perhaps with some
    /// that do not; the overrides first, then the rest by the order of their slots. Ends when `body` returns false.
    ///
    /// - Throws: `.limitExceeded`, or what `body` throws.
    func forEachInstance(
        from lower: Int,
        through upper: Int,
        _ budget: inout WorkBudget,
        _ body: (Instance) throws(ICalendarError) -> Bool
    ) throws(ICalendarError) {
        for override in overrides {
            try budget.spend()
            guard override.times.start.seconds <= upper,
                override.times.start.seconds + override.times.longest >= lower
            else { continue }
            guard try body(instance(of: override.times, recurrenceID: override.recurrenceID)) else { return }
        }
        guard let main else { return }
        let reach = reach
        var slots = try SlotMerge(
            self, main, from: lower - reach.after - 86_400, through: upper + reach.before + 86_400, &budget)
        while let slot = try slots.next(&budget) {
            guard !isOverridden(slot) else { continue }
            guard try body(instance(at: slot, main)) else { return }
        }
    }

    private func isOverridden(_ slot: Slot) -> Bool {
        guard !overrides.isEmpty else { return false }
        let index = overrides.partition(from: slot.instant)
        return index < overrides.count && overrides[index].slot == slot.instant
    }

    /// The main component, or the last RANGE=THISANDFUTURE before the slot, placed there.
    private func instance(at slot: Slot, _ main: ComponentTimes) -> Instance {
        let recurrenceID = isRecurring ? slot.time : nil
        if let change = overrides.last(where: { $0.appliesToFuture && $0.slot < slot.instant }) {
            let times = change.times
            let local = LocalDateTime(
                seconds: times.zone.local(at: Instant(seconds: slot.instant)).seconds + change.shift)
            return instance(of: times, at: CalendarTime(local, times.anchor.form), recurrenceID: recurrenceID)
        }
        guard let period = slot.period else { return instance(of: main, at: slot.time, recurrenceID: recurrenceID) }
        let zone = zones.zone(of: slot.time.form)
        let end = zones.end(of: period)
        return Instance(
            component: main.component,
            recurrenceID: recurrenceID,
            startTime: slot.time,
            endTime: CalendarTime(zone.local(at: end), slot.time.form),
            start: Instant(seconds: slot.instant),
            end: max(end, Instant(seconds: slot.instant)),
            hasOwnEnd: true,
            zone: zone
        )
    }

    private func instance(of times: ComponentTimes, recurrenceID: CalendarTime?) -> Instance {
        instance(of: times, at: times.anchor, recurrenceID: recurrenceID)
    }

    private func instance(of times: ComponentTimes, at time: CalendarTime, recurrenceID: CalendarTime?) -> Instance {
        let zone = time.form == times.anchor.form ? times.zone : zones.zone(of: time.form)
        let start = zone.instant(of: time.local)
        let end = times.end(ofStart: time.local, start, zone)
        return Instance(
            component: times.component,
            recurrenceID: recurrenceID,
            startTime: time,
            endTime: times.endTime(end, like: time, zone),
            start: start,
            end: end,
            hasOwnEnd: false,
            zone: zone
        )
    }

    /// Whether a rule has neither COUNT nor UNTIL.
    var isInfinite: Bool { sources.contains { !$0.isBounded } }
}

extension [RecurrenceSet.Override] {
    /// The index of the first override whose slot is not before `instant`.
    fileprivate func partition(from instant: Int) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].slot < instant { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension RecurrenceSet {
    /// DTSTART, the rules and RDATE in one order of time, without repeats and exclusions.
    struct SlotMerge {
        private let set: RecurrenceSet
        private let main: ComponentTimes
        private var sources: [RecurrenceSource]
        private var excluded: [RecurrenceSource]
        private var dates: ArraySlice<Slot>
        private var first: Slot?
        private let upper: Int
        private var last = Int.min

        init(
            _ set: RecurrenceSet,
            _ main: ComponentTimes,
            from lower: Int,
            through upper: Int,
            _ budget: inout WorkBudget
        ) throws(ICalendarError) {
            self.set = set
            self.main = main
            self.upper = upper
            sources = set.sources
            excluded = set.excludedSources
            for index in sources.indices { try sources[index].start(from: lower, through: upper, &budget) }
            for index in excluded.indices { try excluded[index].start(from: lower, through: upper, &budget) }
            dates = set.dates.drop { $0.instant < lower }
            if main.start.seconds >= lower { first = Slot(instant: main.start.seconds, time: main.anchor) }
        }

        mutating func next(_ budget: inout WorkBudget) throws(ICalendarError) -> Slot? {
            while let slot = try nextCandidate(&budget), slot.instant <= upper {
                if try !isExcluded(slot, &budget) { return slot }
            }
            return nil
        }

        private mutating func nextCandidate(_ budget: inout WorkBudget) throws(ICalendarError) -> Slot? {
            while true {
                try budget.spend()
                var earliest = first?.instant ?? Int.max
                var source = -1
                if let date = dates.first, date.instant <= earliest {
                    earliest = date.instant
                    source = sources.count
                }
                for index in sources.indices {
                    guard let head = sources[index].head, head.instant < earliest else { continue }
                    earliest = head.instant
                    source = index
                }
                guard earliest != Int.max else { return nil }
                let slot: Slot
                if source == sources.count, let date = dates.popFirst() {
                    slot = date
                } else if source >= 0, let head = sources[source].head {
                    slot = Slot(instant: head.instant, time: CalendarTime(head.local, main.anchor.form))
                    try sources[source].advance(&budget)
                } else {
                    slot = first ?? Slot(instant: earliest, time: main.anchor)
                    first = nil
                }
                // In a gap wall times fold back by up to an hour: those that came already are repeats.
                guard slot.instant > last else { continue }
                last = slot.instant
                return slot
            }
        }

        private mutating func isExcluded(_ slot: Slot, _ budget: inout WorkBudget) throws(ICalendarError) -> Bool {
            if set.excludedInstants.contains(slot.instant) { return true }
            if !set.excludedDays.isEmpty, set.excludedDays.contains(slot.time.local.date) { return true }
            for index in excluded.indices {
                while let head = excluded[index].head, head.instant < slot.instant {
                    try excluded[index].advance(&budget)
                }
                if excluded[index].head?.instant == slot.instant { return true }
            }
            return false
        }
    }
}
