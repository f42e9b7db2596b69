import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

/// sync-collection of a plain collection, such as a home: which collections have come, changed and gone; with the level
/// infinite (RFC 6578, 3.3) the members of all of them too.
struct TreeSynchronisation {
    private enum Entry {
        case collection(Resource)
        case members([Member], any CollectionView)
        case gone(String)
    }

    private let request: SyncCollectionRequest
    private let target: Resource
    private let context: DAVContext
    private var entries: [Entry] = []
    /// What the client will know after this answer.
    private var known: CollectionTree.States = [:]
    /// How many entries may still be told of.
    private var room: Int

    static func respond(
        _ request: SyncCollectionRequest, _ target: Resource, _ context: DAVContext
    ) async throws -> DAVResponse {
        var synchronisation = TreeSynchronisation(request, target, context)
        return try await synchronisation.run()
    }

    private init(_ request: SyncCollectionRequest, _ target: Resource, _ context: DAVContext) {
        self.request = request
        self.target = target
        self.context = context
        room = request.limit ?? .max
    }

    private mutating func run() async throws -> DAVResponse {
        let tree = try await CollectionTree(target, context)
        let data = try ObjectData(request.selection, resource: target, context: context)
        known = try request.token.map { (token) throws(DAVError) in try CollectionTree.states(of: token) } ?? [:]
        let isWhole = try await collect(tree)
        let listing = Listing(
            entries: entries, isWhole: isWhole, target: target, selection: request.selection, data: data,
            context: context)
        return try await SteppedAnswer.respond(
            PropertyWriter(request.selection, context: context), listing, syncToken: CollectionTree.token(known),
            context)
    }

    /// - Returns: false when the limit left something out.
    private mutating func collect(_ tree: CollectionTree) async throws -> Bool {
        if let view = target.collection {
            guard try await addMembers(of: view, key: "") else { return false }
        }
        for key in known.keys.sorted() where tree.states[key] == nil {
            // What was in something that has gone needs no word of its own.
            let isInner = key.split(separator: "/").count > 1
            if request.isInfinite ? !isBelowGone(key, tree) : !isInner {
                guard take() else { return false }
                entries.append(.gone(context.href(target) + key + "/"))
            }
            known[key] = nil
        }
        for branch in tree.branches where known[branch.key] != branch.state {
            guard request.isInfinite || branch.isChild else {
                known[branch.key] = branch.state
                continue
            }
            guard room > 0 else { return false }
            if request.isInfinite, !branch.isOpen, let old = known[branch.key], old != CollectionTree.closed {
                // What was in it may not be seen any more.
                entries.append(.gone(context.href(branch.resource)))
            } else {
                entries.append(.collection(branch.resource))
            }
            if request.isInfinite, branch.isOpen, let view = branch.resource.collection {
                guard try await addMembers(of: view, key: branch.key) else { return false }
            }
            known[branch.key] = branch.state
            // Counted last, so that an answer always gets further, whatever the limit.
            _ = take()
        }
        return true
    }

    private func isBelowGone(_ key: String, _ tree: CollectionTree) -> Bool {
        guard let slash = key.lastIndex(of: "/") else { return false }
        return tree.states[String(key[..<slash])] == nil
    }

    private mutating func take() -> Bool {
        guard room > 0 else { return false }
        room -= 1
        return true
    }

    /// What has changed in one collection.
    private mutating func addMembers(of view: any CollectionView, key: String) async throws -> Bool {
        let old = known[key].flatMap { $0 == CollectionTree.closed ? nil : SyncToken($0) }
        guard old != view.syncToken else { return true }
        guard room > 0 else { return false }
        let changes = try await view.changes(since: old, limit: room == .max ? nil : room)
        entries.append(.members(changes.changed, view))
        for name in changes.removed {
            entries.append(.gone(context.href(view.path.appending(name), isCollection: false)))
        }
        if room != .max { room -= min(room, changes.changed.count + changes.removed.count) }
        known[key] = changes.token.description
        return !changes.isTruncated
    }

    private struct Listing: AnswerSteps {
        let entries: [Entry]
        let isWhole: Bool
        let target: Resource
        let selection: PropertySelection
        let data: ObjectData
        let context: DAVContext
        fileprivate var position = 0
        fileprivate var member = 0

        mutating func next(_ writer: inout PropertyWriter) async throws -> Bool {
            try context.checkTime()
            guard position < entries.count else {
                if !isWhole { writer.writeTruncation(of: target, context) }
                return false
            }
            switch entries[position] {
            case .gone(let href): writer.write(href, status: .notFound)
            case .collection(let resource):
                try writer.write(resource, extra: try await context.lookedUp(for: resource, selection))
            case .members(let members, let view):
                while member < members.count, writer.pendingCount < SteppedAnswer.pieceSize {
                    try writer.write(
                        members[member], in: view, extra: try await data.values(of: members[member], in: view))
                    member += 1
                }
                guard member == members.count else { return true }
                member = 0
            }
            position += 1
            return true
        }
    }
}

extension PropertyWriter {
    /// Says that there is more (RFC 6578, 3.6).
    mutating func writeTruncation(of target: Resource, _ context: DAVContext) {
        write(
            context.href(target), status: .insufficientStorage, error: XMLElement(.numberOfMatchesWithinLimits),
            description: "There is more: ask again with the new token.")
    }
}

extension DAVContext {
    /// Values that cannot be told without looking them up, for a selection that names them.
    func lookedUp(
        for resource: Resource, _ selection: PropertySelection
    ) async throws -> [XMLName: ExtraValue] {
        let tree = try await CollectionTree.values(for: resource, selection, self)
        return tree.merging(try await Quota.values(for: resource, selection, self)) { first, _ in first }
    }
}
