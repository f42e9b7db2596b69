import Synchronization

/// The collections that are open, the least recently used closed first when there are too many.
final class OpenCollections: Sendable {
    private struct Entry {
        var collection: GitCollection
        var lastUse: UInt64
    }
    private struct State {
        var entries: [CollectionPath: Entry] = [:]
        var clock: UInt64 = 0
    }

    private let state = Mutex(State())
    private let limit: Int

    init(limit: Int) { self.limit = max(limit, 1) }

    subscript(path: CollectionPath) -> GitCollection? {
        state.withLock { state in
            state.clock += 1
            state.entries[path]?.lastUse = state.clock
            return state.entries[path]?.collection
        }
    }

    /// Returns the one that is open already when two have opened it at the same time: a collection has one writer.
    func add(_ collection: GitCollection) -> GitCollection {
        state.withLock { state in
            if let known = state.entries[collection.path] { return known.collection }
            if state.entries.count >= limit,
                let oldest = state.entries.filter({ $0.value.collection.isSettled })
                    .min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.entries[oldest.key] = nil
            }
            state.clock += 1
            state.entries[collection.path] = Entry(collection: collection, lastUse: state.clock)
            return collection
        }
    }

    var all: [GitCollection] { state.withLock { $0.entries.values.map(\.collection) } }

    func forget(_ path: CollectionPath) { state.withLock { $0.entries[path] = nil } }

    func forget(within path: CollectionPath) {
        state.withLock { state in
            for key in state.entries.keys where key.isWithin(path) { state.entries[key] = nil }
        }
    }
}
