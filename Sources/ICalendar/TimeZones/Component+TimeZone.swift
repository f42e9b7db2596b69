import ContentLines

extension CalendarTimeZone {
    /// The zone that a VTIMEZONE describes; nil when it has no observance that can be read.
    package init?(_ component: Component) {
        let observances = component.components.compactMap { part -> ObservanceZone.Observance? in
            part.kind == .standard || part.kind == .daylight ? ObservanceZone.Observance(part) : nil
        }
        guard !observances.isEmpty else { return nil }
        let identifier = component.property("TZID")?.text ?? ""
        self.init(identifier: identifier, rules: .observances(ObservanceZone(observances)))
    }

    /// The zone of the first VTIMEZONE in iCalendar text, such as CALDAV:calendar-timezone holds.
    ///
    /// Where it is only named (a VTIMEZONE without observances), the database is asked.
    package init?(parsing source: [UInt8], database: TimeZoneDatabase) {
        guard let object = try? CalendarObject(parsing: source),
            let component = object.timeZones.first ?? object.roots.first(where: { $0.kind == .timeZone })
        else { return nil }
        if let zone = CalendarTimeZone(component) {
            self = zone
        } else if let name = component.property("TZID")?.text, let zone = database.zone(named: name) {
            self = zone
        } else {
            return nil
        }
    }
}

extension ObservanceZone.Observance {
    fileprivate init?(_ component: Component) {
        guard let start = component.property("DTSTART")?.calendarTime,
            let offsetTo = component.property("TZOFFSETTO").flatMap({ Self.offset($0.value) })
        else { return nil }
        let offsetFrom = component.property("TZOFFSETFROM").flatMap { Self.offset($0.value) } ?? offsetTo
        self.offsetFrom = offsetFrom
        self.offsetTo = offsetTo
        func wallTime(_ time: CalendarTime) -> LocalDateTime {
            time.form == .utc ? LocalDateTime(seconds: time.local.seconds + offsetFrom) : time.local
        }
        self.start = wallTime(start)
        rules = component.properties("RRULE").compactMap { line in
            guard var rule = try? RecurrenceRule(parsing: line.value) else { return nil }
            if case .until(let time) = rule.end {
                let end = time.isDate ? LocalDateTime(seconds: time.local.seconds + 86_399) : wallTime(time)
                rule.end = .until(CalendarTime(end, .floating))
            }
            return rule
        }
        dates = component.properties("RDATE").flatMap { line in
            line.calendarTimes.map(wallTime) + line.periods.map { wallTime($0.start) }
        }
    }

    /// UTC-OFFSET (RFC 5545 3.3.14) in seconds: `+0100`, `-033020`.
    static func offset(_ value: ArraySlice<UInt8>) -> Int? {
        var reader = ValueReader(value.trimmingBlanks)
        let isNegative = reader.skip("-")
        if !isNegative { _ = reader.skip("+") }
        guard let hours = reader.number(digits: 2) else { return nil }
        _ = reader.skip(":")
        guard let minutes = reader.number(digits: 2), hours < 24, minutes < 60 else { return nil }
        _ = reader.skip(":")
        let seconds = reader.number(digits: 2) ?? 0
        let offset = hours * 3_600 + minutes * 60 + min(seconds, 59)
        return isNegative ? -offset : offset
    }
}
