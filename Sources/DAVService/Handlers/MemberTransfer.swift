import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

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
        try await requireSameObject(member, of: view, at: destination)
        do {
            try await context.storage.rename(
                member.name, to: try MemberName(destination.name), in: view.path, if: condition, replacing: replacing,
                by: context.author)
        } catch {
            throw try await MemberRefusal.explain(error, in: view.path, context)
        }
    }

    /// - Throws: 403 `no-uid-conflict` when what is replaced is another object.
    private func requireSameObject(
        _ member: Member, of view: any CollectionView, at destination: CollectionPath
    ) async throws {
        guard view.type == .calendar || view.type == .addressbook,
            let old = try await view.member(named: try MemberName(destination.name)),
            let uid = try await view.facts(of: member).uid, let other = try await view.facts(of: old).uid, uid != other
        else { return }
        let error = CollectionStoreError(replacing: other, by: uid, at: old.name)
        throw DAVError(error, storingIn: view.type) { context.href(view.path.appending($0), isCollection: false) }
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
    /// Said by programs that do not know what they send.
    private static let vague: Set = [
        "text/calendar", "text/vcard", "text/x-vcard", "text/plain", "application/octet-stream",
        "application/x-www-form-urlencoded",
    ]

    /// The media type of the body, if it is said and none that is stored here.
    private static func foreignType(_ request: DAVRequest) -> String? {
        guard [.put, .post].contains(request.method), let field = request.headers[.contentType] else { return nil }
        let type = field.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
        return type.isEmpty || vague.contains(type) ? nil : String(type.prefix(64))
    }

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
        var refusal = DAVError(error, storingIn: view.type) { member in
            context.href(view.path.appending(member), isCollection: false)
        }
        // What calls itself something else, and is it, is not invalid but of the wrong kind.
        if error.code == .invalidContent, let type = foreignType(context.request) {
            switch refusal.condition?.name {
            case .validCalendarData: refusal.condition = XMLElement(.supportedCalendarData)
            case .validAddressData: refusal.condition = XMLElement(.supportedAddressData)
            default: return refusal
            }
            refusal.reason += " It came as \(type)."
        }
        return refusal
    }
}
