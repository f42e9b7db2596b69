import ContentLines
import ICalendar

/// When somebody cannot be met, by their VAVAILABILITY (RFC 7953, 4): whatever is not AVAILABLE while it holds.
enum AvailabilityPeriods {
    /// - Parameter range: closed on both sides; otherwise nothing is known to be unavailable.
    static func periods(
        of object: CalendarObject, in range: ICalendar.TimeRange, _ zones: ZoneContext, limit: Int
    ) -> [BusyPeriod] {
        guard let from = range.start?.seconds, let to = range.end?.seconds, from < to else { return [] }
        var result: [BusyPeriod] = []
        // The least important first; a more important one decides anew about its time.
        for component in object.components.filter({ $0.kind == .availability }).sorted(by: isLessImportant) {
            guard let extent = extent(of: component, of: object, in: range, zones, limit: limit) else { continue }
            result = result.flatMap { $0.without(extent) }
            var free = [extent]
            for available in component.components where available.kind == .available {
                for instance in instances([available], of: object, in: range, zones, limit: limit) {
                    free = free.flatMap { remove(instance, from: $0) }
                }
            }
            let kind = kind(of: component)
            result += free.map { BusyPeriod(kind: kind, start: $0.lowerBound, end: $0.upperBound) }
        }
        return result.filter { $0.start < $0.end && $0.end > from && $0.start < to }
    }

    /// 1 is the highest priority; 0, which means none, the lowest.
    private static func isLessImportant(_ a: Component, _ b: Component) -> Bool {
        func rank(_ component: Component) -> Int {
            let priority = component.property("PRIORITY").flatMap { Int($0.text) } ?? 0
            return priority <= 0 ? 10 : priority
        }
        return rank(a) > rank(b)
    }

    private static func kind(of component: Component) -> BusyPeriod.Kind {
        component.property("BUSYTYPE").flatMap { BusyPeriod.Kind(rawValue: $0.text.uppercased()) } ?? .unavailable
    }

    /// The part of the range for which a component holds; nil when there is none.
    private static func extent(
        of component: Component, of object: CalendarObject, in range: ICalendar.TimeRange, _ zones: ZoneContext,
        limit: Int
    ) -> Range<Int>? {
        guard let from = range.start?.seconds, let to = range.end?.seconds else { return nil }
        guard component.property("DTSTART") != nil || component.property("DTEND") != nil else { return from..<to }
        // A missing bound is open; one that is there is read as that of an event.
        let start = instant(of: "DTSTART", component, object, zones) ?? Int.min
        let end = instant(of: "DTEND", component, object, zones) ?? Int.max
        let lower = max(from, start)
        let upper = min(to, end)
        return lower < upper ? lower..<upper : nil
    }

    private static func instant(
        of name: String, _ component: Component, _ object: CalendarObject, _ zones: ZoneContext
    ) -> Int? {
        guard let line = component.properties(named: name).first else { return nil }
        let start = Array("DTSTART".utf8) + Array(line.parameterBytes) + [UInt8(ascii: ":")] + Array(line.value)
        var writer = ContentLineWriter()
        writer.write(line: Array("BEGIN:VEVENT".utf8))
        writer.write(line: Array("UID:bound".utf8))
        writer.write(line: start)
        writer.write(line: Array("END:VEVENT".utf8))
        let events = parse(writer.bytes, zonesOf: object)
        let all = ICalendar.TimeRange(start: nil, end: nil)
        return try? events?.instances(in: all, zones: zones, limit: 1).first?.start.seconds
    }

    /// AVAILABLE recurs as events do, so it is read as one.
    private static func instances(
        _ components: [Component], of object: CalendarObject, in range: ICalendar.TimeRange, _ zones: ZoneContext,
        limit: Int
    ) -> [Range<Int>] {
        var writer = ContentLineWriter()
        for component in components {
            writer.write(line: Array("BEGIN:VEVENT".utf8))
            for line in component.properties { writer.copy(line) }
            writer.write(line: Array("END:VEVENT".utf8))
        }
        let found = try? parse(writer.bytes, zonesOf: object)?.instances(in: range, zones: zones, limit: limit)
        return (found ?? []).compactMap { $0.start < $0.end ? $0.start.seconds..<$0.end.seconds : nil }
    }

    private static func parse(_ events: [UInt8], zonesOf object: CalendarObject) -> CalendarObject? {
        var writer = ContentLineWriter()
        writer.write(line: Array("BEGIN:VCALENDAR".utf8))
        for zone in object.timeZones { writer.copy(zone, of: object) }
        return try? CalendarObject(parsing: writer.bytes + events + Array("END:VCALENDAR\r\n".utf8))
    }

    private static func remove(_ hole: Range<Int>, from span: Range<Int>) -> [Range<Int>] {
        guard hole.overlaps(span) else { return [span] }
        var result: [Range<Int>] = []
        if span.lowerBound < hole.lowerBound { result.append(span.lowerBound..<hole.lowerBound) }
        if hole.upperBound < span.upperBound { result.append(hole.upperBound..<span.upperBound) }
        return result
    }
}

extension BusyPeriod {
    /// What is left of a period.
    fileprivate func without(_ hole: Range<Int>) -> [BusyPeriod] {
        guard hole.lowerBound < end, start < hole.upperBound else { return [self] }
        var result: [BusyPeriod] = []
        if start < hole.lowerBound { result.append(BusyPeriod(kind: kind, start: start, end: hole.lowerBound)) }
        if hole.upperBound < end { result.append(BusyPeriod(kind: kind, start: hole.upperBound, end: end)) }
        return result
    }
}
