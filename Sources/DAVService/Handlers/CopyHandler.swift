import CollectionStore
import HTTPTypes
import WebDAV

/// COPY (RFC 4918, 9.8): a member, or a collection with or without what it holds. Dead properties are copied too.
struct CopyHandler: DAVHandler {
    func respond(_ context: DAVContext) async throws -> DAVResponse {
        let relocation = try await Relocation(context, isMove: false)
        switch relocation.source.content {
        case .member(let member, let view):
            try await relocation.clearCollection()
            try await MemberTransfer(context).copy(
                member, of: view, to: relocation.destination, if: relocation.replacing)
        case .collection(let view):
            let depth = try Depth(header: context.request.headers[.depth], default: .infinity)
            guard depth != .one else { throw DAVError(.badRequest, "The Depth of COPY is 0 or infinity.") }
            try await CollectionCopy(context).copy(
                view, to: relocation.destination, replacing: relocation.existing, deep: depth == .infinity)
        case .directory:
            throw DAVError(.forbidden, "The plain directory \(context.href(relocation.source)) cannot be copied.")
        }
        return relocation.answer
    }
}
