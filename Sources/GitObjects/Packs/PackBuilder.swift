import Crypto

/// A pack (gitformat-pack, version 2) in the making, in memory. Trees are stored as differences from the tree before, so
/// that a change to a collection of ten thousand members costs what the change says, not the whole tree again.
///
/// Bases are named by id, so that what has been written can be copied into a longer pack as it is.
package struct PackBuilder: Sendable {
    struct Entry: Sendable {
        var id: ObjectID
        var offset: UInt64
        var checksum: UInt32
    }

    /// What comes behind the header, in pieces: a pack grows by a few hundred bytes at a time, and must not be copied then.
    private var body: [[UInt8]] = []
    /// In bytes, with the header.
    private var bodySize = PackBuilder.headerSize
    private var entries: [Entry] = []
    private var known: Set<ObjectID> = []

    /// The tree added last, which the next one differs from in a few entries.
    private var last: Link?
    /// A tree from which one in `span` is made directly, so that chains of differences stay short.
    private var anchor: Link?
    private var changedSinceAnchor: Set<[UInt8]> = []
    private var sinceAnchor = 0
    private var anchors = 0

    private struct Link {
        var id: ObjectID
        var tree: SpliceableTree
    }

    /// Differences one after the other before one is made from the anchor again.
    private static let span = 32
    /// Anchors one after the other before a tree is stored whole.
    private static let longestChain = 32

    static let headerSize = 12
    /// Of the pieces of the body, unless an object is larger. The allocator gives pieces of this size back to the system.
    private static let pieceSize = 1 << 20

    package init() {}

    /// Of objects that were written before, with the tree that the next one differs from. `body` is without the header.
    init(body: [UInt8], entries: [Entry], last: (id: ObjectID, tree: SpliceableTree), chainLength: Int) {
        self.body = [body]
        bodySize += body.count
        self.entries = entries
        known = Set(entries.map(\.id))
        self.last = Link(id: last.id, tree: last.tree)
        sinceAnchor = max(0, chainLength)
    }

    /// How many differences lie one after the other since the last tree that bounds the chain.
    package var chainLength: Int { sinceAnchor }

    /// The number of objects.
    package var count: Int { entries.count }
    /// In bytes, as the pack file will have.
    package var size: Int { bodySize + ObjectID.byteCount }

    package func contains(_ id: ObjectID) -> Bool { known.contains(id) }

    /// Adds an object unless it is there already.
    package mutating func add(_ content: [UInt8], _ kind: ObjectKind, id: ObjectID) throws(GitError) {
        guard known.insert(id).inserted else { return }
        let type: UInt8 =
            switch kind {
            case .commit: 1
            case .tree: 2
            case .blob: 3
            case .tag: 4
            }
        try append(id, type: type, base: nil, content)
    }

    /// Adds a tree that differs from `parent` in the entries named, and in no others.
    package mutating func add(
        _ tree: SpliceableTree, id: ObjectID, parent: ObjectID, changed names: [[UInt8]]
    ) throws(GitError) {
        if last?.id != parent {
            // Somebody else's change lies in between: nothing is known about what differs.
            (last, anchor, anchors) = (nil, nil, 0)
        }
        changedSinceAnchor.formUnion(names)
        let link = Link(id: id, tree: tree)
        guard !known.contains(id) else {
            // A state that was there before; what follows differs from it in the same way.
            last = link
            return
        }
        defer { last = link }
        sinceAnchor += 1
        if sinceAnchor >= Self.span || last == nil {
            let isWhole = anchor == nil || anchors >= Self.longestChain
            let base = isWhole ? nil : anchor
            let delta = base.flatMap { tree.delta(from: $0.tree, changed: changedSinceAnchor) }
            anchors = delta == nil ? 0 : anchors + 1
            anchor = link
            changedSinceAnchor = []
            sinceAnchor = 0
            try add(tree, id, delta, base)
        } else {
            try add(tree, id, last.flatMap { tree.delta(from: $0.tree, changed: names) }, last)
        }
    }

    private mutating func add(
        _ tree: SpliceableTree, _ id: ObjectID, _ delta: [UInt8]?, _ base: Link?
    ) throws(GitError) {
        // A wrong tree would lose members; looking once more what the difference makes is cheap beside hashing it.
        guard let delta, let base, delta.count < tree.bytes.count / 2,
            Delta.makes(tree.bytes, from: base.tree.bytes, delta)
        else { return try add(tree.bytes, .tree, id: id) }
        known.insert(id)
        try append(id, type: 7, base: base.id, delta)
    }

    private mutating func append(
        _ id: ObjectID, type: UInt8, base: ObjectID?, _ content: [UInt8]
    ) throws(GitError) {
        var entry: [UInt8] = []
        var rest = content.count >> 4
        var byte = type << 4 | UInt8(content.count & 0x0F)
        while rest > 0 {
            entry.append(byte | 0x80)
            byte = UInt8(rest & 0x7F)
            rest >>= 7
        }
        entry.append(byte)
        base?.append(to: &entry)
        entry.append(contentsOf: try Deflate.compress(content))
        entries.append(Entry(id: id, offset: UInt64(bodySize), checksum: CRC32.checksum(entry)))
        bodySize += entry.count
        if let last = body.indices.last, body[last].count + entry.count <= Self.pieceSize {
            body[last].append(contentsOf: entry)
        } else {
            var piece: [UInt8] = []
            piece.reserveCapacity(max(Self.pieceSize, entry.count))
            piece.append(contentsOf: entry)
            body.append(piece)
        }
    }

    // MARK: Encoding

    /// The bytes of the pack, in pieces, and of its index, and the hash that ends the pack, by which git names the files.
    func encoded() -> (pack: [[UInt8]], index: [UInt8], name: ObjectID) {
        var pack = [Self.header(count: entries.count)] + body
        let name = Self.hash(pack)
        pack.append(name.bytes)
        return (pack, index(packHash: name), name)
    }

    static func header(count: Int) -> [UInt8] {
        var header = Array("PACK".utf8) + [0, 0, 0, 2]
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: count).bigEndian) { header.append(contentsOf: $0) }
        return header
    }

    private func index(packHash: ObjectID) -> [UInt8] {
        let sorted = entries.sorted { $0.id < $1.id }
        var bytes: [UInt8] = [0xFF, 0x74, 0x4F, 0x63, 0, 0, 0, 2]
        bytes.reserveCapacity(1100 + sorted.count * 28)
        func append(_ value: UInt32) { withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) } }
        var fanout = [UInt32](repeating: 0, count: 256)
        for entry in sorted { fanout[entry.id.firstByte] += 1 }
        var total: UInt32 = 0
        for count in fanout {
            total += count
            append(total)
        }
        for entry in sorted { entry.id.append(to: &bytes) }
        for entry in sorted { append(entry.checksum) }
        var large: [UInt64] = []
        for entry in sorted {
            if entry.offset < 0x8000_0000 {
                append(UInt32(entry.offset))
            } else {
                append(0x8000_0000 | UInt32(large.count))
                large.append(entry.offset)
            }
        }
        for offset in large { withUnsafeBytes(of: offset.bigEndian) { bytes.append(contentsOf: $0) } }
        packHash.append(to: &bytes)
        Self.hash([bytes]).append(to: &bytes)
        return bytes
    }

    static func hash(_ pieces: [[UInt8]]) -> ObjectID {
        var hasher = Insecure.SHA1()
        for piece in pieces { hasher.update(data: piece) }
        return ObjectID(digest: hasher.finalize())
    }
}
