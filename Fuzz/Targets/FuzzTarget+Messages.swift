internal import ConnectorKit
internal import KlosetFormat

extension FuzzTarget {
    /// A wrapped CONFIG, or only its payload.
    static let configuration = FuzzTarget("configuration") { input throws(BrokenPromise) in
        let payload = expected { try Wrapper(parsing: input, expecting: .configuration).payload } ?? input.indices
        guard let configuration = expected({ try StoreConfiguration(decoding: input, in: payload) }) else { return }
        _ = expected { try configuration.validate() }
        try checkCanonical(configuration)
    }

    /// The first byte chooses the message, the rest is the message.
    static let message = FuzzTarget("message") { input throws(BrokenPromise) in
        guard let selector = input.first else { return }
        let bytes = Array(input.dropFirst())
        switch selector % 12 {
        case 0: try check(bytes, as: SnapshotHeader.self)
        case 1:
            guard let object = try check(bytes, as: Object.self) else { return }
            _ = object.size
        case 2:
            guard let entry = expected({ try Entry(decoding: bytes) }) else { return }
            try checkCanonical(entry)
            try promise(entry.isRoot || entry.path.name == entry.info.name, "an entry's path does not end in its name")
            try promise(
                entry.isRoot || entry.path.parent == entry.parentPath, "an entry does not lie in its directory")
        case 3: try check(bytes, as: Summary.self)
        case 4: try check(bytes, as: ErrorItem.self)
        case 5: try check(bytes, as: ExtendedAttribute.self)
        case 6:
            guard let lock = try check(bytes, as: Lock.self) else { return }
            _ = lock.isStale(at: Timestamp(seconds: 1_700_000_000))
        case 7: try check(bytes, as: BTreeRoot.self)
        case 8: try check(bytes, as: Chunk.self)
        case 9: try check(bytes, as: FileInfo.self)
        case 10:
            // A summary is built from what entries say.
            guard let entry = expected({ try Entry(decoding: bytes) }) else { return }
            var builder = SummaryBuilder()
            builder.add(entry)
            builder.add(entry)
            let summary = builder.finish()
            var above = SummaryBuilder()
            above.add(directory: summary)
            above.add(directory: summary)
            try checkCanonical(above.finish())
        default:
            var reader = MessagePackReader(bytes)
            while !reader.isAtEnd { if expected({ try reader.skip() }) == nil { return } }
        }
    }

    /// The first byte chooses the order of the keys.
    static let node = FuzzTarget("node") { input throws(BrokenPromise) in
        guard let selector = input.first else { return }
        let order: TreeOrder = selector & 1 == 0 ? .byDepth : .bytewise
        guard let node = expected({ try BTreeNode(decoding: Array(input.dropFirst())) }) else { return }
        try checkCanonical(node)
        let isOrdered = node.isOrdered(order)
        let probes = node.keys.prefix(20) + [[], [0x2F], [0xFF]]
        for key in probes {
            if node.isLeaf {
                let value = node.value(for: key, order)
                let isMissed = isOrdered && value == nil && node.keys.contains(key)
                try promise(!isMissed, "a key of an ordered leaf is not found")
            } else {
                let child = node.childIndex(for: key, order)
                try promise(node.pointers.indices.contains(child), "there is no child for a key")
            }
        }
        guard node.isLeaf, isOrdered else { return }
        try checkRebuilt(node, order)
    }

    /// The listing of a directory; the first byte says in pieces of which size it arrives.
    static let dirpack = FuzzTarget("dirpack") { input throws(BrokenPromise) in
        guard let selector = input.first else { return }
        let bytes = Array(input.dropFirst())
        let whole = frames(of: bytes, pieces: max(bytes.count, 1))
        let pieces = frames(of: bytes, pieces: Int(selector) + 1)
        try promise(whole.frames == pieces.frames && whole.isSound == pieces.isSound, "pieces change a listing")
        var again: [UInt8] = []
        for frame in whole.frames {
            frame.append(to: &again)
            if let entry = expected({ try Entry(decoding: frame.entry) }) { try checkCanonical(entry) }
        }
        if whole.isSound { try promise(again == bytes, "the frames of a listing are not the listing") }
    }

    // MARK: What must hold

    @discardableResult
    private static func check<Message: MessagePackStructure>(
        _ bytes: [UInt8], as: Message.Type
    ) throws(BrokenPromise) -> Message? {
        guard let message = expected({ try Message(decoding: bytes) }) else { return nil }
        try checkCanonical(message)
        return message
    }

    /// What was read once is written so that it is read again as the same thing.
    static func checkCanonical<Message: MessagePackStructure>(_ message: Message) throws(BrokenPromise) {
        let bytes = message.encoded()
        guard let again = expected({ try Message(decoding: bytes) }) else {
            throw BrokenPromise("\(Message.self) cannot be read after it was written")
        }
        try promise(again.encoded() == bytes, "\(Message.self) is written otherwise the second time")
    }

    /// A tree of the pairs of an ordered leaf holds every pair.
    private static func checkRebuilt(_ leaf: BTreeNode, _ order: TreeOrder) throws(BrokenPromise) {
        var nodes: [MAC: BTreeNode] = [:]
        var failures = 0
        let pairs = zip(leaf.keys, leaf.values).map { (key: $0, value: $1) }
        let root = expected {
            try BTreeBuilder.build(pairs, order: order) { bytes in
                let name = UInt64(nodes.count) + 1
                let words: [UInt64] = [name, 0, 0, 0]
                let mac = MAC(words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } })
                nodes[mac ?? .zero] = try BTreeNode(decoding: bytes)
                return mac ?? .zero
            }
        }
        guard let root else { throw BrokenPromise("a tree of ordered keys cannot be built") }
        for (key, value) in pairs {
            var node = nodes[root.root]
            var levels = 0
            while let inner = node, !inner.isLeaf, levels < 40 {
                node = nodes[inner.pointers[inner.childIndex(for: key, order)]]
                levels += 1
            }
            if node?.value(for: key, order) != value { failures += 1 }
        }
        try promise(failures == 0, "\(failures) keys are lost in the tree that was built of them")
    }

    private static func frames(of bytes: [UInt8], pieces size: Int) -> (frames: [DirpackFrame], isSound: Bool) {
        var reader = DirpackReader()
        var frames: [DirpackFrame] = []
        var offset = 0
        do throws(FormatError) {
            while offset < bytes.count {
                let end = min(offset + size, bytes.count)
                reader.append(Array(bytes[offset..<end]))
                offset = end
                while let frame = try reader.next() { frames.append(frame) }
            }
            try reader.finish()
            return (frames, true)
        } catch {
            return (frames, false)
        }
    }
}
