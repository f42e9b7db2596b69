import KlosetFormat

/// The tree nodes that were read lately, decoded: every lookup passes through the upper ones, and neighbours share
/// the lowest.
struct NodeCache {
    private struct Slot {
        var node: BTreeNode
        /// Bytes of its message, about what it takes in memory.
        var size: Int
        var lastUse: UInt64
    }

    /// Bytes that the cache may hold.
    private let capacity: Int
    private var slots: [BlobID: Slot] = [:]
    private var size = 0
    private var clock: UInt64 = 0

    init(capacity: Int) { self.capacity = capacity }

    mutating func find(_ id: BlobID) -> BTreeNode? {
        guard let index = slots.index(forKey: id) else { return nil }
        clock += 1
        slots.values[index].lastUse = clock
        return slots.values[index].node
    }

    /// - Parameter size: bytes; a node above a sixteenth of the capacity is not kept.
    mutating func insert(_ id: BlobID, _ node: BTreeNode, size: Int) {
        guard size <= capacity / 16 else { return }
        clock += 1
        if let old = slots.updateValue(Slot(node: node, size: size, lastUse: clock), forKey: id) {
            self.size -= old.size
        }
        self.size += size
        if self.size > capacity { dropOlderHalf() }
    }

    /// Evicting many at once keeps the order of use a number per node instead of a linked list.
    private mutating func dropOlderHalf() {
        let uses = slots.values.map(\.lastUse).sorted()
        let threshold = uses[uses.count / 2]
        slots = slots.filter { $0.value.lastUse > threshold }
        size = slots.values.reduce(0) { $0 + $1.size }
    }
}
