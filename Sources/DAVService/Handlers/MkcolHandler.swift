import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

/// MKCOL (RFC 4918, 9.3), also with a body that says what the collection shall be (RFC 5689).
struct MkcolHandler: DAVHandler {
    func respond(_ context: DAVContext) async throws -> DAVResponse {
        let occupied = DAVError(
            .methodNotAllowed, "Something is already at \(context.target.encoded).",
            headers: [.allow: HandlerTable.allow(.plainCollection)])
        let creation = try await CollectionCreation.prepare(context, occupied: occupied)
        let body = try self.body(of: context.request)
        let names = body.resourceType ?? [.collection]
        guard let type = Self.types[Set(names)] else {
            let unknown = Propstat(
                status: .forbidden, properties: [XMLElement(.resourcetype)], error: XMLElement(.validResourcetype),
                description: "A collection of the type \(names.map(\.local).joined(separator: ", ")) cannot be made.")
            let others = Propstat(
                status: .failedDependency, properties: body.properties.map { XMLElement($0.name) })
            return creation.refuse([unknown, others], .mkcolResponse)
        }
        return try await creation.create(type, body.properties, failureRoot: .mkcolResponse)
    }

    private static let types: [Set<XMLName>: CollectionType] = [
        [.collection]: .other,
        [.collection, .calendar]: .calendar,
        [.collection, .addressbook]: .addressbook,
        [.collection, .subscribed]: .subscription,
    ]

    private func body(of request: DAVRequest) throws(DAVError) -> MakeCollectionRequest {
        if !request.body.isEmpty, let type = request.headers[.contentType]?.lowercased() {
            let essence = type.prefix { $0 != ";" }.filter { $0 != " " }
            guard essence.hasSuffix("/xml") || essence.hasSuffix("+xml") else {
                throw DAVError(.unsupportedMediaType, "The body of MKCOL is XML or empty, not \(essence).")
            }
        }
        return try MakeCollectionRequest(parsing: request.body, root: .mkcol)
    }
}
