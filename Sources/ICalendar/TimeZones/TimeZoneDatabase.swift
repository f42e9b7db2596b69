import Synchronization

/// Time zones by name, read when first asked for.
///
/// The module itself reads no files: the database is given a closure that does.
package final class TimeZoneDatabase: Sendable {
    private let load: @Sendable (String) -> [UInt8]?
    private let zones = Mutex<[String: CalendarTimeZone?]>([:])

    /// - Parameter load: gives the TZif data of an IANA zone such as `Europe/Paris`, nil when there is none.
    ///   It is only asked for names made of letters, digits, `+`, `-`, `_` and single slashes between them.
    package init(load: @escaping @Sendable (String) -> [UInt8]?) {
        self.load = load
    }

    /// A database without zones beside UTC.
    package static let empty = TimeZoneDatabase { _ in nil }

    /// The zone of an IANA name, a Windows name, or a TZID that ends in an IANA name
    /// (`/freeassociation.sourceforge.net/Europe/Paris`). nil when there is none.
    package func zone(named identifier: String) -> CalendarTimeZone? {
        if let known = zones.withLock({ $0[identifier] }) { return known }
        let zone = find(identifier)
        zones.withLock { zones in
            // Names come from outside; a bound keeps a stream of made-up ones from filling the memory.
            if zones.count >= 2_000 { zones.removeAll() }
            zones[identifier] = .some(zone)
        }
        return zone
    }

    private func find(_ identifier: String) -> CalendarTimeZone? {
        for name in TimeZoneNames.candidates(for: identifier) {
            if TimeZoneNames.isUTC(name) { return CalendarTimeZone(identifier: name, rules: .fixed(0)) }
            guard TimeZoneNames.isSafe(name), let bytes = load(name), let zone = try? TZif.parse(bytes) else {
                continue
            }
            return CalendarTimeZone(identifier: name, rules: .compiled(zone))
        }
        return nil
    }
}
