import ConnectorKit
import KlosetFormat

/// Builds and stores everything between the contents and the header of a snapshot: entries, listings, summaries and
/// the six trees (format, sections 9.3 to 9.10).
struct SnapshotTrees {
    struct Roots {
        let roots: SnapshotHeader.Roots
        let indexes: [SnapshotHeader.Index]
        /// That of `/`.
        let summary: Summary
    }

    private let sink: BlobSink
    private let storer: ContentStorer
    private let source: BytePath
    private var contents: SnapshotContents

    init(_ writer: isolated SnapshotWriter) {
        sink = writer.sink
        storer = writer.storer
        source = writer.description.identity.root
        contents = writer.contents
        writer.contents = SnapshotContents()
    }

    consuming func build() async throws -> Roots {
        try completeEntries()
        let entryMACs = try await storeEntries()
        let entries = try await storeEntryTree(entryMACs)
        let attributes = try await storeAttributes()
        let errors = try await storeErrors()
        let directories = try await storeDirectories(entryMACs)
        let types = try await storeContentTypes(directories.types, entryMACs)
        return Roots(
            roots: SnapshotHeader.Roots(entries: entries, attributes: attributes, errors: errors),
            indexes: [
                SnapshotHeader.Index(name: SnapshotHeader.Index.contentType, value: types),
                SnapshotHeader.Index(
                    name: SnapshotHeader.Index.dirpack, value: try await storeIndex(directories.listings)),
                SnapshotHeader.Index(
                    name: SnapshotHeader.Index.summary, value: try await storeIndex(directories.summaries)),
            ],
            summary: directories.rootSummary)
    }

    // MARK: Entries

    /// Sorts the entries, invents the directories that are missing up to `/`, and makes the lists of attribute names
    /// agree with the attributes that came.
    private mutating func completeEntries() throws(KlosetError) {
        noteConflicts(contents.entries.sort())
        var missing: Set<BytePath> = []
        var wanted = Array(contents.parents) + [.root]
        if contents.entries.find(source) == nil { wanted.append(source) }
        while let path = wanted.popLast() {
            guard !missing.contains(path) else { continue }
            if let index = contents.entries.find(path), contents.entries.isDirectory(index) { continue }
            missing.insert(path)
            if let parent = path.parent { wanted.append(parent) }
        }
        for path in missing { try contents.add(.invented(path)) }
        if !missing.isEmpty { noteConflicts(contents.entries.sort()) }
        try reconcileAttributes()
    }

    private mutating func noteConflicts(_ paths: [BytePath]) {
        for path in paths { contents.fail(path, "The source has it both as a directory and as something else.") }
    }

    private mutating func reconcileAttributes() throws(KlosetError) {
        var names: [BytePath: Set<[UInt8]>] = [:]
        contents.attributes.removeAll { contents.entries.find($0.path) == nil }
        for attribute in contents.attributes { names[attribute.path, default: []].insert(attribute.name) }
        for path in contents.attributedPaths.union(names.keys) {
            guard let index = contents.entries.find(path) else { continue }
            var entry = try decodeEntry(index)
            let wanted = (names[path] ?? []).sorted { $0.lexicographicallyPrecedes($1) }
            guard entry.extendedAttributeNames != wanted else { continue }
            entry.extendedAttributeNames = wanted
            guard contents.entries.replace(index, entry: entry.encoded()) else {
                throw KlosetError(.limitExceeded, "The entry of \(path) is too large.")
            }
        }
    }

    private func decodeEntry(_ index: Int) throws(KlosetError) -> Entry {
        do {
            return try Entry(decoding: Array(contents.entries.entry(index)))
        } catch {
            throw KlosetError(error, in: "the entry of \(printable(contents.entries.path(index)))")
        }
    }

    /// Stores every entry, several at once.
    ///
    /// - Returns: their identifiers in the order of the table.
    private func storeEntries() async throws -> [MAC] {
        let sink = sink
        let table = contents.entries
        let batch = 256
        return try await withThrowingTaskGroup(of: (Int, [MAC]).self) { group in
            var macs = [MAC](repeating: .zero, count: table.count)
            var next = 0
            var running = 0
            while next < table.count || running > 0 {
                if next < table.count, running < Self.parallelism {
                    let range = next..<min(next + batch, table.count)
                    next = range.upperBound
                    running += 1
                    group.addTask {
                        var result: [MAC] = []
                        for index in range { result.append(try await sink.store(.entry, Array(table.entry(index)))) }
                        return (range.lowerBound, result)
                    }
                } else if let (start, result) = try await group.next() {
                    running -= 1
                    macs.replaceSubrange(start..<start + result.count, with: result)
                }
            }
            return macs
        }
    }

    /// Batches of entries that are encoded at once.
    private static let parallelism = 4

    private func storeEntryTree(_ macs: [MAC]) async throws -> MAC {
        var tree = TreeStorer(sink, count: macs.count, order: .byDepth, root: .entryRoot, node: .entryNode)
        for index in macs.indices.reversed() {
            try await tree.add(Array(contents.entries.path(index)), macs[index])
        }
        return try await tree.finish()
    }

    // MARK: Errors and attributes

    private func storeErrors() async throws -> MAC {
        let errors = contents.errors.sorted { $0.key < $1.key }
        var tree = TreeStorer(sink, count: errors.count, order: .bytewise, root: .errorRoot, node: .errorNode)
        for (path, reason) in errors.reversed() {
            let item = ErrorItem(path: path, message: ByteString(reason))
            try await tree.add(path.bytes, try await sink.store(.error, item.encoded()))
        }
        return try await tree.finish()
    }

    /// Keys in the order of the engine's writer, although its reader searches in another (format, trap 34).
    private func storeAttributes() async throws -> MAC {
        var byKey: [[UInt8]: StoredAttribute] = [:]
        for attribute in contents.attributes {
            byKey[TreeKey.extendedAttribute(path: attribute.path, name: attribute.name, kind: attribute.kind)] =
                attribute
        }
        let keys = byKey.keys.sorted { TreeOrder.byDepth.precedes($1, $0) }
        var tree = TreeStorer(sink, count: keys.count, order: .byDepth, root: .attributeRoot, node: .attributeNode)
        for key in keys {
            guard let attribute = byKey[key] else { continue }
            let message = ExtendedAttribute(
                path: attribute.path, name: attribute.name, size: Int64(clamping: attribute.size),
                kind: attribute.kind, object: attribute.object)
            try await tree.add(key, try await sink.store(.attribute, message.encoded()))
        }
        return try await tree.finish()
    }

    // MARK: Directories

    private struct Directories {
        var listings: [(key: [UInt8], value: MAC)] = []
        var summaries: [(key: [UInt8], value: MAC)] = []
        var rootSummary = Summary()
        /// Everything that is no directory, by content type.
        var types: [ByteString: [Int]] = [:]
    }

    /// Stores the listing and the summary of every directory, the deepest first, so that the summaries of its
    /// sub-directories are there.
    private func storeDirectories(_ macs: [MAC]) async throws -> Directories {
        let table = contents.entries
        let children = childRanges()
        let failures = failuresByDirectory()
        var summaries: [Int: Summary] = [:]
        var result = Directories()
        for index in (0..<table.count).reversed() where table.isDirectory(index) {
            try Task.checkCancellation()
            var summary = Summary()
            var listing = storer.assemble(.listing)
            for child in children[index] ?? 0..<0 {
                let entry = try decodeEntry(child)
                if entry.isDirectory {
                    summary.merge(child: summaries.removeValue(forKey: child) ?? Summary())
                } else {
                    summary.count(entry)
                    let type = ByteString(entry.contentType.bytes.prefix { $0 != UInt8(ascii: ";") })
                    result.types[type, default: []].append(child)
                }
                var frame: [UInt8] = []
                DirpackFrame(isDirectory: entry.isDirectory, entry: Array(table.entry(child)), identifier: macs[child])
                    .append(to: &frame)
                try await listing.append(frame)
            }
            let path = Array(table.path(index))
            summary.finish(errors: failures[BytePath(cleaning: path)] ?? 0)
            summaries[index] = summary
            result.listings.append((path, try await listing.finish().object))
            result.summaries.append((path, try await sink.store(.summary, summary.encoded())))
            if index == 0 { result.rootSummary = summary }
        }
        return result
    }

    /// Where the children of each directory stand; they are neighbours in the order of the table.
    private func childRanges() -> [Int: Range<Int>] {
        let table = contents.entries
        var result: [Int: Range<Int>] = [:]
        var start = 1
        while start < table.count {
            let parent = parentBytes(of: start)
            var end = start + 1
            while end < table.count, parentBytes(of: end).elementsEqual(parent) { end += 1 }
            if let directory = table.find(BytePath(cleaning: parent)) { result[directory] = start..<end }
            start = end
        }
        return result
    }

    /// Up to the last slash, which for a child of the root leaves nothing.
    private func parentBytes(of index: Int) -> ArraySlice<UInt8> {
        let path = contents.entries.path(index)
        return path[..<(path.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex)]
    }

    private func failuresByDirectory() -> [BytePath: UInt64] {
        var result: [BytePath: UInt64] = [:]
        for path in contents.errors.keys {
            if let parent = path.parent { result[parent, default: 0] += 1 }
        }
        return result
    }

    // MARK: Indexes

    private func storeIndex(_ pairs: [(key: [UInt8], value: MAC)]) async throws -> MAC {
        var tree = TreeStorer(sink, count: pairs.count, order: .bytewise, root: .indexRoot, node: .indexNode)
        for (key, value) in pairs.sorted(by: { $1.key.lexicographicallyPrecedes($0.key) }) {
            try await tree.add(key, value)
        }
        return try await tree.finish()
    }

    /// One key for each entry that is no directory: its type, then its path.
    private func storeContentTypes(_ types: [ByteString: [Int]], _ macs: [MAC]) async throws -> MAC {
        let table = contents.entries
        var rows: [(type: ByteString, index: Int)] = []
        rows.reserveCapacity(macs.count)
        for (type, indices) in types {
            for index in indices { rows.append((type, index)) }
        }
        rows.sort { a, b in
            if a.type == b.type { return table.path(b.index).lexicographicallyPrecedes(table.path(a.index)) }
            let left = a.type.bytes + table.path(a.index)
            return (b.type.bytes + table.path(b.index)).lexicographicallyPrecedes(left)
        }
        var tree = TreeStorer(sink, count: rows.count, order: .bytewise, root: .indexRoot, node: .indexNode)
        for row in rows {
            let key = [UInt8(ascii: "/")] + row.type.bytes + table.path(row.index)
            try await tree.add(key, macs[row.index])
        }
        return try await tree.finish()
    }
}

/// A tree whose nodes go into the store as they are finished. Keys come in descending order.
struct TreeStorer {
    private let sink: BlobSink
    private let rootType: BlobType
    private let nodeType: BlobType
    private var builder: BTreeBuilder

    init(_ sink: BlobSink, count: Int, order: TreeOrder, root: BlobType, node: BlobType) {
        self.sink = sink
        rootType = root
        nodeType = node
        builder = BTreeBuilder(count: count, order: order)
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
