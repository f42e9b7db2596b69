import ContentLines
import HTTPTypes
import ICalendar
import WebDAV

/// A span in which somebody is busy (RFC 5545, 3.2.9).
struct BusyPeriod: Hashable {
    enum Kind: String {
        case busy = "BUSY"
        case tentative = "BUSY-TENTATIVE"
        case unavailable = "BUSY-UNAVAILABLE"
    }

    let kind: Kind
    /// Seconds since 1970.
    var start: Int
    /// Exclusive.
    var end: Int

    /// What an object says about a range; what cannot be evaluated says nothing.
    /// - Throws: 507 `number-of-matches-within-limits` for more than `limit` instances: nobody is called free for that.
    static func periods(
        of object: CalendarObject, in range: ICalendar.TimeRange, _ zones: ZoneContext, limit: Int
    ) throws(DAVError) -> [BusyPeriod] {
        var result: [BusyPeriod] = []
        var instances: [Instance] = []
        do {
            instances = try object.instances(in: range, zones: zones, limit: limit)
        } catch {
            if error.code == .limitExceeded {
                throw DAVError(
                    .insufficientStorage, .numberOfMatchesWithinLimits,
                    "An event recurs more than \(limit) times in the range; ask for a shorter one.")
            }
        }
        for instance in instances where instance.component.kind == .event {
            guard let kind = kind(of: instance.component), instance.end > instance.start else { continue }
            result.append(BusyPeriod(kind: kind, start: instance.start.seconds, end: instance.end.seconds))
        }
        for component in object.components where component.kind == .freeBusy {
            for line in component.properties("FREEBUSY") { result += periods(of: line) }
        }
        result += AvailabilityPeriods.periods(of: object, in: range, zones, limit: limit)
        return result.compactMap { period in
            var period = period
            period.start = max(period.start, range.start?.seconds ?? period.start)
            period.end = min(period.end, range.end?.seconds ?? period.end)
            return period.start < period.end ? period : nil
        }
    }

    private static func kind(of event: Component) -> Kind? {
        if event.property("TRANSP")?.text.uppercased() == "TRANSPARENT" { return nil }
        return switch event.property("STATUS")?.text.uppercased() {
        case "CANCELLED": nil
        case "TENTATIVE": .tentative
        default: .busy
        }
    }

    private static func periods(of line: ContentLine) -> [BusyPeriod] {
        let type = line.parameterValue("FBTYPE")?.uppercased() ?? "BUSY"
        guard type != "FREE" else { return [] }
        let kind = Kind(rawValue: type) ?? .busy
        return line.periods.map { period in
            // RFC 5545, 3.8.2.6: the times of FREEBUSY are in UTC.
            let start = period.start.local.seconds
            let end =
                switch period.end {
                case .time(let time): time.local.seconds
                case .duration(let duration): start + duration.days * 86_400 + duration.seconds
                }
            return BusyPeriod(kind: kind, start: start, end: end)
        }
    }

    /// Joins periods of a kind that touch or overlap, and orders all by start.
    static func coalesce(_ periods: [BusyPeriod]) -> [BusyPeriod] {
        var result: [BusyPeriod] = []
        var open: [Kind: Int] = [:]
        for period in periods.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
            if let index = open[period.kind], result[index].end >= period.start {
                result[index].end = max(result[index].end, period.end)
            } else {
                open[period.kind] = result.count
                result.append(period)
            }
        }
        return result
    }

    /// One VFREEBUSY, as RFC 4791, 7.10 answers.
    static func render(_ periods: [BusyPeriod], in range: RequestedTimeRange) -> [UInt8] {
        var writer = ContentLineWriter()
        func line(_ text: String) { writer.write(line: Array(text.utf8)) }
        func time(_ seconds: Int) -> String { CalendarTime(Instant(seconds: seconds)).basicFormat }
        line("BEGIN:VCALENDAR")
        line("VERSION:2.0")
        line("PRODID:-//Fasti//Fasti//EN")
        line("BEGIN:VFREEBUSY")
        if let start = range.start {
            // The answer is a function of the question and the data alone, and so is its stamp.
            line("DTSTAMP:\(time(Int(start)))")
            line("DTSTART:\(time(Int(start)))")
        }
        if let end = range.end { line("DTEND:\(time(Int(end)))") }
        for period in periods {
            let type = period.kind == .busy ? "" : ";FBTYPE=\(period.kind.rawValue)"
            line("FREEBUSY\(type):\(time(period.start))/\(time(period.end))")
        }
        line("END:VFREEBUSY")
        line("END:VCALENDAR")
        return writer.bytes
    }
}
