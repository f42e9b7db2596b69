import ContentLines

/// Which zone each time of one object is in.
struct ZoneResolver: Sendable {
    private let context: ZoneContext
    private let described: [String: CalendarTimeZone]

    /// A VTIMEZONE of the object comes before the database: it is what the writer meant (RFC 5545 3.2.19).
    init(_ object: CalendarObject, _ context: ZoneContext) {
        self.context = context
        var described: [String: CalendarTimeZone] = [:]
        for component in object.timeZones {
            guard let name = component.property("TZID")?.text, described[name] == nil else { continue }
            described[name] = context.database.zone(describedBy: component)
        }
        self.described = described
    }

    /// For an object that describes no zones.
    init(_ context: ZoneContext) {
        self.context = context
        described = [:]
    }

    /// Unknown TZIDs count as floating.
    func zone(of form: CalendarTime.Form) -> CalendarTimeZone {
        switch form {
        case .utc: .utc
        case .date, .floating: context.defaultZone
        case .zoned(let name): described[name] ?? context.database.zone(named: name) ?? context.defaultZone
        }
    }

    /// Whether the form names a zone that is known here.
    func knows(_ form: CalendarTime.Form) -> Bool {
        guard case .zoned(let name) = form else { return true }
        return described[name] != nil || context.database.zone(named: name) != nil
    }

    func instant(of time: CalendarTime) -> Instant { zone(of: time.form).instant(of: time.local) }

    /// The end of a period; `zone` is where nominal days of a duration count.
    func end(of period: CalendarPeriod) -> Instant {
        switch period.end {
        case .time(let time): instant(of: time)
        case .duration(let duration): zone(of: period.start.form).adding(duration, to: period.start.local)
        }
    }
}

extension CalendarTimeZone {
    /// Days by the clock on the wall, then seconds by the stop-watch (RFC 5545 3.3.6).
    func adding(_ duration: CalendarDuration, to local: LocalDateTime) -> Instant {
        let day = LocalDateTime(seconds: local.seconds + duration.days * 86_400)
        return Instant(seconds: instant(of: day).seconds + duration.seconds)
    }
}
