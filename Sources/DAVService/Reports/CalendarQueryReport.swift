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
        let search = Search(
            request.filter, zones: zones, data: data, context: context, beginning: resource, depth: depth)
        return try await SteppedAnswer.respond(
            PropertyWriter(request.selection, context: context), search, context)
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
    private struct Search: AnswerSteps {
        enum Item {
            case resource(Resource, Depth)
            case candidates([MemberCandidate], any CollectionView, from: Int)
            case members(MemberPages, any CollectionView, page: Int)
        }

        let evaluator: CalendarFilterEvaluator
        let timeSearch: CalendarFilterEvaluator.TimeSearch?
        let data: ObjectData
        let context: DAVContext
        /// The last comes next.
        private var waiting: [Item]

        private static let stepSize = 128
        private static let stepBytes = 256 << 10
        /// What is worth a task of its own.
        private static let shareSize = 16

        init(
            _ filter: CalendarFilter, zones: ZoneContext, data: ObjectData, context: DAVContext,
            beginning: Resource, depth: Depth
        ) {
            evaluator = CalendarFilterEvaluator(filter: filter, zones: zones)
            timeSearch = evaluator.timeSearch
            self.data = data
            self.context = context
            waiting = [.resource(beginning, depth)]
        }

        mutating func next(_ writer: inout PropertyWriter) async throws -> Bool {
            try context.checkTime()
            switch waiting.popLast() {
            case nil: return false
            case .resource(let resource, let depth): try await visit(resource, depth: depth, &writer)
            case .candidates(let candidates, let view, let start):
                let end = endOfStep(candidates, from: start)
                let found = try await results(Array(candidates[start..<end]), in: view)
                for (member, extra) in found { try writer.write(member, in: view, extra: extra) }
                if end < candidates.count { waiting.append(.candidates(candidates, view, from: end)) }
            case .members(let pages, let view, let page):
                if page + 1 < pages.count { waiting.append(.members(pages, view, page: page + 1)) }
                let members = pages[page].map { MemberCandidate(member: $0, isCertain: false) }
                waiting.append(.candidates(members, view, from: 0))
            }
            return true
        }

        /// As many as together are not large.
        private func endOfStep(_ candidates: [MemberCandidate], from start: Int) -> Int {
            var (end, size) = (start, 0)
            while end < candidates.count, end - start < Self.stepSize, end == start || size < Self.stepBytes {
                if data.isWanted { size += candidates[end].member.size }
                end += 1
            }
            return end
        }

        private mutating func visit(_ resource: Resource, depth: Depth, _ writer: inout PropertyWriter) async throws {
            if let view = resource.collection, resource.kind == .calendar || resource.kind == .scheduleInbox {
                guard depth != .zero else { return }
                if let timeSearch {
                    let candidates = try await view.candidates(
                        component: timeSearch.component, start: timeSearch.start, end: timeSearch.end)
                    waiting.append(.candidates(candidates, view, from: 0))
                } else {
                    let pages = try await view.pages()
                    if pages.count > 0 { waiting.append(.members(pages, view, page: 0)) }
                }
            } else if case .member(let member, let view) = resource.content {
                for (member, extra) in try await results([MemberCandidate(member: member, isCertain: false)], in: view)
                {
                    try writer.write(member, in: view, extra: extra)
                }
            } else if depth == .infinity {
                let children = try await context.childCollections(of: resource)
                for child in children.reversed() { waiting.append(.resource(child, depth)) }
            }
        }

        private typealias Result = (member: Member, extra: [XMLName: ExtraValue])

        /// Those that match, with what is asked of them. Where much is to be computed, all processors share it.
        private func results(
            _ candidates: [MemberCandidate], in view: any CollectionView
        ) async throws -> [Result] {
            guard data.isComputed, candidates.count > Self.shareSize else {
                return try await part(candidates[...], in: view)
            }
            return try await withThrowingTaskGroup(of: (Int, [Result]).self) { group in
                for start in stride(from: 0, to: candidates.count, by: Self.shareSize) {
                    let share = candidates[start..<min(start + Self.shareSize, candidates.count)]
                    group.addTask { (start, try await part(share, in: view)) }
                }
                var parts: [(Int, [Result])] = []
                for try await part in group { parts.append(part) }
                return parts.sorted { $0.0 < $1.0 }.flatMap(\.1)
            }
        }

        private func part(
            _ candidates: ArraySlice<MemberCandidate>, in view: any CollectionView
        ) async throws -> [Result] {
            var results: [Result] = []
            for candidate in candidates {
                if let extra = try await values(of: candidate, in: view) { results.append((candidate.member, extra)) }
            }
            return results
        }

        /// nil when it does not match.
        private func values(
            of candidate: MemberCandidate, in view: any CollectionView
        ) async throws -> [XMLName: ExtraValue]? {
            let member = candidate.member
            if candidate.isCertain, timeSearch?.isWholeFilter == true {
                return try await data.values(of: member, in: view, times: candidate.times)
            }
            switch evaluator.decide(by: try await view.facts(of: member)) {
            case .no: return nil
            case .yes: return try await data.values(of: member, in: view)
            case .unknown:
                try context.checkTime()
                let content = try await view.content(of: member)
                guard let object = try? CalendarObject(parsing: content), evaluator.matches(object) else { return nil }
                return try await data.values(of: member, in: view, content: content)
            }
        }
    }
}
