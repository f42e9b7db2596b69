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
        let data = try ObjectData(request.selection, resource: resource, context: context)
        var writer = PropertyWriter(request.selection, context: context)
        for href in request.hrefs {
            guard let found = try await member(href, in: resource, context) else {
                // As the client wrote it, so that it finds it in its own list.
                writer.write(href, status: .notFound)
                continue
            }
            try await writer.write(found, extra: data.values(for: found))
        }
        return .multistatus(writer.finish())
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
