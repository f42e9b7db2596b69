import CollectionStore
import HTTPTypes
import WebDAV

/// MOVE (RFC 4918, 9.9): another name or another place, with dead properties; collections keep their history.
struct MoveHandler: DAVHandler {
    func respond(_ context: DAVContext) async throws -> DAVResponse {
        let relocation = try await Relocation(context, isMove: true)
        let source = relocation.source
        switch source.content {
        case .member(let member, let view):
            try await relocation.clearCollection()
            try await MemberTransfer(context).move(
                member, of: view, to: relocation.destination, if: relocation.preconditions.writeCondition,
                replacing: relocation.replacing)
        case .collection:
            guard try Depth(header: context.request.headers[.depth], default: .infinity) == .infinity else {
                throw DAVError(.badRequest, "A collection is moved with all it holds: Depth can only be infinity.")
            }
            try await CollectionCopy(context).move(source, to: relocation.destination, replacing: relocation.existing)
        case .directory:
            throw DAVError(.forbidden, "The plain directory \(context.href(source)) cannot be moved.")
        }
        // RFC 4918, 7.6: locks stay behind, and end.
        context.locks.remove(within: source.path)
        return relocation.answer
    }
}
