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
        try context.require(.writeContent, on: path)
        guard context.request.headers[.contentRange] == nil else {
            throw DAVError(.badRequest, "A part of a member cannot be put; send it whole.")
        }
        let preconditions = try await Preconditions(context)
        let body = context.request.body
        guard body.count <= context.options.maxResourceSize else {
            throw try await tooLarge(parent, context)
        }
        let outcome: PutOutcome
        do {
            let name = try MemberName(path.name)
            outcome = try await context.storage.put(
                body, as: name, in: parent, if: preconditions.writeCondition, by: context.author)
        } catch let error {
            throw try await explain(error, path, parent, context)
        }
        return answer(outcome, body, path, context)
    }

    private func answer(
        _ outcome: PutOutcome, _ body: [UInt8], _ path: CollectionPath, _ context: DAVContext
    ) -> DAVResponse {
        var response = DAVResponse(
            status: outcome.created ? .created : .noContent, headers: [.eTag: outcome.etag.quoted])
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

    private func tooLarge(_ parent: CollectionPath, _ context: DAVContext) async throws -> DAVError {
        let type = try await context.resource(at: parent)?.collection?.type
        return DAVError(
            .forbidden, type == .addressbook ? .carddavMaxResourceSize : .caldavMaxResourceSize,
            "The member has \(context.request.body.count) bytes; at most \(context.options.maxResourceSize) are stored."
        )
    }

    /// Looks at the place again, to say more than the storage can.
    private func explain(
        _ error: CollectionStoreError, _ path: CollectionPath, _ parent: CollectionPath, _ context: DAVContext
    ) async throws -> DAVError {
        guard let resource = try await context.resource(at: parent) else {
            return DAVError(.conflict, "There is no collection at \(context.href(parent, isCollection: true)).")
        }
        guard let view = resource.collection else {
            return resource.isCollection
                ? DAVError(.forbidden, "Members are stored in calendars and address books, not in a plain directory.")
                : DAVError(.conflict, "\(context.href(resource)) is no collection.")
        }
        if error.code == .alreadyExists {
            return DAVError(
                .methodNotAllowed, error.reason, headers: [.allow: HandlerTable.allow(.plainCollection)])
        }
        return DAVError(error, storingIn: view.type) { member in
            context.href(view.path.appending(member), isCollection: false)
        }
    }
}
