import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

/// calendar-multiget (RFC 4791, 7.9).
struct CalendarMultigetReport: DAVReport {
    let name = XMLName.calendarMultiget
    let kinds: ResourceKind = [.calendar, .scheduleInbox, .plainCollection, .directory, .principal, .calendarObject]

    func respond(_ root: XMLElement, _ resource: Resource, _ context: DAVContext) async throws -> DAVResponse {
        try await Multiget.respond(root, resource, context)
    }
}

/// addressbook-multiget (RFC 6352, 8.7).
struct AddressbookMultigetReport: DAVReport {
    let name = XMLName.addressbookMultiget
    let kinds: ResourceKind = [.addressbook, .plainCollection, .directory, .principal, .card]

    func respond(_ root: XMLElement, _ resource: Resource, _ context: DAVContext) async throws -> DAVResponse {
        try await Multiget.respond(root, resource, context)
    }
}

/// Members by their hrefs, each with the properties asked for. The Depth header means nothing here.
private enum Multiget {
    static func respond(_ root: XMLElement, _ resource: Resource, _ context: DAVContext) async throws -> DAVResponse {
        let request = try MultigetRequest(root)
        guard request.hrefs.count <= context.options.maxMultigetHrefs else {
            throw DAVError(
                .insufficientStorage, .numberOfMatchesWithinLimits,
                "At most \(context.options.maxMultigetHrefs) members can be fetched at once.")
        }
        let fetch = Fetch(
            hrefs: request.hrefs, target: resource,
            data: try ObjectData(request.selection, resource: resource, context: context), context: context)
        return try await SteppedAnswer.respond(
            PropertyWriter(request.selection, context: context), fetch, context)
    }

    private struct Fetch: AnswerSteps {
        let hrefs: [String]
        let target: Resource
        let data: ObjectData
        let context: DAVContext
        private var position = 0

        init(hrefs: [String], target: Resource, data: ObjectData, context: DAVContext) {
            self.hrefs = hrefs
            self.target = target
            self.data = data
            self.context = context
        }

        mutating func next(_ writer: inout PropertyWriter) async throws -> Bool {
            guard position < hrefs.count else { return false }
            try context.checkTime()
            let href = hrefs[position]
            position += 1
            if let found = try await member(href, in: target, context) {
                try writer.write(found, extra: try await data.values(for: found))
            } else {
                // As the client wrote it, so that it finds it in its own list.
                writer.write(href, status: .notFound)
            }
            return true
        }
    }

    /// nil for what does not exist, lies outside the target, or is somebody else's.
    private static func member(
        _ href: String, in resource: Resource, _ context: DAVContext
    ) async throws -> Resource? {
        guard let path = try? context.path(href: href), path.isWithin(resource.path), try await context.mayRead(path)
        else {
            return nil
        }
        if let view = resource.collection, let parent = path.parent, parent == view.path,
            let name = try? MemberName(path.name)
        {
            return try await view.member(named: name).map { context.resource(for: $0, in: view) }
        }
        let found = try await context.resource(at: path)
        return found.flatMap { $0.isCollection ? nil : $0 }
    }
}
