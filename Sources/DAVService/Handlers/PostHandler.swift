import CollectionStore
import FoundationEssentials
import HTTPTypes
import WebDAV
import XMLStream

/// POST: adds a member under a name that the server chooses (RFC 5995), or shares a calendar as Apple's clients do.
struct PostHandler: DAVHandler {
    func respond(_ context: DAVContext) async throws -> DAVResponse {
        let path = try context.collectionPath(context.target)
        let type = (context.request.headers[.contentType] ?? "").prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
        let isXML = type.hasSuffix("/xml") || type.hasSuffix("+xml")
        try await context.require(isXML ? .writeAcl : .writeContent, on: path)
        let resource = try await context.resource()
        guard let view = resource.collection, ResourceKind.stores.contains(resource.kind) else {
            throw DAVError(
                .methodNotAllowed, "Members are added to calendars, address books and other collections.",
                headers: [.allow: HandlerTable.allow(resource.kind)])
        }
        let preconditions = try await Preconditions(context)
        try preconditions.check(resource)
        if isXML { return try await SharingRequest(parsing: context.request.body).apply(to: path, context) }
        return try await add(type, to: view, preconditions, context)
    }

    private func add(
        _ type: String, to view: any CollectionView, _ preconditions: Preconditions, _ context: DAVContext
    ) async throws -> DAVResponse {
        let name = try MemberName(UUID().uuidString.lowercased() + Self.suffix(type, view.type))
        let path = view.path.appending(name)
        try preconditions.requireUnlocked(path, .binding)
        let body = context.request.body
        try await MemberLimits.check(body.count, at: path, for: view.type, context)
        do {
            let outcome = try await context.storage.put(body, as: name, in: view.path, if: .absent, by: context.author)
            var response = PutHandler.answer(outcome, body, path, context)
            response.headers[.location] = context.href(path, isCollection: false)
            return response
        } catch {
            throw try await MemberRefusal.explain(error, in: view.path, context)
        }
    }

    private static func suffix(_ contentType: String, _ type: CollectionType) -> String {
        switch (type, contentType) {
        case (.calendar, _), (_, "text/calendar"): ".ics"
        case (.addressbook, _), (_, "text/vcard"), (_, "text/x-vcard"): ".vcf"
        default: ""
        }
    }
}
