import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

/// MKCALENDAR (RFC 4791, 5.3.1).
struct MkcalendarHandler: DAVHandler {
    func respond(_ context: DAVContext) async throws -> DAVResponse {
        let occupied = DAVError(
            .forbidden, .resourceMustBeNull, "Something is already at \(context.target.encoded).")
        let creation = try await CollectionCreation.prepare(context, occupied: occupied)
        let body = try MakeCollectionRequest(parsing: context.request.body, root: .mkcalendar)
        if let types = body.resourceType, !types.contains(.calendar) {
            throw DAVError(.forbidden, .validResourcetype, "MKCALENDAR makes calendars only.")
        }
        return try await creation.create(
            .calendar, body.properties, failureRoot: .mkcalendarResponse)
    }
}
