import Synchronization

/// The calendar systems that rules may recur by. Whoever has some registers them at the start.
package enum CalendarScales {
    private static let known = Mutex<[String: CalendarScale]>([:])

    package static func register(_ systems: [any CalendarSystem]) {
        known.withLock { known in
            for system in systems where known[system.name] == nil { known[system.name] = CalendarScale(system) }
        }
    }

    static func named(_ name: String) -> CalendarScale? { known.withLock { $0[name] } }
}

/// A calendar system with the years that were asked for already.
final class CalendarScale: Sendable {
    private let system: any CalendarSystem
    private let years = Mutex<[Int: ScaledYear]>([:])
    private let recent = Mutex<ScaledYear?>(nil)
    private static let maximumCount = 4_000

    init(_ system: any CalendarSystem) { self.system = system }

    func year(_ number: Int) -> ScaledYear {
        if let known = years.withLock({ $0[number] }) { return known }
        let year = ScaledYear(number, system.months(ofYear: number))
        years.withLock { years in
            if years.count >= Self.maximumCount { years.removeAll() }
            years[number] = year
        }
        return year
    }

    func year(of day: Int) -> ScaledYear {
        if let year = recent.withLock({ $0 }), year.days.contains(day) { return year }
        let year = self.year(system.year(of: day))
        recent.withLock { $0 = year }
        return year
    }
}

/// A year of such a calendar.
struct ScaledYear: Sendable {
    let number: Int
    let months: [ScaledMonth]
    /// Counted from 1970-01-01. Behind all times when nothing is known of the year.
    let days: Range<Int>

    init(_ number: Int, _ months: [ScaledMonth]) {
        self.number = number
        self.months = months
        let beyond = LocalDateTime.latest.seconds / 86_400 + 1
        let first = months.first?.firstDay ?? beyond
        days = first..<max(first, months.last.map { $0.firstDay + $0.length } ?? beyond)
    }

    /// Which month a day of the year is in.
    func index(of day: Int) -> Int? {
        months.firstIndex { day >= $0.firstDay && day < $0.firstDay + $0.length }
    }
}
