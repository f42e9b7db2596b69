import ConnectorKit
import KlosetFormat

/// One B+tree of a snapshot (format, section 9.4): looking keys up and passing over them in order.
struct TreeReader: Sendable {
    let repository: Repository
    let root: MAC
    let rootType: BlobType
    let nodeType: BlobType
    let order: TreeOrder

    /// More levels than any tree has: with two children per node already four thousand million leaves.
    private static let maximumDepth = 32

    static func entries(_ repository: Repository, _ root: MAC) -> TreeReader {
        TreeReader(repository: repository, root: root, rootType: .entryRoot, nodeType: .entryNode, order: .byDepth)
    }

    static func errors(_ repository: Repository, _ root: MAC) -> TreeReader {
        TreeReader(repository: repository, root: root, rootType: .errorRoot, nodeType: .errorNode, order: .bytewise)
    }

    static func attributes(_ repository: Repository, _ root: MAC) -> TreeReader {
        TreeReader(
            repository: repository, root: root, rootType: .attributeRoot, nodeType: .attributeNode, order: .byDepth)
    }

    static func index(_ repository: Repository, _ root: MAC) -> TreeReader {
        TreeReader(repository: repository, root: root, rootType: .indexRoot, nodeType: .indexNode, order: .bytewise)
    }

    /// The value of a key; nil when the tree does not have it.
    func find(_ key: [UInt8]) async throws -> MAC? {
        var node = try await node(try await top())
        for _ in 0..<Self.maximumDepth {
            if node.isLeaf { return node.value(for: key, order) }
            node = try await self.node(node.pointers[node.childIndex(for: key, order)])
        }
        throw KlosetError(.corrupt, "\(rootType) \(root) has more than \(Self.maximumDepth) levels")
    }

    func top() async throws -> MAC {
        let bytes = try await repository.blob(rootType, root)
        do {
            return try BTreeRoot(decoding: bytes).root
        } catch {
            throw KlosetError(error, in: "\(BlobID(rootType, root))")
        }
    }

    /// Reads a node. Its lists fit together; whether its keys are in order is checked where that matters.
    func node(_ mac: MAC) async throws -> BTreeNode {
        let id = BlobID(nodeType, mac)
        if let node = repository.knownNode(id) { return node }
        let bytes = try await repository.blob(nodeType, mac)
        do {
            let node = try BTreeNode(decoding: bytes)
            repository.remember(node, id, size: bytes.count)
            return node
        } catch {
            throw KlosetError(error, in: "\(BlobID(nodeType, mac))")
        }
    }

    /// A walk over all pairs whose key is at least `key`, from left to right.
    func pairs(from key: [UInt8] = []) -> TreeCursor { TreeCursor(self, from: key) }
}

/// The pairs of a tree from left to right, holding one node of each level.
struct TreeCursor: Sendable {
    private let tree: TreeReader
    private let start: [UInt8]
    private var path: [(node: BTreeNode, next: Int)] = []
    private var isStarted = false
    private var lastKey: [UInt8]?
    /// Every node comes once. Otherwise a tree of a few nodes that name each other many times, all of them sound,
    /// would be walked for ever.
    private var seen: Set<MAC> = []
    private let anyOrder: Bool
    private let skipsDamage: Bool
    /// Nodes that could not be read and were passed over.
    private(set) var damages: [(blob: BlobID, error: KlosetError)] = []

    /// - Parameters:
    ///   - anyOrder: takes keys as they come. Extended attributes need it: writers and readers of the Go engine
    ///     disagree about their order (format, trap 34).
    ///   - skipsDamage: passes over nodes that cannot be read, noting them in ``damages``; otherwise they are errors.
    init(
        _ tree: TreeReader, from start: [UInt8] = [], anyOrder: Bool = false,
        skipsDamage: Bool = false
    ) {
        self.tree = tree
        self.start = start
        self.skipsDamage = skipsDamage
        self.anyOrder = anyOrder
    }

    /// - Throws: ``KlosetError/Code/corrupt`` when keys are not in order, which also bounds the walk.
    mutating func next() async throws -> (key: [UInt8], value: MAC)? {
        if !isStarted {
            isStarted = true
            try await enter(nil)
        }
        while let level = path.last {
            if level.node.isLeaf {
                guard level.next < level.node.keys.count else {
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                let key = level.node.keys[level.next]
                if !anyOrder, let lastKey, !tree.order.precedes(lastKey, key) {
                    throw KlosetError(
                        .corrupt, "\(tree.rootType) \(tree.root): keys are not in order at \(printable(key))")
                }
                lastKey = key
                return (key, level.node.values[level.next])
            }
            guard level.next < level.node.pointers.count else {
                path.removeLast()
                continue
            }
            path[path.count - 1].next += 1
            try await enter(level.node.pointers[level.next])
        }
        return nil
    }

    /// - Parameter child: the node to go down to; nil for the topmost.
    private mutating func enter(_ child: MAC?) async throws {
        var blob = BlobID(tree.rootType, tree.root)
        do {
            let mac: MAC
            if let child { mac = child } else { mac = try await tree.top() }
            blob = BlobID(tree.nodeType, mac)
            guard path.count < 32, seen.insert(mac).inserted else {
                throw KlosetError(.corrupt, "\(tree.rootType) \(tree.root): it is too deep or a node is in it twice")
            }
            let node = try await tree.node(mac)
            path.append((node, firstIndex(in: node)))
        } catch let error as KlosetError {
            guard skipsDamage else { throw error }
            damages.append((blob, error))
        }
    }

    /// The damages since the last call.
    mutating func takeDamages() -> [(blob: BlobID, error: KlosetError)] {
        defer { damages = [] }
        return damages
    }

    private func firstIndex(in node: BTreeNode) -> Int {
        if start.isEmpty || anyOrder { return 0 }
        return node.isLeaf ? node.lowerBound(of: start, tree.order) : node.childIndex(for: start, tree.order)
    }
}
