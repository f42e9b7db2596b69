package import CollectionStore
package import HTTPTypes
import Logging
import WebDAV

/// A collection, and what a person may do with it: for those who serve collections by other ways than DAV.
package struct ServedPlace: Sendable {
    package let path: CollectionPath
    package let mayWrite: Bool
    package let isOwner: Bool
    package let author: ChangeAuthor
    /// Whether somebody has locked a member; the lock may be the person's own.
    package let isLocked: @Sendable (MemberName) -> Bool
    /// Says in words why members may not grow by so many bytes; nil when they may.
    package let refusesGrowth: @Sendable (Int) async -> String?
}

/// Why a place is not served, with a sentence for the person.
package struct PlaceRefusal: Error {
    package let status: HTTPResponse.Status
    package let reason: String
}

extension DAVService {
    /// The collection that the target of a request names. To see when somebody is busy is not enough.
    package func place(of request: DAVRequest) async throws(PlaceRefusal) -> ServedPlace {
        do {
            let context = try await DAVContext(request, service: self)
            let path = try context.collectionPath(context.target)
            try await context.require(.read, on: path)
            guard let resource = try await context.resource(at: path), resource.collection != nil else {
                throw DAVError(.notFound, "There is no collection at \(context.target.encoded).")
            }
            let access = try await context.access(to: path)
            return ServedPlace(
                path: path, mayWrite: access >= .write, isOwner: access == .owner, author: context.author,
                isLocked: { name in
                    !context.locks.isEmpty
                        && !context.locks.guarding(path.appending(name), .binding).isEmpty
                },
                refusesGrowth: { growth in
                    do {
                        try await MemberLimits.checkRoom(for: growth, at: path, context)
                        return nil
                    } catch {
                        return (error as? DAVError)?.reason ?? "The server could not find out whether there is room."
                    }
                })
        } catch {
            throw refusal(error)
        }
    }

    private func refusal(_ error: any Error) -> PlaceRefusal {
        if let error = error as? DAVError { return PlaceRefusal(status: error.status, reason: error.reason) }
        logger.error("A collection cannot be served: \(error)")
        return PlaceRefusal(status: .internalServerError, reason: "The server failed; its log says why.")
    }
}
