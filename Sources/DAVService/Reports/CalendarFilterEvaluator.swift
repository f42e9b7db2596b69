import CollectionStore
import ContentLines
import ICalendar
import WebDAV

/// Decides whether a calendar object passes a filter (RFC 4791, 9.7).
struct CalendarFilterEvaluator {
    let filter: CalendarFilter
    let zones: ZoneContext

    enum Decision {
        case yes
        case no
        case unknown
    }

    /// Decides without the content, from what is known of the object: most filters begin with a type of component.
    func decide(by facts: MemberFacts) -> Decision {
        guard !facts.components.isEmpty else { return .unknown }
        let root = filter.root
        if root.isNotDefined { return .no }
        var isDecided = root.properties.isEmpty
        // VTIMEZONE is not among the known components.
        for part in root.components where part.name != "VTIMEZONE" {
            let isThere = facts.components.contains(part.name)
            if isThere == part.isNotDefined { return .no }
            let isBare = part.timeRange == nil && part.properties.isEmpty && part.components.isEmpty
            isDecided = isDecided && isBare
        }
        if root.components.contains(where: { $0.name == "VTIMEZONE" }) { isDecided = false }
        return isDecided ? .yes : .unknown
    }

    /// What an index of times can say first: only objects with a component of that kind in that time can match.
    struct TimeSearch {
        let component: String
        /// Seconds since 1970; nil is open.
        let start: Int64?
        let end: Int64?
        /// Whether the filter asks for nothing else.
        let isWholeFilter: Bool
    }

    /// nil when the filter is not about the time of a component.
    var timeSearch: TimeSearch? {
        let root = filter.root
        let timed = root.components.first { part in
            part.timeRange != nil && !part.isNotDefined && Self.timedComponents.contains(part.name)
        }
        guard !root.isNotDefined, let timed, let range = timed.timeRange else { return nil }
        let isWhole =
            root.components.count == 1 && root.properties.isEmpty && root.timeRange == nil
            && timed.properties.isEmpty && timed.components.isEmpty
        return TimeSearch(
            component: timed.name, start: range.start.map { Int64($0) }, end: range.end.map { Int64($0) },
            isWholeFilter: isWhole)
    }

    private static let timedComponents: Set<String> = ["VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"]

    func matches(_ object: CalendarObject) -> Bool {
        let calendars = object.calendars
        if filter.root.isNotDefined { return calendars.isEmpty }
        return calendars.contains { matches($0, of: object, filter.root) }
    }

    private func matches(
        _ component: Component, of object: CalendarObject, _ filter: CalendarFilter.Component
    ) -> Bool {
        for property in filter.properties where !matches(component, of: object, property) { return false }
        for part in filter.components {
            let candidates = component.components.filter { $0.kind.name == part.name }
            if part.isNotDefined {
                guard candidates.isEmpty else { return false }
            } else {
                guard candidates.contains(where: { matches($0, of: object, part) }) else { return false }
            }
        }
        guard let range = filter.timeRange else { return true }
        // A rule that cannot be evaluated may match: the client has the object then and can look for itself.
        return (try? object.overlaps(component, TimeRange(range), in: zones)) ?? true
    }

    private func matches(
        _ component: Component, of object: CalendarObject, _ filter: CalendarFilter.Property
    ) -> Bool {
        let lines = component.properties(named: filter.name)
        if filter.isNotDefined { return lines.isEmpty }
        return lines.contains { line in
            if let range = filter.timeRange, !line.overlaps(TimeRange(range), of: object, in: zones) { return false }
            if let match = filter.textMatch, !match.matches(line.text) { return false }
            return filter.parameters.allSatisfy { matches(line, $0) }
        }
    }

    private func matches(_ line: ContentLine, _ filter: CalendarFilter.Parameter) -> Bool {
        guard !filter.isNotDefined else { return !line.hasParameter(named: filter.name) }
        guard line.hasParameter(named: filter.name) else { return false }
        guard let match = filter.textMatch else { return true }
        return line.parameterValues(named: filter.name).contains { match.matches($0) }
    }
}
