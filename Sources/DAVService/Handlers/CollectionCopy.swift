import CollectionStore
import HTTPTypes
import WebDAV

/// Copies and moves collections. What is at the destination goes only when its successor is complete.
struct CollectionCopy {
    private let context: DAVContext

    init(_ context: DAVContext) { self.context = context }

    /// How many members are stored at the same time; the storage commits them together.
    private static let width = 32

    func copy(
        _ view: any CollectionView, to destination: CollectionPath, replacing existing: Resource?, deep: Bool
    ) async throws {
        try await replace(existing, at: destination) { place in
            do {
                try await fill(place, from: view, deep: deep)
            } catch {
                try? await context.storage.deleteCollection(at: place, by: context.author)
                throw error
            }
        }
    }

    func move(_ source: Resource, to destination: CollectionPath, replacing existing: Resource?) async throws {
        try await remove(existing)
        try await context.storage.moveCollection(from: source.path, to: destination, by: context.author)
        try await Sharing(context).follow(from: source.path, to: destination)
    }

    /// Lets `make` make a collection, at the destination itself when that is free.
    private func replace(
        _ existing: Resource?, at destination: CollectionPath, _ make: (CollectionPath) async throws -> Void
    ) async throws {
        guard let existing, let parent = destination.parent else { return try await make(destination) }
        let place = try parent.appending("copy-\(UInt64.random(in: 0...UInt64.max))")
        try await make(place)
        try await remove(existing)
        try await context.storage.moveCollection(from: place, to: destination, by: context.author)
    }

    private func remove(_ existing: Resource?) async throws {
        switch existing?.content {
        case .member(let member, let view):
            try await context.storage.delete(
                member.name, in: view.path, if: .matches([member.etag]), by: context.author)
        case .collection, .directory:
            guard let path = existing?.path else { return }
            try await context.storage.deleteCollection(at: path, by: context.author)
            context.locks.remove(within: path)
        case nil: return
        }
    }

    private func fill(_ place: CollectionPath, from view: any CollectionView, deep: Bool) async throws {
        var properties = view.properties
        // A copy is another resource (RFC 5842, 3.1), and nobody has been let into it.
        properties.resourceID = nil
        properties.grants = []
        if !deep { properties.memberProperties = [:] }
        try await context.storage.createCollection(
            at: place, type: view.type, properties: properties, by: context.author)
        guard deep else { return }
        try await copyMembers(of: view, to: place)
        for name in try await context.storage.children(of: view.path) {
            let path = try view.path.appending(name)
            guard try await context.mayRead(path), let inner = try await context.resource(at: path)?.collection else {
                continue
            }
            try await fill(try place.appending(name), from: inner, deep: true)
        }
    }

    private func copyMembers(of view: any CollectionView, to place: CollectionPath) async throws {
        let (storage, author) = (context.storage, context.author)
        let members = try await view.members()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, member) in members.enumerated() {
                if number >= Self.width { try await group.next() }
                group.addTask {
                    let bytes = try await view.content(of: member)
                    _ = try await storage.put(bytes, as: member.name, in: place, if: .absent, by: author)
                }
            }
            try await group.waitForAll()
        }
    }
}
