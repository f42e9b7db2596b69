import CollectionStore
import HTTPTypes
import WebDAV

extension DAVService {
    /// The answer to a GET or HEAD of a member, if it can be given from memory and without waiting; nil for everything that
    /// is not quite usual, which `respond` answers. Both say the same.
    package func respondAtOnce(to request: DAVRequest) -> DAVResponse? {
        guard request.method == .get || request.method == .head, request.headers[.calDAVTimezones] == nil,
            !request.target.contains("#"),
            let principal = try? DAVContext.principal(of: request, options: options),
            // What is shared has a second address, which takes some looking up.
            options.singleUserPrincipal != nil || shares.knowsNone(of: principal),
            let target = try? RoutePrefix(options.routePrefix).strip(ResourcePath(parsing: request.target)),
            let path = try? CollectionPath(segments: target.segments),
            options.singleUserPrincipal != nil || path.isWithin(principal),
            let stored = storage.memberAtOnce(at: path), let conditions = try? ConditionalRequest(request.headers)
        else { return nil }
        // In which version a card is wanted takes a look at it.
        if stored.collectionType != .calendar, let accept = request.headers[.accept],
            CardNegotiation(accept: accept, stored: nil) != .asStored
        {
            return nil
        }
        return GetHandler.answer(stored, conditions, request.method)
    }
}
