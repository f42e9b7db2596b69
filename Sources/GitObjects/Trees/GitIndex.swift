import Crypto

/// git's index (gitformat-index), kept as the bytes of its entries so that a change splices instead of rewriting.
///
/// Versions 2, 3 and 4 are read, version 2 is written (3 when entries with extended flags were there). Extensions are
/// caches, which git makes anew; they are dropped, as they would be wrong after a change.
package struct GitIndex: Sendable {
    /// All entries in the form of version 2 or 3, by name and stage.
    private var entries: [UInt8] = []
    private var offsets: [UInt32] = []
    private var hasExtendedEntries = false

    private static let maximumSize = 1 << 30

    package init() {}

    package var count: Int { offsets.count }

    // MARK: Entries

    package func entry(named name: some Collection<UInt8>) -> IndexEntry? {
        let name = Array(name)
        let position = insertionPosition(of: name)
        guard position < offsets.count, self.name(at: position).elementsEqual(name) else { return nil }
        return self[position]
    }

    package subscript(position: Int) -> IndexEntry {
        var reader = ByteReader(entries, at: Int(offsets[position]))
        func next() -> UInt32 { reader.uint32() ?? 0 }
        let changed = FileTime(seconds: Int64(next()), nanoseconds: next())
        let modified = FileTime(seconds: Int64(next()), nanoseconds: next())
        let (device, inode, mode, user, group, size) = (next(), next(), next(), next(), next(), next())
        var entry = IndexEntry(
            name: Array(name(at: position)), mode: TreeEntry.Mode(bits: mode), id: reader.objectID() ?? .zero)
        entry.changed = changed
        entry.modified = modified
        (entry.device, entry.inode, entry.userID, entry.groupID, entry.size) = (device, inode, user, group, size)
        entry.stage = UInt8((reader.uint16() ?? 0) >> 12 & 3)
        return entry
    }

    /// Adds the entry, or replaces all stages of that name.
    package mutating func set(_ entry: IndexEntry) {
        let encoded = entry.encoded()
        let position = insertionPosition(of: entry.name)
        if position < offsets.count, name(at: position).elementsEqual(entry.name), isPlain(at: position),
            position + 1 == offsets.count || !name(at: position + 1).elementsEqual(entry.name)
        {
            let start = Int(offsets[position])
            entries.replaceSubrange(start..<(start + encoded.count), with: encoded)
            return
        }
        remove(named: entry.name)
        let offset = position < offsets.count ? offsets[position] : UInt32(entries.count)
        entries.insert(contentsOf: encoded, at: Int(offset))
        offsets.insert(offset, at: position)
        for later in (position + 1)..<offsets.count { offsets[later] += UInt32(encoded.count) }
    }

    /// Removes all stages of that name.
    package mutating func remove(named name: some Collection<UInt8>) {
        let name = Array(name)
        let position = insertionPosition(of: name)
        while position < offsets.count, self.name(at: position).elementsEqual(name) {
            let start = Int(offsets[position])
            let end = position + 1 < offsets.count ? Int(offsets[position + 1]) : entries.count
            entries.removeSubrange(start..<end)
            offsets.remove(at: position)
            for later in position..<offsets.count { offsets[later] -= UInt32(end - start) }
        }
    }

    /// An index as after `git read-tree`: every file of a flat tree, with nothing known about the work tree.
    package init(tree: SpliceableTree) {
        for entry in tree where !entry.mode.isTree {
            set(IndexEntry(name: entry.name, mode: entry.mode, id: entry.id))
        }
    }

    // MARK: Encoding

    package func encoded() -> [UInt8] { Array(encodedPieces().joined()) }

    /// The same without a copy of the entries, which are megabytes in a large collection.
    package func encodedPieces() -> [[UInt8]] {
        var header = Array("DIRC".utf8)
        for value in [hasExtendedEntries ? 3 : 2, UInt32(offsets.count)] {
            withUnsafeBytes(of: value.bigEndian) { header.append(contentsOf: $0) }
        }
        var hasher = Insecure.SHA1()
        hasher.update(data: header)
        hasher.update(data: entries)
        return [header, entries, ObjectID(digest: hasher.finalize()).bytes]
    }

    /// Throws `.corrupt`, and `.unsupported` for an index that is split over several files.
    package init(parsing bytes: [UInt8]) throws(GitError) {
        func corrupt(_ why: String) -> GitError { GitError(.corrupt, "The index is damaged: \(why).") }
        guard bytes.count <= Self.maximumSize else { throw GitError(.limitExceeded, "The index is too large.") }
        guard bytes.count >= 32 else { throw corrupt("it is cut off") }
        try Self.verifyTrailer(of: bytes)
        var reader = ByteReader(Array(bytes.dropLast(ObjectID.byteCount)))
        guard reader.uint32() == 0x4449_5243, let version = reader.uint32(), let count = reader.uint32() else {
            throw corrupt("it does not begin as an index")
        }
        guard (2...4).contains(version) else {
            throw GitError(.unsupported, "The index has version \(version).")
        }
        guard Int(count) <= bytes.count / Self.smallestEntry(version) else { throw corrupt("its count is too large") }
        entries.reserveCapacity(bytes.count)
        offsets.reserveCapacity(Int(count))
        var previous: [UInt8] = []
        for _ in 0..<count {
            guard let entry = Self.readEntry(&reader, version: version, previous: &previous) else {
                throw corrupt("an entry is cut off")
            }
            if entry.isExtended { hasExtendedEntries = true }
            offsets.append(UInt32(entries.count))
            entries.append(contentsOf: entry.bytes)
            let last = offsets.count - 1
            if last > 0, name(at: last).lexicographicallyPrecedes(name(at: last - 1)) {
                throw corrupt("it is not sorted")
            }
        }
        try Self.checkExtensions(&reader)
    }

    private static func smallestEntry(_ version: UInt32) -> Int { version == 4 ? 64 : 72 }

    /// A trailer of zeros means that git was told not to compute it (`index.skipHash`).
    private static func verifyTrailer(of bytes: [UInt8]) throws(GitError) {
        guard let trailer = ObjectID(bytes: bytes.suffix(ObjectID.byteCount)) else { return }
        var hasher = Insecure.SHA1()
        bytes.withUnsafeBytes {
            hasher.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0.dropLast(ObjectID.byteCount)))
        }
        guard trailer == .zero || trailer == ObjectID(digest: hasher.finalize()) else {
            throw GitError(.corrupt, "The index is damaged: its checksum is wrong.")
        }
    }

    /// Returns the entry in the form of version 2 or 3.
    private static func readEntry(
        _ reader: inout ByteReader, version: UInt32, previous: inout [UInt8]
    ) -> (bytes: [UInt8], isExtended: Bool)? {
        let start = reader.position
        guard reader.remaining > IndexEntry.fixedSize else { return nil }
        reader.position += 60
        guard let flags = reader.uint16() else { return nil }
        let isExtended = flags & 0x4000 != 0
        if isExtended, reader.uint16() == nil { return nil }
        let fixed = reader.bytes[start..<reader.position]
        var name: [UInt8] = []
        if version == 4 {
            guard let cut = reader.offsetVarint(), cut <= previous.count else { return nil }
            name = Array(previous.dropLast(cut))
        }
        let nameStart = reader.position
        guard let end = reader.bytes[nameStart...].firstIndex(of: 0) else { return nil }
        name.append(contentsOf: reader.bytes[nameStart..<end])
        guard !name.isEmpty else { return nil }
        if version == 4 {
            reader.position = end + 1
        } else {
            let padded = ((end - start) / 8 + 1) * 8
            guard start + padded <= reader.bytes.count else { return nil }
            reader.position = start + padded
        }
        previous = name
        var bytes = Array(fixed) + name
        bytes.append(contentsOf: [UInt8](repeating: 0, count: 8 - bytes.count % 8))
        return (bytes, isExtended)
    }

    /// Extensions whose name begins with a capital letter may be ignored.
    private static func checkExtensions(_ reader: inout ByteReader) throws(GitError) {
        while reader.remaining >= 8 {
            guard let name = reader.uint32(), let size = reader.uint32(), Int(size) <= reader.remaining else {
                throw GitError(.corrupt, "The index is damaged: an extension is cut off.")
            }
            guard (UInt32(UInt8(ascii: "A"))...UInt32(UInt8(ascii: "Z"))).contains(name >> 24) else {
                throw GitError(.unsupported, "The index has an extension that changes its meaning.")
            }
            reader.position += Int(size)
        }
    }

    // MARK: Positions

    private func isExtended(at position: Int) -> Bool { entries[Int(offsets[position]) + 60] & 0x40 != 0 }

    private func isPlain(at position: Int) -> Bool {
        entries[Int(offsets[position]) + 60] & 0x70 == 0
    }

    private func name(at position: Int) -> ArraySlice<UInt8> {
        let start = Int(offsets[position]) + IndexEntry.fixedSize + (isExtended(at: position) ? 2 : 0)
        var end = start
        while end < entries.count, entries[end] != 0 { end += 1 }
        return entries[start..<end]
    }

    private func insertionPosition(of name: [UInt8]) -> Int {
        var (low, high) = (0, offsets.count)
        while low < high {
            let middle = (low + high) / 2
            if self.name(at: middle).lexicographicallyPrecedes(name) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
