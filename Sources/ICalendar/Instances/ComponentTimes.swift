import ContentLines

/// When a component begins and how long it lasts, read from its properties.
struct ComponentTimes: Sendable {
    let component: Component
    /// DTSTART, or DUE for a task without one.
    let anchor: CalendarTime
    let start: Instant
    let zone: CalendarTimeZone
    let isDueOnly: Bool
    let extent: Extent

    enum Extent: Hashable, Sendable {
        /// Neither end nor duration.
        case none
        /// DTEND or DUE: the same number of seconds for all instances (RFC 5545 3.8.5.3).
        case exact(Int)
        /// DTEND or DUE of whole days, or the one day of a DATE without any.
        case days(Int)
        /// DURATION: days by the clock on the wall.
        case nominal(CalendarDuration)
    }

    /// nil when the component has no start that can be read.
    init?(_ component: Component, _ zones: ZoneResolver) {
        func first<T>(_ name: StaticString, _ value: (ContentLine) -> T?) -> T? {
            component.properties(name).lazy.compactMap(value).first
        }
        let start = first("DTSTART", \.calendarTime)
        var end = first(component.kind == .todo ? "DUE" : "DTEND", \.calendarTime)
        let duration = first("DURATION", \.duration)
        isDueOnly = start == nil && component.kind == .todo
        guard let anchor = start ?? (isDueOnly ? end : nil) else { return nil }
        if isDueOnly { end = nil }
        self.component = component
        self.anchor = anchor
        zone = zones.zone(of: anchor.form)
        self.start = zone.instant(of: anchor.local)
        if isDueOnly || component.kind == .journal {
            extent = component.kind == .journal && anchor.isDate ? .days(1) : .none
        } else if let end, end.isDate, anchor.isDate {
            let days = (end.local.seconds - anchor.local.seconds) / 86_400
            // An all-day event that ends when it begins is wrong but not rare; it means that day.
            extent = .days(max(component.kind == .todo ? 0 : 1, days))
        } else if let end {
            extent = .exact(max(0, zones.instant(of: end).seconds - self.start.seconds))
        } else if let duration {
            extent = .nominal(duration)
        } else {
            extent = anchor.isDate && component.kind != .todo ? .days(1) : .none
        }
    }

    func end(ofStart local: LocalDateTime, _ start: Instant, _ zone: CalendarTimeZone) -> Instant {
        switch extent {
        case .none: start
        case .exact(let seconds): Instant(seconds: start.seconds + seconds)
        case .days(let days): zone.adding(CalendarDuration(days: days), to: local)
        case .nominal(let duration): max(start, zone.adding(duration, to: local))
        }
    }

    /// At least as long as any instance, in seconds.
    var longest: Int {
        switch extent {
        case .none: 0
        case .exact(let seconds): seconds
        case .days(let days): (days + 1) * 86_400
        case .nominal(let duration): max(0, duration.nominalSeconds) + 86_400
        }
    }

    /// The end as a value in the form of the start; nil when there is none.
    func endTime(_ end: Instant, like time: CalendarTime, _ zone: CalendarTimeZone) -> CalendarTime? {
        switch extent {
        case .none: nil
        case .days(let days): CalendarTime(LocalDateTime(seconds: time.local.seconds + days * 86_400), time.form)
        case .exact, .nominal: CalendarTime(zone.local(at: end), time.isDate ? .floating : time.form)
        }
    }
}
