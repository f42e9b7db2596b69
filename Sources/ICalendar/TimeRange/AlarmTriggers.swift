import ContentLines

/// When a VALARM goes off.
struct AlarmTriggers: Sendable {
    private let trigger: Trigger
    /// How often it repeats after the first time, and after how many seconds each.
    private let repeats: Int
    private let pause: Int

    private enum Trigger {
        case absolute(Int)
        case relative(CalendarDuration, toEnd: Bool)
    }

    /// nil when its TRIGGER is missing or cannot be read.
    init?(_ alarm: Component, _ zones: ZoneResolver) {
        guard let property = alarm.property("TRIGGER") else { return nil }
        if let duration = property.duration {
            let related = property.parameterValue("RELATED")?.uppercased()
            trigger = .relative(duration, toEnd: related == "END")
        } else if let time = property.calendarTime {
            trigger = .absolute(zones.instant(of: time).seconds)
        } else {
            return nil
        }
        let pause = alarm.property("DURATION")?.duration?.nominalSeconds ?? 0
        var reader = ValueReader(alarm.property("REPEAT")?.value.trimmingBlanks ?? [])
        let count = reader.number() ?? 0
        repeats = pause > 0 ? min(count, 1_000_000) : 0
        self.pause = max(0, pause)
    }

    /// When an absolute alarm first goes off; nil for one relative to its component.
    var absolute: Int? {
        if case .absolute(let time) = trigger { return time }
        return nil
    }

    /// Instances that can make it go off in a range touch this many seconds before, and after, the range.
    var reach: (before: Int, after: Int) {
        guard case .relative(let duration, _) = trigger else { return (0, 0) }
        let offset = duration.nominalSeconds
        let last = offset + repeats * pause
        return (max(0, last) + 2 * 86_400, max(0, -offset) + 2 * 86_400)
    }

    func goOff(for instance: Instance, in range: TimeRange) -> Bool {
        guard case .relative(let duration, let toEnd) = trigger else { return false }
        let local = instance.zone.local(at: toEnd ? instance.end : instance.start)
        return goOff(first: instance.zone.adding(duration, to: local).seconds, in: range)
    }

    /// (start <= trigger) AND (end > trigger) for the first time or one of the repeats.
    func goOff(first: Int, in range: TimeRange) -> Bool {
        if range.lower <= first { return range.upper > first }
        guard pause > 0 else { return false }
        let number = (range.lower - first + pause - 1) / pause
        return number <= repeats && first + number * pause < range.upper
    }
}
