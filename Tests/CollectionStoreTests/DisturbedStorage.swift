import CollectionStore
import Foundation
import SeededNumbers
import Synchronization

/// A storage whose repositories another program keeps locking for a moment, as `git gc` and `git commit` do, and whose
/// answers come late: everything must hold all the same.
final class DisturbedStorage: CollectionStorage {
    private let storage: GitCollectionStorage
    private let turn = Mutex(SeededGenerator(seed: 3))

    init(_ storage: GitCollectionStorage) { self.storage = storage }

    /// Now and then takes git's lock of the collection's index, for some milliseconds.
    private func disturb(_ path: CollectionPath) async {
        let (waits, locks) = turn.withLock { random in
            (Int.random(in: 0..<4, using: &random) == 0, Int.random(in: 0..<8, using: &random) == 0)
        }
        if locks {
            let lock = storage.root + path.string + "/.git/index.lock"
            let mine = open(lock, O_WRONLY | O_CREAT | O_EXCL, 0o600)
            if mine >= 0 {
                close(mine)
                // On a thread of its own: another program does not wait for our tasks.
                Thread.detachNewThread {
                    usleep(15_000)
                    unlink(lock)
                }
            }
        }
        if waits { try? await Task.sleep(for: .milliseconds(1)) }
    }

    func node(at path: CollectionPath) async throws(CollectionStoreError) -> Node {
        await disturb(path)
        return try await storage.node(at: path)
    }

    func children(of path: CollectionPath) async throws(CollectionStoreError) -> [String] {
        try await storage.children(of: path)
    }

    func createCollection(
        at path: CollectionPath, type: CollectionType, properties: CollectionProperties, by author: ChangeAuthor
    ) async throws(CollectionStoreError) -> any CollectionView {
        try await storage.createCollection(at: path, type: type, properties: properties, by: author)
    }

    func createDirectory(at path: CollectionPath) async throws(CollectionStoreError) {
        try await storage.createDirectory(at: path)
    }

    func createDefaults(principal: CollectionPath, by author: ChangeAuthor) async throws(CollectionStoreError) {
        try await storage.createDefaults(principal: principal, by: author)
    }

    func updatePrincipal(
        at path: CollectionPath, _ change: @Sendable (inout PrincipalSettings) -> Void
    ) async throws(CollectionStoreError) {
        try await storage.updatePrincipal(at: path, change)
    }

    func deleteCollection(at path: CollectionPath, by author: ChangeAuthor) async throws(CollectionStoreError) {
        try await storage.deleteCollection(at: path, by: author)
    }

    func put(
        _ bytes: [UInt8], as name: MemberName, in collection: CollectionPath, if condition: WriteCondition,
        by author: ChangeAuthor
    ) async throws(CollectionStoreError) -> PutOutcome {
        await disturb(collection)
        return try await storage.put(bytes, as: name, in: collection, if: condition, by: author)
    }

    func delete(
        _ name: MemberName, in collection: CollectionPath, if condition: WriteCondition, by author: ChangeAuthor
    ) async throws(CollectionStoreError) {
        await disturb(collection)
        try await storage.delete(name, in: collection, if: condition, by: author)
    }

    func rename(
        _ name: MemberName, to new: MemberName, in collection: CollectionPath, if condition: WriteCondition,
        replacing: WriteCondition, by author: ChangeAuthor
    ) async throws(CollectionStoreError) -> PutOutcome {
        await disturb(collection)
        return try await storage.rename(
            name, to: new, in: collection, if: condition, replacing: replacing, by: author)
    }

    func moveCollection(
        from path: CollectionPath, to target: CollectionPath, by author: ChangeAuthor
    ) async throws(CollectionStoreError) {
        try await storage.moveCollection(from: path, to: target, by: author)
    }

    func updateProperties(
        at path: CollectionPath, by author: ChangeAuthor,
        _ change: @escaping @Sendable (inout CollectionProperties) throws(CollectionStoreError) -> Void
    ) async throws(CollectionStoreError) {
        await disturb(path)
        try await storage.updateProperties(at: path, by: author, change)
    }
}
