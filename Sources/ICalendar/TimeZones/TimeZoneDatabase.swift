import ContentLines
import Synchronization

/// Time zones by name, read when first asked for.
///
/// The module itself reads no files: the database is given a closure that does.
package final class TimeZoneDatabase: Sendable {
    private let load: @Sendable (String) -> [UInt8]?
    private let zones = Mutex<[String: CalendarTimeZone?]>([:])
    /// By the bytes of their VTIMEZONE: clients write the same few into all their objects.
    private let described = Mutex<[ArraySlice<UInt8>: CalendarTimeZone?]>([:])
    private static let capacity = 2_000

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
            if zones.count >= Self.capacity { zones.removeAll() }
            zones[identifier] = .some(zone)
        }
        return zone
    }

    /// The zone that a VTIMEZONE describes; nil when it has no observance that can be read.
    func zone(describedBy component: Component) -> CalendarTimeZone? {
        let bytes = component.tree.document.source[component.extent]
        if let known = described.withLock({ $0[bytes] }) { return known }
        let zone = CalendarTimeZone(component)
        // A copy of its own, so that the whole object is not kept in memory.
        let key = Array(bytes)[...]
        described.withLock { described in
            if described.count >= Self.capacity { described.removeAll() }
            if key.count <= 65_536 { described[key] = .some(zone) }
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
