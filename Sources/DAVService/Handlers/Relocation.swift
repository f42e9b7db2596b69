import CollectionStore
import HTTPTypes
import WebDAV

/// What COPY and MOVE share: from where to where, who may, under which conditions.
struct Relocation {
    let source: Resource
    let destination: CollectionPath
    /// What is at the destination now.
    let existing: Resource?
    let preconditions: Preconditions
    private let overwrite: Overwrite
    private let context: DAVContext

    init(_ context: DAVContext, isMove: Bool) async throws {
        self.context = context
        let path = try context.collectionPath(context.target)
        try await context.require(isMove ? .unbind : .read, on: path)
        source = try await context.resource()
        destination = try context.destination()
        guard !destination.isWithin(path), !path.isWithin(destination) else {
            throw DAVError(.forbidden, "Source and destination are the same, or one lies inside the other.")
        }
        try await context.require(.bind, on: destination)
        existing = try await context.resource(at: destination)
        if isMove { try await context.requireRemovable(source) }
        if let existing, existing.isCollection { try await context.requireRemovable(existing) }
        overwrite = try Overwrite(header: context.request.headers[.overwrite])
        preconditions = try await Preconditions(context)
        try preconditions.check(source)
        if isMove { try preconditions.requireUnlocked(path, .tree) }
        try preconditions.requireUnlocked(destination, existing == nil ? .binding : .tree)
        guard existing == nil || overwrite == .allowed else {
            throw DAVError(.preconditionFailed, "Something is at the destination, and Overwrite is F.")
        }
        try await requirePlace()
    }

    /// - Throws: 409 when there is nothing around the destination.
    private func requirePlace() async throws {
        guard let parent = destination.parent, let around = try await context.resource(at: parent), around.isCollection
        else {
            throw DAVError(.conflict, "There is no collection around the destination; make it first.")
        }
        if let type = source.collection?.type {
            try await CollectionCreation(context: context, path: destination).requirePlace(for: type)
        } else if around.collection == nil {
            throw DAVError(.forbidden, "Nothing can be stored in the plain directory \(context.href(around)).")
        }
    }

    /// For what a member replaces.
    var replacing: WriteCondition { overwrite == .allowed ? .any : .absent }

    /// RFC 4918, 9.8.4: what is at the destination is deleted before. A member is replaced in one step instead.
    func clearCollection() async throws {
        guard let existing, existing.isCollection else { return }
        try await context.storage.deleteCollection(at: existing.path, by: context.author)
        context.locks.remove(within: existing.path)
    }

    var answer: DAVResponse {
        let href = context.href(destination, isCollection: source.isCollection)
        return existing == nil
            ? DAVResponse(status: .created, headers: [.location: href]) : DAVResponse(status: .noContent)
    }
}
