package import ConnectorKit

/// One node of a tree: a leaf with keys and values, or an interior node with separators and children
/// (Kloset messages, section 7).
package struct BTreeNode: Hashable, Sendable {
    /// Written as 0.
    package var version: FormatVersion
    package var keys: [[UInt8]]
    /// Children, one more than keys; none in a leaf.
    package var pointers: [MAC]
    /// One for each key; none in an interior node.
    package var values: [MAC]
    /// Never written by any engine.
    package var previous: MAC?
    /// The leaf to the right; nil in the last one and in interior nodes.
    package var next: MAC?

    package var isLeaf: Bool { pointers.isEmpty }

    /// A leaf.
    package init(keys: [[UInt8]], values: [MAC], next: MAC?) {
        self.init(version: .none, keys: keys, pointers: [], values: values, next: next)
    }

    /// An interior node.
    package init(separators: [[UInt8]], children: [MAC]) {
        self.init(version: .none, keys: separators, pointers: children, values: [], next: nil)
    }

    private init(version: FormatVersion, keys: [[UInt8]], pointers: [MAC], values: [MAC], next: MAC?) {
        self.version = version
        self.keys = keys
        self.pointers = pointers
        self.values = values
        self.next = next
    }
}

extension BTreeNode: MessagePackStructure {
    package static var unset: Self { Self(keys: [], values: [], next: nil) }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.version("version", &version)
        fields.strings("keys", &keys, .asNil)
        fields.macs("pointers", &pointers, .asNil)
        fields.macs("values", &values, .asNil)
        fields.optionalMAC("prev", &previous)
        fields.optionalMAC("next", &next)
    }

    /// Reads a node and checks that its lists fit together. Whether the keys are in order is for
    /// ``isOrdered(_:)``.
    package init(decoding bytes: [UInt8]) throws(FormatError) {
        let node = try FieldReader.read(BTreeNode.self, from: bytes, in: bytes.indices)
        let fits =
            node.isLeaf
            ? node.values.count == node.keys.count
            : node.pointers.count == node.keys.count + 1 && node.values.isEmpty
        guard fits else {
            throw FormatError(
                .malformed,
                "A tree node has \(node.keys.count) keys, \(node.pointers.count) children, \(node.values.count) values."
            )
        }
        self = node
    }
}

extension BTreeNode {
    /// Whether every key is greater than the one before.
    package func isOrdered(_ order: TreeOrder) -> Bool {
        zip(keys, keys.dropFirst()).allSatisfy { order.precedes($0, $1) }
    }

    /// Which child of an interior node holds a key: the number of separators that are not greater.
    package func childIndex(for key: [UInt8], _ order: TreeOrder) -> Int {
        firstIndex { order.precedes(key, $0) }
    }

    /// The first key of a leaf that is not less than `key`; the number of keys when all are.
    package func lowerBound(of key: [UInt8], _ order: TreeOrder) -> Int {
        firstIndex { !order.precedes($0, key) }
    }

    /// The value of a key in a leaf.
    package func value(for key: [UInt8], _ order: TreeOrder) -> MAC? {
        let index = lowerBound(of: key, order)
        guard index < keys.count, index < values.count, keys[index] == key else { return nil }
        return values[index]
    }

    /// Binary search: the first key for which `isBeyond` holds, given that it holds for all after that.
    private func firstIndex(where isBeyond: ([UInt8]) -> Bool) -> Int {
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if isBeyond(keys[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// Where a tree begins (Kloset messages, section 7).
package struct BTreeRoot: Hashable, Sendable {
    /// Written as 0.
    package var version: FormatVersion
    /// A node has fewer keys than this: 50.
    package var order: Int
    /// Not maintained, 0.
    package var count: Int
    /// The MAC of the topmost node.
    package var root: MAC

    package init(root: MAC) {
        version = .none
        order = 50
        count = 0
        self.root = root
    }
}

extension BTreeRoot: MessagePackStructure {
    package static var unset: Self {
        var root = Self(root: .zero)
        root.order = 0
        return root
    }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.version("Version", &version)
        fields.int("Order", &order)
        fields.int("Count", &count)
        fields.mac("Root", &root)
    }

    /// Reads a root; the Go engine refuses an order below 3, and so do we.
    package init(decoding bytes: [UInt8]) throws(FormatError) {
        let root = try FieldReader.read(BTreeRoot.self, from: bytes, in: bytes.indices)
        guard root.order >= 3 else { throw FormatError(.malformed, "A tree has order \(root.order).") }
        self = root
    }
}
