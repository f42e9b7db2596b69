import CollectionStore
import HTTPTypes
import WebDAV

/// The conditions of a request that changes something: those of HTTP and the `If` header of WebDAV.
///
/// For members they are evaluated inside the writer, so that of several clients with the same condition only one wins.
/// What `If` says about other resources is looked up before.
struct Preconditions: Sendable {
    private let conditions: ConditionalRequest
    private let ifHeader: IfHeader?
    /// By href as written in the header; nil for the target itself.
    private let others: [String: EntityTag?]

    init(_ context: DAVContext) async throws {
        conditions = context.conditions
        ifHeader = try context.request.headers[.if].map { (text) throws(DAVError) in try IfHeader(header: text) }
        var others: [String: EntityTag?] = [:]
        let target = try context.collectionPath(context.target)
        for href in Set((ifHeader?.lists ?? []).compactMap(\.resource)) {
            guard let path = try? context.path(href: href), path != target else { continue }
            let isVisible = context.mayRead(path)
            others[href] = .some(isVisible ? try await context.resource(at: path)?.entityTag : nil)
        }
        self.others = others
    }

    var isEmpty: Bool { conditions.isEmpty && ifHeader == nil }

    /// For a member; called by the writer.
    var writeCondition: WriteCondition {
        guard !isEmpty else { return .any }
        return WriteCondition { member in
            hold(
                for: ConditionalRequest.Target(
                    tag: member.map { EntityTag($0.etag.hex) }, exists: member != nil,
                    lastModified: member?.lastModified))
        }
    }

    /// For a collection.
    /// - Throws: 412.
    func check(_ resource: Resource) throws(DAVError) {
        let target = ConditionalRequest.Target(
            tag: resource.entityTag, exists: true, lastModified: resource.lastModified)
        guard isEmpty || hold(for: target) else {
            throw DAVError(.preconditionFailed, "The conditions of the request do not hold.")
        }
    }

    private func hold(for target: ConditionalRequest.Target) -> Bool {
        guard conditions.evaluate(for: target, isRead: false) == .proceed else { return false }
        guard let ifHeader else { return true }
        return ifHeader.holds { href, state in
            switch state {
            // Nothing is ever locked, so no token is in force.
            case .token: return false
            case .tag(let tag):
                let current = href.flatMap { others[$0] } ?? target.tag
                return current.map { $0.matchesStrongly(tag) } ?? false
            }
        }
    }
}
