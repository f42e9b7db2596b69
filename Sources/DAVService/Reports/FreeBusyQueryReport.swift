import CollectionStore
import ContentLines
import HTTPTypes
import ICalendar
import WebDAV
import XMLStream

/// free-busy-query (RFC 4791, 7.10): when somebody is busy, without saying why.
struct FreeBusyQueryReport: DAVReport {
    let name = XMLName.freeBusyQuery
    let kinds: ResourceKind = [.calendar, .plainCollection, .directory, .principal]

    func respond(_ root: XMLElement, _ resource: Resource, _ context: DAVContext) async throws -> DAVResponse {
        let request = try FreeBusyQueryRequest(root)
        let depth = try Depth(header: context.request.headers[.depth], default: .one)
        var periods: [BusyPeriod] = []
        try await collect(resource, depth: depth, TimeRange(request.range), &periods, context)
        let body = BusyPeriod.render(BusyPeriod.coalesce(periods), in: request.range)
        return DAVResponse(
            status: .ok, headers: [.contentType: "text/calendar; charset=utf-8"], body: .bytes(body))
    }

    private func collect(
        _ resource: Resource, depth: Depth, _ range: ICalendar.TimeRange, _ periods: inout [BusyPeriod],
        _ context: DAVContext
    ) async throws {
        if let view = resource.collection, resource.kind == .calendar {
            guard depth != .zero else { return }
            for member in try await members(of: view, range) {
                try context.checkTime()
                guard let object = try? CalendarObject(parsing: try await view.content(of: member)) else { continue }
                periods += try BusyPeriod.periods(
                    of: object, in: range, resource.zones, limit: context.options.maxInstances)
                try require(periods, context)
            }
            if let text = view.properties.availability, let object = try? CalendarObject(parsing: Array(text.utf8)) {
                periods += AvailabilityPeriods.periods(
                    of: object, in: range, resource.zones, limit: context.options.maxInstances)
            }
        } else if depth == .infinity {
            // Calendars of others that appear here say when others are busy, and transparent ones nothing at all.
            for child in try await context.children(of: resource)
            where child.isCollection && context.owns(child.path) == context.owns(resource.path) {
                if let view = child.collection, ScheduleTransparency.isTransparent(view.properties) { continue }
                try await collect(child, depth: depth, range, &periods, context)
            }
        }
    }

    /// Those that may say something about the range, by the index of times.
    private func members(of view: any CollectionView, _ range: ICalendar.TimeRange) async throws -> [Member] {
        var found: [Member] = []
        for component in ["VEVENT", "VFREEBUSY"] {
            found += try await view.candidates(
                component: component, start: range.start.map { Int64($0.seconds) },
                end: range.end.map { Int64($0.seconds) }
            ).map(\.member)
        }
        // When availability counts, its own rules say.
        found += try await view.candidates(component: "VAVAILABILITY", start: nil, end: nil).map(\.member)
        // What cannot be read is a candidate each time.
        var names: Set<MemberName> = []
        return found.filter { names.insert($0.name).inserted }
    }

    private static let maximumPeriods = 200_000

    private func require(_ periods: [BusyPeriod], _ context: DAVContext) throws(DAVError) {
        guard periods.count <= Self.maximumPeriods else {
            throw DAVError(
                .insufficientStorage, .numberOfMatchesWithinLimits,
                "The range holds more than \(Self.maximumPeriods) busy periods; ask for a shorter one.")
        }
    }
}
