import GitObjects
import Synchronization

/// Content of blobs, and what is known about them, shared by all views of a collection. Both are functions of the blob's
/// id, so nothing in here can ever be out of date.
final class ContentCache: Sendable {
    private struct Entry {
        var content: [UInt8]
        /// Since the hand was here last.
        var isUsed = false
    }

    private struct State {
        var entries: [ObjectID: Entry] = [:]
        var bytes = 0
        // A clock: whoever was asked for again since the hand was here last stays for another round.
        var ring: [ObjectID] = []
        var hand = 0
        var facts: [ObjectID: MemberFacts] = [:]
        var sizes: [ObjectID: Int] = [:]
    }

    private let state = Mutex(State())
    private let byteLimit: Int
    private let entryLimit: Int

    /// `byteLimit` bounds the content kept, `entryLimit` the number of blobs with facts (some 200 bytes each).
    init(byteLimit: Int = 12 << 20, entryLimit: Int = 500_000) {
        self.byteLimit = byteLimit
        self.entryLimit = entryLimit
    }

    func content(of id: ObjectID) -> [UInt8]? {
        state.withLock { state in
            guard let index = state.entries.index(forKey: id) else { return nil }
            state.entries.values[index].isUsed = true
            return state.entries.values[index].content
        }
    }

    /// Whether there is room for contents that nobody has asked for yet.
    var hasRoom: Bool { state.withLock { $0.bytes < byteLimit / 8 * 7 } }

    func insert(_ content: [UInt8], for id: ObjectID) {
        state.withLock { state in
            if state.sizes.count >= entryLimit { state.sizes.removeAll() }
            state.sizes[id] = content.count
            add(content, id, to: &state)
        }
    }

    private func add(_ content: [UInt8], _ id: ObjectID, to state: inout State) {
        guard content.count <= byteLimit / 8, state.entries[id] == nil else { return }
        while state.bytes + content.count > byteLimit, !state.ring.isEmpty { turn(&state) }
        state.entries[id] = Entry(content: content)
        state.bytes += content.count
        state.ring.append(id)
    }

    /// Moves the hand on by one.
    private func turn(_ state: inout State) {
        if state.hand >= state.ring.count { state.hand = 0 }
        let id = state.ring[state.hand]
        if state.entries[id]?.isUsed == true {
            state.entries[id]?.isUsed = false
            state.hand += 1
            return
        }
        state.bytes -= state.entries.removeValue(forKey: id)?.content.count ?? 0
        // The youngest takes the place, behind the hand.
        state.ring.swapAt(state.hand, state.ring.count - 1)
        state.ring.removeLast()
        state.hand += 1
    }

    func facts(of id: ObjectID) -> MemberFacts? { state.withLock { $0.facts[id] } }

    func insert(_ facts: MemberFacts, for id: ObjectID) {
        state.withLock { state in
            if state.facts.count >= entryLimit { state.facts.removeAll() }
            state.facts[id] = facts
        }
    }

    func size(of id: ObjectID) -> Int? { state.withLock { $0.sizes[id] } }
}
