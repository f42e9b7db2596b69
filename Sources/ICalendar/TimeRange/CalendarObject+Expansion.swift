package import ContentLines

extension CalendarObject {
    /// CALDAV:expand (RFC 4791 9.6.5): an iCalendar object with one component per instance in the range.
    ///
    /// Times in a zone become UTC; RRULE, RDATE, EXDATE, EXRULE and VTIMEZONE are gone; RECURRENCE-ID is there.
    /// - Parameters:
    ///   - limit: more instances than this are an error.
    ///   - occurrences: what `occurrences(limit:)` gave for these bytes, when that is known: it saves evaluating the rules.
    /// - Throws: `.limitExceeded`; `.unsupported` for a recurrence by another calendar than the Gregorian.
    package func expanded(
        in range: TimeRange,
        zones: ZoneContext,
        limit: Int = 20_000,
        occurrences: [Occurrence]? = nil
    ) throws(ICalendarError) -> [UInt8] {
        let known = occurrences.flatMap { self.instances(in: range, known: $0) }
        let instances: [Instance] =
            if let known, known.count <= limit { known } else {
                try self.instances(in: range, zones: zones, limit: limit)
            }
        // Most objects are one event that does not recur and whose times are in UTC: nothing of it changes.
        if instances.count == 1, isExpanded {
            var writer = ContentLineWriter()
            writer.copy(0..<document.count, of: document)
            return writer.bytes
        }
        let resolver = ZoneResolver(self, zones)
        var writer = InstanceWriter(zones: resolver)
        guard let calendar = calendars.first else { return source }
        writer.begin(calendar)
        for instance in instances { writer.write(instance) }
        for component in components {
            switch component.kind {
            case .event, .journal: break
            case .todo:
                guard ComponentTimes(component, resolver) == nil,
                    TimeRangeTest.passes(undatedTask: component, range, resolver)
                else { continue }
                writer.write(component)
            default:
                if try overlaps(component, range, in: zones) { writer.write(component) }
            }
        }
        writer.end(calendar)
        return writer.bytes
    }

    /// Whether it is one component without recurrence, and has no time in a zone.
    private var isExpanded: Bool {
        let all = 0..<document.count
        for name in ["RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"] as [StaticString]
        where document.firstIndex(named: name, in: all) != nil { return false }
        return isSingleEvent
    }

    /// CALDAV:limit-recurrence-set (RFC 4791 9.6.6): without the overrides that do not touch the range, neither where
    /// they are now nor where their instance would have been.
    package func limitingRecurrenceSet(to range: TimeRange, zones: ZoneContext) throws(ICalendarError) -> [UInt8] {
        let resolver = ZoneResolver(self, zones)
        var dropped: [Range<Int>] = []
        for group in recurringGroups {
            var budget = WorkBudget()
            let set = try RecurrenceSet(group, resolver, &budget)
            for override in set.overrides where !override.appliesToFuture {
                guard let main = set.main else { continue }
                let component = override.times.component
                let original = main.end(
                    ofStart: main.zone.local(at: Instant(seconds: override.slot)), Instant(seconds: override.slot),
                    main.zone)
                let touchesOriginal =
                    range.upper > override.slot
                    && (range.lower < original.seconds || range.lower <= override.slot)
                guard !touchesOriginal else { continue }
                if try !overlaps(component, range, in: zones) { dropped.append(component.extent) }
            }
        }
        guard !dropped.isEmpty else { return source }
        var kept: [UInt8] = []
        var position = 0
        for extent in dropped.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            kept.append(contentsOf: source[position..<extent.lowerBound])
            position = extent.upperBound
        }
        kept.append(contentsOf: source[position...])
        return kept
    }
}

/// Writes components with their times in UTC and without recurrence.
private struct InstanceWriter {
    private let zones: ZoneResolver
    private var writer = ContentLineWriter()

    init(zones: ZoneResolver) { self.zones = zones }

    var bytes: [UInt8] { writer.bytes }

    mutating func begin(_ calendar: Component) {
        writer.copy(calendar.beginLine)
        for property in calendar.properties { writer.copy(property) }
    }

    mutating func end(_ calendar: Component) { writer.copy(calendar.endLine) }

    /// A component that does not recur.
    mutating func write(_ component: Component) {
        writer.copy(component.beginLine)
        for property in component.properties { writeProperty(property) }
        writeInner(component)
        writer.copy(component.endLine)
    }

    mutating func write(_ instance: Instance) {
        let component = instance.component
        if plan?.component.identifier != component.identifier { plan = makePlan(component) }
        guard let plan else { return }
        var hasEnd = false
        var hasIdentity = false
        for step in plan.steps {
            switch step {
            case .written(let lines): writer.append(written: lines)
            case .start(let beginning):
                write(beginning, instance.startTime, instance.start)
                writeIdentity(instance, &hasIdentity)
            case .end(let beginning):
                guard let time = instance.endTime, !hasEnd else { continue }
                write(beginning, time, instance.end)
                hasEnd = true
            case .duration(let property):
                // Hours and minutes are the same in UTC; nominal days are not, and become an end.
                guard !instance.hasOwnEnd, property.duration?.days == 0 else { continue }
                writer.copy(property)
                hasEnd = true
            }
        }
        let saysEnd = instance.hasOwnEnd || plan.hasDuration
        if !hasEnd, saysEnd, let time = instance.endTime, !plan.isDueOnly {
            write(Array((component.kind == .todo ? "DUE" : "DTEND").utf8), time, instance.end)
        }
        writer.append(written: plan.tail)
    }

    /// What the instances of one component have in common, made once.
    private struct Plan {
        enum Step {
            case written([UInt8])
            /// Name and parameters of the property, up to what depends on the time.
            case start([UInt8])
            case end([UInt8])
            case duration(ContentLine)
        }

        let component: Component
        var steps: [Step] = []
        var hasDuration = false
        let isDueOnly: Bool
        /// The components inside, and the end.
        var tail: [UInt8] = []
    }

    private var plan: Plan?

    private func makePlan(_ component: Component) -> Plan {
        let document = component.tree.document
        var plan = Plan(
            component: component, isDueOnly: component.kind == .todo && component.property("DTSTART") == nil)
        var lines = InstanceWriter(zones: zones)
        // Lines that stay as they are and follow each other are copied together.
        var copied = component.beginLine.index..<(component.beginLine.index + 1)
        func cut(_ step: Plan.Step?) {
            lines.writer.copy(copied, of: document)
            copied = copied.upperBound..<copied.upperBound
            guard let step else { return }
            if !lines.bytes.isEmpty { plan.steps.append(.written(lines.bytes)) }
            lines = InstanceWriter(zones: zones)
            plan.steps.append(step)
        }
        for property in component.properties {
            let isTime = property.isNamed("DTSTART") || (plan.isDueOnly && property.isNamed("DUE"))
            if isTime {
                cut(.start(Self.beginning(of: property)))
            } else if property.isNamed("DTEND") || property.isNamed("DUE") {
                cut(.end(Self.beginning(of: property)))
            } else if property.isNamed("DURATION") {
                plan.hasDuration = true
                cut(.duration(property))
            } else if Self.isAboutRecurrence(property) {
                cut(nil)
            } else if property.zoneIdentifier != nil {
                cut(nil)
                lines.writeProperty(property)
            } else {
                if property.index != copied.upperBound {
                    cut(nil)
                    copied = property.index..<property.index
                }
                copied = copied.lowerBound..<(property.index + 1)
                continue
            }
            copied = (property.index + 1)..<(property.index + 1)
        }
        cut(nil)
        if !lines.bytes.isEmpty { plan.steps.append(.written(lines.bytes)) }
        var tail = InstanceWriter(zones: zones)
        tail.writeInner(component)
        tail.writer.copy(component.endLine)
        plan.tail = tail.bytes
        return plan
    }

    private mutating func writeIdentity(_ instance: Instance, _ hasIdentity: inout Bool) {
        guard let identity = instance.recurrenceID, !hasIdentity else { return }
        write(Array("RECURRENCE-ID".utf8), identity, zones.instant(of: identity))
        hasIdentity = true
    }

    private static func isAboutRecurrence(_ property: ContentLine) -> Bool {
        property.isNamed("RRULE") || property.isNamed("RDATE") || property.isNamed("EXDATE")
            || property.isNamed("EXRULE") || property.isNamed("RECURRENCE-ID")
    }

    /// Any other property: values in a zone become UTC.
    private mutating func writeProperty(_ property: ContentLine) {
        guard property.zoneIdentifier != nil else {
            writer.copy(property)
            return
        }
        let times = property.calendarTimes
        let isAllTimes = times.count == property.value.split(separator: UInt8(ascii: ",")).count
        guard isAllTimes, let first = times.first, zones.knows(first.form), case .zoned = first.form else {
            writer.copy(property)
            return
        }
        let values = times.map { CalendarTime(zones.instant(of: $0)).basicFormat }
        writer.write(property.name, Self.otherParameters(property), value: values.joined(separator: ",").utf8)
    }

    /// One of the times of an instance; `beginning` is the name of the property, and the other parameters of the one it
    /// comes from.
    private mutating func write(_ beginning: [UInt8], _ time: CalendarTime, _ instant: Instant) {
        var line = beginning
        var time = time
        if time.isDate { line.append(contentsOf: ";VALUE=DATE".utf8) }
        if case .zoned(let name) = time.form {
            if zones.knows(time.form) {
                time = CalendarTime(instant)
            } else {
                line.append(contentsOf: ";TZID=".utf8)
                line.append(contentsOf: ContentLineWriter.encodedParameterValue(name))
            }
        }
        line.append(UInt8(ascii: ":"))
        line.append(contentsOf: time.basicFormat.utf8)
        writer.write(line: line)
    }

    private static func beginning(of property: ContentLine) -> [UInt8] {
        ContentLineWriter.beginning(property.name, otherParameters(property))
    }

    private static func otherParameters(_ property: ContentLine) -> [(name: String, values: [String])] {
        property.parameters.filter { !$0.isNamed("TZID") && !$0.isNamed("VALUE") && !$0.nameBytes.isEmpty }
            .map { ($0.name, $0.values) }
    }

    /// The components inside, as they are.
    private mutating func writeInner(_ component: Component) {
        for inner in component.components {
            writer.copy(inner.beginLine.index..<(inner.endLine.index + 1), of: inner.tree.document)
        }
    }
}

extension Component {
    /// All lines from BEGIN to END, those of the components inside included.
    package var lines: some Sequence<ContentLine> {
        (beginLine.index...endLine.index).lazy.map { [tree] in tree.document[$0] }
    }
}
