package import CollectionStore
import HTTPTypes
package import Logging
import WebDAV

/// CalDAV and CardDAV over a storage of collections: requests in, answers out, without sockets.
///
/// Authentication has happened before. The service never throws: every failure becomes an answer.
package struct DAVService: Sendable {
    let storage: any CollectionStorage
    let options: DAVOptions
    let logger: Logger

    package init(storage: any CollectionStorage, options: DAVOptions = DAVOptions(), logger: Logger) {
        self.storage = storage
        self.options = options
        self.logger = logger
    }

    /// Whether a request may be answered before the client has logged in: the well-known addresses of RFC 6764, and
    /// OPTIONS for discovery.
    package func isPublic(_ request: DAVRequest) -> Bool {
        request.method == .options || WellKnown.matches(request.target)
    }

    package func respond(to request: DAVRequest) async -> DAVResponse {
        DAVResponse(DAVError(.notImplemented, "Not there yet."), to: request.method)
    }
}
