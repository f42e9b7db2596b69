import GitObjects
import Synchronization

/// The content of members that git does not have yet, by blob.
final class PendingContents: Sendable {
    private struct Entry {
        var bytes: [UInt8]
        var uses: Int
    }

    private let entries = Mutex<[ObjectID: Entry]>([:])

    subscript(id: ObjectID) -> [UInt8]? { entries.withLock { $0[id]?.bytes } }

    func insert(_ changes: some Sequence<PendingChange>) {
        entries.withLock { entries in
            for content in changes.lazy.compactMap(\.content) {
                entries[content.id, default: Entry(bytes: content.bytes, uses: 0)].uses += 1
            }
        }
    }

    func remove(_ changes: some Sequence<PendingChange>) {
        entries.withLock { entries in
            for content in changes.lazy.compactMap(\.content) {
                guard var entry = entries[content.id] else { continue }
                entry.uses -= 1
                entries[content.id] = entry.uses > 0 ? entry : nil
            }
        }
    }
}
