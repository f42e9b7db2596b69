import CollectionStore
import HTTPTypes
import WebDAV

/// Copies and moves members with their dead properties.
struct MemberTransfer {
    private let context: DAVContext

    init(_ context: DAVContext) { self.context = context }

    /// - Returns: the entity tag of the copy.
    @discardableResult
    func copy(
        _ member: Member, of view: any CollectionView, to destination: CollectionPath, if condition: WriteCondition,
        isMove: Bool = false
    ) async throws -> PutOutcome {
        guard let parent = destination.parent else { throw DAVError(.forbidden, "The root is no member.") }
        let name = try MemberName(destination.name)
        let bytes = try await view.content(of: member)
        let outcome: PutOutcome
        // What moves among a person's own collections takes no more room than before.
        if !isMove || context.owner(of: view.path) != context.owner(of: destination) {
            try await MemberLimits.checkRoom(for: bytes.count, at: destination, context)
        }
        do {
            outcome = try await context.storage.put(bytes, as: name, in: parent, if: condition, by: context.author)
        } catch {
            throw try await MemberRefusal.explain(error, in: parent, context)
        }
        try await setProperties(view.properties.memberProperties[member.name], of: name, in: parent)
        return outcome
    }

    func move(
        _ member: Member, of view: any CollectionView, to destination: CollectionPath, if condition: WriteCondition,
        replacing: WriteCondition
    ) async throws {
        guard destination.parent == view.path else {
            let outcome = try await copy(member, of: view, to: destination, if: replacing, isMove: true)
            do {
                // What has changed meanwhile is not lost: it stays, and the copy goes.
                let same = WriteCondition { $0?.etag == member.etag && condition.isMet(by: $0) }
                try await context.storage.delete(member.name, in: view.path, if: same, by: context.author)
            } catch {
                if outcome.created, let parent = destination.parent, let name = try? MemberName(destination.name) {
                    try? await context.storage.delete(
                        name, in: parent, if: .matches([outcome.etag]), by: context.author)
                }
                throw error
            }
            return
        }
        do {
            try await context.storage.rename(
                member.name, to: try MemberName(destination.name), in: view.path, if: condition, replacing: replacing,
                by: context.author)
        } catch {
            throw try await MemberRefusal.explain(error, in: view.path, context)
        }
    }

    private func setProperties(
        _ properties: [String: String]?, of name: MemberName, in collection: CollectionPath
    ) async throws {
        let view = try await context.resource(at: collection)?.collection
        guard view?.properties.memberProperties[name] != properties else { return }
        try await context.storage.updateProperties(at: collection, by: context.author) {
            $0.memberProperties[name] = properties
        }
    }
}

/// Why a member was not stored, with the vocabulary of the collection it was for.
enum MemberRefusal {
    /// Looks at the place again, to say more than the storage can.
    static func explain(
        _ error: any Error, in parent: CollectionPath, _ context: DAVContext
    ) async throws -> any Error {
        guard let error = error as? CollectionStoreError else { return error }
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
