import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

/// PUT (RFC 4918, 9.7; RFC 4791, 5.3.2; RFC 6352, 6.3.2): creates or replaces a member. The bytes are kept as they are,
/// so the entity tag can always be given.
struct PutHandler: DAVHandler {
    func respond(_ context: DAVContext) async throws -> DAVResponse {
        let path = try context.collectionPath(context.target)
        guard let parent = path.parent, !context.target.isCollection else {
            throw DAVError(
                .methodNotAllowed,
                "A collection cannot be replaced by PUT; the name of a member has no slash at its end.",
                headers: [.allow: HandlerTable.allow(.plainCollection)])
        }
        try await context.require(.writeContent, on: path)
        guard context.request.headers[.contentRange] == nil else {
            throw DAVError(.badRequest, "A part of a member cannot be put; send it whole.")
        }
        let preconditions = try await Preconditions(context)
        if !context.locks.isEmpty {
            let existing = try await context.resource(at: path)
            if let existing { try preconditions.check(existing) } else { try preconditions.checkMissing() }
            try preconditions.requireUnlocked(path, existing == nil ? .binding : .content)
        }
        let body = context.request.body
        let type = body.count > context.options.maxResourceSize ? try await context.resource(at: parent) : nil
        try await MemberLimits.check(body.count, at: path, for: type?.collection?.type, context)
        let outcome: PutOutcome
        do {
            let name = try MemberName(path.name)
            outcome = try await context.storage.put(
                body, as: name, in: parent, if: preconditions.writeCondition, by: context.author)
        } catch {
            throw try await MemberRefusal.explain(error, in: parent, context)
        }
        return Self.answer(outcome, body, path, context)
    }

    static func answer(
        _ outcome: PutOutcome, _ body: [UInt8], _ path: CollectionPath, _ context: DAVContext
    ) -> DAVResponse {
        var response = DAVResponse(
            status: outcome.created ? .created : .noContent, headers: [.eTag: outcome.etag.quoted])
        if (try? MemberName(path.name))?.fileExtension == "ics" {
            response.headers[.scheduleTag] = outcome.etag.quoted
        }
        if context.preferences.return == .representation {
            // RFC 7240, 4.2: the answer is the member as it is now.
            if !outcome.created { response.status = .ok }
            response.headers[.preferenceApplied] = "return=representation"
            response.headers[.contentLocation] = context.href(path, isCollection: false)
            response.headers[.contentType] =
                context.request.headers[.contentType] ?? (try? MemberName(path.name))?.contentType
            response.body = .bytes(body)
        }
        return response
    }
}
