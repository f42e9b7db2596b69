import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

/// What MKCOL and MKCALENDAR share: a new collection with its properties, or nothing.
struct CollectionCreation {
    let context: DAVContext
    let path: CollectionPath

    /// The target, if a collection can be made there.
    /// - Parameter occupied: the answer when something is there.
    static func prepare(_ context: DAVContext, occupied: DAVError) async throws -> CollectionCreation {
        let path = try context.collectionPath(context.target)
        try await context.require(.bind, on: path)
        if try await context.resource(at: path) != nil { throw occupied }
        guard let parent = path.parent, let around = try await context.resource(at: parent), around.isCollection else {
            throw DAVError(.conflict, "The collection around \(context.target.encoded) does not exist; make it first.")
        }
        let preconditions = try await Preconditions(context)
        try preconditions.checkMissing()
        try preconditions.requireUnlocked(path, .binding)
        return CollectionCreation(context: context, path: path)
    }

    /// - Throws: 403 when the collection around takes none of that kind.
    func requirePlace(for type: CollectionType) async throws {
        guard let parent = path.parent, let around = try await context.resource(at: parent) else { return }
        switch around.kind {
        case .plainCollection, .directory, .principal: return
        default:
            let reason = "Collections are made in a home or in a plain collection, not in \(context.href(around))."
            switch type {
            case .calendar: throw DAVError(.forbidden, .calendarCollectionLocationOk, reason)
            case .addressbook: throw DAVError(.forbidden, .addressbookCollectionLocationOk, reason)
            default: throw DAVError(.forbidden, reason)
            }
        }
    }

    /// Makes the collection.
    /// - Parameter failureRoot: the root of the body that says which property could not be set.
    func create(_ type: CollectionType, _ elements: [XMLElement], failureRoot: XMLName) async throws -> DAVResponse {
        try await requirePlace(for: type)
        let change = PropertyChange(
            updates: elements.map(PropertyUpdate.set), kind: ResourceKind(type), isCreation: true)
        let properties: CollectionProperties
        switch change.apply(to: CollectionProperties()) {
        case .success(let changed): properties = changed
        case .failure(let failure): return refuse(failure.propstats, failureRoot)
        }
        try await context.storage.createCollection(at: path, type: type, properties: properties, by: context.author)
        // RFC 4791, 5.3.1: the answer must not be cached.
        return DAVResponse(
            status: .created,
            headers: [.cacheControl: "no-cache", .location: context.href(path, isCollection: true)])
    }

    /// RFC 5689, 3: 4xx with the state of each property; nothing has been made.
    func refuse(_ propstats: [Propstat], _ root: XMLName) -> DAVResponse {
        var writer = MultistatusWriter(root: root)
        for propstat in propstats where !propstat.properties.isEmpty { writer.propstat(propstat) }
        let status = propstats.first { $0.status != .failedDependency }?.status ?? .forbidden
        return DAVResponse(
            status: status, headers: [.contentType: DAVResponse.xmlContentType, .cacheControl: "no-cache"],
            body: .bytes(writer.finish()))
    }
}
