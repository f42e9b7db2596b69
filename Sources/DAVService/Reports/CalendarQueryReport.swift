import CollectionStore
import HTTPTypes
import ICalendar
import WebDAV
import XMLStream

/// calendar-query (RFC 4791, 7.8): the objects that a filter lets through.
struct CalendarQueryReport: DAVReport {
    let name = XMLName.calendarQuery
    let kinds: ResourceKind = [.calendar, .scheduleInbox, .plainCollection, .directory, .principal, .calendarObject]

    func respond(_ root: XMLElement, _ resource: Resource, _ context: DAVContext) async throws -> DAVResponse {
        let request = try CalendarQueryRequest(root)
        // RFC 4791 lets a missing Depth mean 0, which finds nothing in a calendar; who leaves it out wants the members.
        let depth = try Depth(header: context.request.headers[.depth], default: .one)
        let zones = try zones(of: request, resource)
        let data = try ObjectData(request.selection, resource: resource, context: context, zones: zones)
        var search = Search(
            filter: request.filter, zones: zones, data: data,
            writer: PropertyWriter(request.selection, context: context), context: context)
        try await search.visit(resource, depth: depth)
        return .multistatus(search.writer.finish())
    }

    /// The zone of the request wins over that of the calendar (RFC 4791, 7.3).
    private func zones(of request: CalendarQueryRequest, _ resource: Resource) throws(DAVError) -> ZoneContext {
        guard request.timeZone != nil || request.timeZoneID != nil else { return resource.zones }
        guard let zones = ZoneContext(text: request.timeZone, name: request.timeZoneID) else {
            guard request.timeZone == nil else {
                throw DAVError(.forbidden, .validCalendarData, "The timezone of the query is no VTIMEZONE.")
            }
            throw DAVError(.forbidden, .validTimezone, "The time zone of the query is not known.")
        }
        return zones
    }

    /// Walks over the members and writes those that match.
    private struct Search {
        let filter: CalendarFilter
        let zones: ZoneContext
        let data: ObjectData
        var writer: PropertyWriter
        let context: DAVContext

        mutating func visit(_ resource: Resource, depth: Depth) async throws {
            if let view = resource.collection, resource.kind == .calendar || resource.kind == .scheduleInbox {
                guard depth != .zero else { return }
                guard let search = CalendarFilterEvaluator(filter: filter, zones: zones).timeSearch else {
                    for member in try await view.members() { try await visit(member, in: view) }
                    return
                }
                let candidates = try await view.candidates(
                    component: search.component, start: search.start, end: search.end)
                for candidate in candidates {
                    try await visit(candidate.member, in: view, isFound: candidate.isCertain && search.isWholeFilter)
                }
            } else if case .member(let member, let view) = resource.content {
                try await visit(member, in: view)
            } else if depth == .infinity {
                for child in try await context.children(of: resource) where child.isCollection {
                    try await visit(child, depth: depth)
                }
            }
        }

        private mutating func visit(
            _ member: Member, in view: any CollectionView, isFound: Bool = false
        ) async throws {
            try context.checkTime()
            let resource = context.resource(for: member, in: view)
            if isFound { return try await writer.write(resource, extra: data.values(for: resource)) }
            let evaluator = CalendarFilterEvaluator(filter: filter, zones: zones)
            switch evaluator.decide(by: try await view.facts(of: member)) {
            case .no: return
            case .yes:
                try await writer.write(resource, extra: data.values(for: resource))
            case .unknown:
                let content = try await view.content(of: member)
                guard let object = try? CalendarObject(parsing: content), evaluator.matches(object) else { return }
                try await writer.write(resource, extra: data.values(for: resource, content: content))
            }
        }
    }
}
