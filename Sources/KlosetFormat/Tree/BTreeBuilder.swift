package import ConnectorKit

/// Makes the nodes of a tree from all its keys and values at once (Kloset format, section 9.4).
///
/// A leaf names the leaf to its right by the digest of that one's bytes, so the tree grows from the right: keys come
/// in descending order, each node is finished before the one to its left and before its parent, and only two nodes of
/// each level are in memory.
package struct BTreeBuilder: Sendable {
    /// Keys in a leaf at most; an interior node has as many separators and one child more.
    package static let maximumKeys = 49

    private let order: TreeOrder
    /// Pairs that are still to come, when the caller said how many there are.
    private var missing: Int?
    private var levels = [Level(capacity: Self.maximumKeys)]
    private var lastKey: [UInt8]?
    private var nextLeaf: MAC?
    private var root: MAC?

    /// - Parameter count: how many keys will come, when that is known; another number is then an error.
    package init(count: Int? = nil, order: TreeOrder) {
        self.order = order
        missing = count
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
        if let missing {
            guard missing > 0 else { throw wrongCount() }
            self.missing = missing - 1
        }
        levels[0].add(key, value)
        var number = 0
        while number < levels.count, levels[number].mustFinishNode {
            try finishNode(of: number, keys: levels[number].capacity, store)
            number += 1
        }
    }

    /// The root message, once every pair was added.
    ///
    /// - Throws: what `store` throws; `FormatError` when fewer keys came than were announced.
    package mutating func finish(store: ([UInt8]) throws -> MAC) throws -> BTreeRoot {
        guard missing ?? 0 == 0 else { throw wrongCount() }
        var number = 0
        while root == nil {
            // The last two nodes share what there is, so that none is nearly empty.
            let items = levels[number].count
            if items > levels[number].capacity {
                try finishNode(of: number, keys: (items + 1) / 2, store)
            }
            try finishNode(of: number, keys: levels[number].count, isLast: true, store)
            number += 1
        }
        return BTreeRoot(root: root ?? .zero)
    }

    private mutating func finishNode(
        of number: Int, keys count: Int, isLast: Bool = false, _ store: ([UInt8]) throws -> MAC
    ) throws {
        let isOnly = isLast && levels[number].nodes == 0
        let (keys, values) = levels[number].takeNode(count)
        let node: BTreeNode
        if number == 0 {
            node = BTreeNode(keys: keys, values: values, next: nextLeaf)
        } else {
            node = BTreeNode(separators: Array(keys.dropFirst()), children: values)
        }
        let mac = try store(node.encoded())
        if number == 0 { nextLeaf = mac }
        if isOnly {
            root = mac
        } else {
            if number + 1 == levels.count { levels.append(Level(capacity: Self.maximumKeys + 1)) }
            levels[number + 1].add(keys.first ?? [], mac)
        }
    }

    private func wrongCount() -> FormatError {
        FormatError(.notWritable, "A tree got another number of keys than was announced.")
    }

    /// One level of the tree, leaves or interior nodes. Keeps back as many items as make two nodes, until it is
    /// known whether more come.
    private struct Level: Sendable {
        /// Items of a node at most.
        let capacity: Int
        /// Nodes that are finished.
        private(set) var nodes = 0
        private var keys: [[UInt8]] = []
        private var values: [MAC] = []

        init(capacity: Int) { self.capacity = capacity }

        var count: Int { keys.count }

        var mustFinishNode: Bool { keys.count == 2 * capacity }

        mutating func add(_ key: [UInt8], _ value: MAC) {
            keys.append(key)
            values.append(value)
        }

        /// The first `count` items, in ascending order.
        mutating func takeNode(_ count: Int) -> ([[UInt8]], [MAC]) {
            defer {
                keys.removeSubrange(..<count)
                values.removeSubrange(..<count)
                nodes += 1
            }
            return (keys[..<count].reversed(), values[..<count].reversed())
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
