import ContentLines
import ICalendar

/// What changed in a calendar object: the series, single dates of it, or the one event.
struct CalendarComparison {
    private let times: TimeWords

    init(_ times: TimeWords) { self.times = times }

    func predicates(_ old: [UInt8], _ new: [UInt8]) -> [String] {
        guard let before = try? CalendarObject(parsing: old), let after = try? CalendarObject(parsing: new) else {
            return ["changed beyond what can be read"]
        }
        let (a, b) = (Parts(before), Parts(after))
        var predicates: [String] = []
        if let main = a.main, let now = b.main {
            predicates += ComponentComparison(times).predicates(main, now)
        } else if a.main == nil, b.main != nil {
            predicates.append("is a whole series now")
        } else if a.main != nil, b.main == nil {
            predicates.append("is no series any more, only single dates of one")
        }
        predicates += dates(a, b)
        return predicates
    }

    /// The component that is no override, and the overrides by what they override.
    private struct Parts {
        var main: Component?
        var overrides: [(identity: CalendarTime, component: Component)] = []

        init(_ object: CalendarObject) {
            for component in object.components {
                if let time = component.property("RECURRENCE-ID")?.calendarTime {
                    overrides.append((time, component))
                } else if main == nil {
                    main = component
                }
            }
        }

        subscript(_ identity: CalendarTime) -> Component? {
            overrides.first { $0.identity == identity }?.component
        }
    }

    private static let mostDates = 12

    /// Single dates of a series that were changed, or are like the others again.
    private func dates(_ a: Parts, _ b: Parts) -> [String] {
        var predicates: [String] = []
        let known = Dictionary(a.overrides.map { ($0.identity, $0.component) }, uniquingKeysWith: { first, _ in first })
        for (identity, now) in b.overrides {
            let date = ": the one of \(times.text(identity))"
            let changes: [String]
            if let before = known[identity] {
                changes = ComponentComparison(times).predicates(before, now)
            } else if let main = b.main {
                changes = ComponentComparison(times).predicates(main, now, asInstance: identity)
            } else {
                changes = ["was added"]
            }
            guard !changes.isEmpty else { continue }
            predicates.append("\(date) \(listed(changes.map(Self.inner)))")
        }
        let present = Set(b.overrides.map(\.identity))
        for (identity, _) in a.overrides where !present.contains(identity) {
            predicates.append(": the one of \(times.text(identity)) is like the others again, or gone")
        }
        guard predicates.count > Self.mostDates else { return predicates }
        let more = predicates.count - Self.mostDates
        return predicates.prefix(Self.mostDates) + [": \(counted(more, "more date")) of it changed"]
    }

    private static func inner(_ predicate: String) -> String {
        predicate.hasPrefix(": ") ? String(predicate.dropFirst(2)) : predicate
    }
}
