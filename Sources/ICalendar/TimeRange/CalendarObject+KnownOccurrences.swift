import ContentLines

/// Instances of what is nearly every event, from times that somebody has computed before: no rule is evaluated for them.
extension CalendarObject {
    /// The instances that touch a range, of one event in UTC; nil for any other object, whose rules must be evaluated.
    ///
    /// - Parameter occurrences: what `occurrences(limit:)` gave for these bytes.
    func instances(in range: TimeRange, known occurrences: [Occurrence]) -> [Instance]? {
        guard isSingleEvent, document.firstIndex(named: "RECURRENCE-ID", in: 0..<document.count) == nil else {
            return nil
        }
        let event = Component(tree: tree, index: 1)
        let isRecurring = event.property("RRULE") != nil
        // A rule that cannot be read recurs as little as none.
        guard isRecurring == (occurrences.count > 1), event.property("RDATE") == nil,
            let times = ComponentTimes(event, ZoneResolver(.utc)), case .utc = times.anchor.form
        else { return nil }
        var instances: [Instance] = []
        for occurrence in occurrences where occurrence.start <= range.upper && occurrence.end >= range.lower {
            let start = Instant(seconds: occurrence.start)
            let time = CalendarTime(start)
            let end = times.end(ofStart: time.local, start, .utc)
            let instance = Instance(
                component: event, recurrenceID: isRecurring ? time : nil, startTime: time,
                endTime: times.endTime(end, like: time, .utc), start: start, end: end, hasOwnEnd: false, zone: .utc)
            if TimeRangeTest(instance).passes(instance, range) { instances.append(instance) }
        }
        return instances.sorted { $0.start < $1.start }
    }

    /// Whether it is a VCALENDAR with one VEVENT and no other component beside it, and no time in it is in a zone.
    var isSingleEvent: Bool {
        tree.nodes.count > 1 && tree.nodes[0].kind == .calendar && tree.nodes[0].next == tree.nodes.count
            && tree.nodes[1].kind == .event && tree.nodes[1].next == tree.nodes.count
            && document.linesWithParameters.allSatisfy { $0.zoneIdentifier == nil }
    }
}
