import GitObjects
import Synchronization

/// Content of blobs, and what is known about them, shared by all views of a collection. Both are functions of the blob's
/// id, so nothing in here can ever be out of date.
final class ContentCache: Sendable {
    private struct State {
        // Two generations: what is asked for again moves to the young one, and the old one is dropped as a whole.
        var young: [ObjectID: [UInt8]] = [:]
        var old: [ObjectID: [UInt8]] = [:]
        var youngBytes = 0
        var facts: [ObjectID: MemberFacts] = [:]
        var sizes: [ObjectID: Int] = [:]
    }

    private let state = Mutex(State())
    private let byteLimit: Int
    private let entryLimit: Int

    /// `byteLimit` bounds the content kept, `entryLimit` the number of blobs with facts (some 200 bytes each).
    init(byteLimit: Int = 16 << 20, entryLimit: Int = 500_000) {
        self.byteLimit = byteLimit
        self.entryLimit = entryLimit
    }

    func content(of id: ObjectID) -> [UInt8]? {
        state.withLock { state in
            if let content = state.young[id] { return content }
            guard let content = state.old.removeValue(forKey: id) else { return nil }
            add(content, id, to: &state)
            return content
        }
    }

    func insert(_ content: [UInt8], for id: ObjectID) {
        state.withLock { state in
            if state.sizes.count >= entryLimit { state.sizes.removeAll() }
            state.sizes[id] = content.count
            add(content, id, to: &state)
        }
    }

    private func add(_ content: [UInt8], _ id: ObjectID, to state: inout State) {
        guard content.count <= byteLimit / 8 else { return }
        if state.youngBytes + content.count > byteLimit / 2 {
            state.old = state.young
            state.young = [:]
            state.youngBytes = 0
        }
        if state.young.updateValue(content, forKey: id) == nil { state.youngBytes += content.count }
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
