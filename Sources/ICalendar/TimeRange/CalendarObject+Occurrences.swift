import ContentLines

/// A time at which an event takes place: it overlaps a range when `start < range.end` and `end > range.start`.
package struct Occurrence: Hashable, Sendable {
    /// Seconds since 1970.
    package let start: Int
    /// Seconds since 1970; an event without extent in time ends one second after it starts, which gives the same answers.
    package let end: Int

    package init(start: Int, end: Int) {
        self.start = start
        self.end = end
    }
}

extension CalendarObject {
    /// All times at which the object takes place, for an index: with them, a range of time on VEVENT is answered exactly
    /// and in every default zone without the object.
    ///
    /// nil when the object has something else than events, more occurrences than `limit`, or times that depend on where
    /// the calendar is (days, floating times, zones that the object does not describe).
    package func occurrences(limit: Int) -> [Occurrence]? {
        guard !components.isEmpty, components.allSatisfy({ $0.kind == .event }) else { return nil }
        let resolver = ZoneResolver(self, .utc)
        func isFixed(_ time: CalendarTime) -> Bool {
            switch time.form {
            case .utc: true
            case .zoned: resolver.knows(time.form)
            case .date, .floating: false
            }
        }
        for component in components {
            for name in ["DTSTART", "DTEND", "EXDATE", "RECURRENCE-ID"] {
                for line in component.properties(named: name) {
                    guard !line.calendarTimes.isEmpty, line.calendarTimes.allSatisfy(isFixed) else { return nil }
                }
            }
            guard component.properties(named: "DTSTART").count == 1, component.properties(named: "RDATE").isEmpty
            else { return nil }
        }
        guard let instances = try? instances(in: .always, zones: .utc, limit: limit) else { return nil }
        guard instances.allSatisfy({ isFixed($0.startTime) }) else { return nil }
        return instances.map { instance in
            let hasExtent =
                instance.end > instance.start || instance.component.property("DTEND") != nil || instance.hasOwnEnd
            let start = instance.start.seconds
            return Occurrence(start: start, end: hasExtent ? instance.end.seconds : start + 1)
        }
    }
}
