package import ConnectorKit

/// Makes the nodes of a tree from all its keys and values at once (Kloset format, section 9.4).
///
/// A leaf names the leaf to its right by the digest of that one's bytes, so the tree grows from the right: keys come
/// in descending order, each node is finished before the one to its left and before its parent, and only one node of
/// each level is in memory.
package struct BTreeBuilder: Sendable {
    /// Keys in a leaf at most; an interior node has as many separators and one child more.
    package static let maximumKeys = 49

    private let order: TreeOrder
    private var levels: [Level]
    private var lastKey: [UInt8]?
    private var nextLeaf: MAC?
    private var root: MAC?

    /// - Parameter count: how many keys will come; it decides how they are spread over the nodes.
    package init(count: Int, order: TreeOrder) {
        self.order = order
        var level = Level(items: max(count, 0), capacity: Self.maximumKeys)
        levels = [level]
        while level.nodes > 1 {
            level = Level(items: level.nodes, capacity: Self.maximumKeys + 1)
            levels.append(level)
        }
    }

    /// Adds the next pair, whose key is less than all before it.
    ///
    /// - Parameter store: takes the bytes of a finished node and returns their MAC.
    /// - Throws: what `store` throws; `FormatError` when the keys are not in order or too many.
    package mutating func add(_ key: [UInt8], _ value: MAC, store: ([UInt8]) throws -> MAC) throws {
        if let lastKey, !order.precedes(key, lastKey) {
            throw FormatError(.notWritable, "The key \(ByteString(key)) does not precede \(ByteString(lastKey)).")
        }
        lastKey = key
        guard levels[0].items > 0 else { throw wrongCount() }
        levels[0].add(key, value)
        var level = 0
        while level < levels.count, levels[level].isNodeComplete {
            try finishNode(of: level, store)
            level += 1
        }
    }

    /// The root message, once every pair was added.
    ///
    /// - Throws: what `store` throws; `FormatError` when fewer keys came than were announced.
    package mutating func finish(store: ([UInt8]) throws -> MAC) throws -> BTreeRoot {
        guard levels[0].items == 0 else { throw wrongCount() }
        if lastKey == nil { try finishNode(of: 0, store) }
        guard let root else { throw wrongCount() }
        return BTreeRoot(root: root)
    }

    private mutating func finishNode(of number: Int, _ store: ([UInt8]) throws -> MAC) throws {
        let (keys, values) = levels[number].takeNode()
        let node: BTreeNode
        if number == 0 {
            node = BTreeNode(keys: keys, values: values, next: nextLeaf)
        } else {
            node = BTreeNode(separators: Array(keys.dropFirst()), children: values)
        }
        let mac = try store(node.encoded())
        if number == 0 { nextLeaf = mac }
        if number + 1 < levels.count {
            levels[number + 1].add(keys.first ?? [], mac)
        } else {
            root = mac
        }
    }

    private func wrongCount() -> FormatError {
        FormatError(.notWritable, "A tree got another number of keys than was announced.")
    }

    /// One level of the tree, leaves or interior nodes.
    private struct Level: Sendable {
        /// Pairs, or nodes of the level below, that are still to come.
        private(set) var items: Int
        /// Nodes that are not finished yet. Items are spread evenly, so no node is nearly empty.
        private(set) var nodes: Int
        private var keys: [[UInt8]] = []
        private var values: [MAC] = []
        private var wanted: Int

        init(items: Int, capacity: Int) {
            self.items = items
            nodes = max(1, (items + capacity - 1) / capacity)
            wanted = (items + nodes - 1) / nodes
        }

        var isNodeComplete: Bool { !keys.isEmpty && keys.count == wanted }

        mutating func add(_ key: [UInt8], _ value: MAC) {
            items -= 1
            keys.append(key)
            values.append(value)
        }

        /// The keys and values of the node, in ascending order.
        mutating func takeNode() -> ([[UInt8]], [MAC]) {
            defer {
                keys.removeAll(keepingCapacity: true)
                values.removeAll(keepingCapacity: true)
                nodes -= 1
                wanted = nodes > 0 ? (items + nodes - 1) / nodes : 0
            }
            return (keys.reversed(), values.reversed())
        }
    }
}

extension BTreeBuilder {
    /// Makes a whole tree from pairs in ascending order.
    package static func build(
        _ pairs: some BidirectionalCollection<(key: [UInt8], value: MAC)>, order: TreeOrder,
        store: ([UInt8]) throws -> MAC
    ) throws -> BTreeRoot {
        var builder = BTreeBuilder(count: pairs.count, order: order)
        for pair in pairs.reversed() { try builder.add(pair.key, pair.value, store: store) }
        return try builder.finish(store: store)
    }
}
