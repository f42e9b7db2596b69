import ConnectorKit
import KlosetFormat

/// A tree whose nodes go into the store as they are finished. Keys come in descending order.
struct TreeStorer {
    private let sink: BlobSink
    private let rootType: BlobType
    private let nodeType: BlobType
    private var builder: BTreeBuilder

    init(_ sink: BlobSink, order: TreeOrder, root: BlobType, node: BlobType) {
        self.sink = sink
        rootType = root
        nodeType = node
        builder = BTreeBuilder(order: order)
    }

    mutating func add(_ key: [UInt8], _ value: MAC) async throws {
        var finished: [(MAC, [UInt8])] = []
        let mac = sink.keys.mac
        try builder.add(key, value) { node in
            finished.append((mac(node), node))
            return finished[finished.count - 1].0
        }
        try await store(finished)
    }

    mutating func finish() async throws -> MAC {
        var finished: [(MAC, [UInt8])] = []
        let mac = sink.keys.mac
        let root = try builder.finish { node in
            finished.append((mac(node), node))
            return finished[finished.count - 1].0
        }
        try await store(finished)
        return try await sink.store(rootType, root.encoded())
    }

    private func store(_ nodes: [(MAC, [UInt8])]) async throws {
        for (mac, node) in nodes { try await sink.store(BlobID(nodeType, mac), node) }
    }
}
