package import ConnectorKit

/// The entries of a snapshot that is being written, in the order they came, and then in the order of its tree.
///
/// One contiguous buffer holds path and message of each entry, so that an entry costs its own bytes and 24 more.
package struct EntryTable: Sendable {
    private struct Row {
        var start: Int
        var pathLength: UInt32
        var entryLength: UInt32
        /// Number of slashes in the path: what the tree is sorted by first.
        var slashes: UInt32
        var isDirectory: Bool
    }

    private var buffer: [UInt8] = []
    private var rows: [Row] = []

    package init() {}

    package var count: Int { rows.count }

    /// - Returns: false when path or entry is beyond what a row can say (4 GiB).
    package mutating func append(path: BytePath, entry: [UInt8], isDirectory: Bool) -> Bool {
        guard let pathLength = UInt32(exactly: path.bytes.count), let entryLength = UInt32(exactly: entry.count)
        else { return false }
        rows.append(
            Row(
                start: buffer.count, pathLength: pathLength, entryLength: entryLength,
                slashes: UInt32(path.bytes.count { $0 == UInt8(ascii: "/") }), isDirectory: isDirectory))
        buffer.append(contentsOf: path.bytes)
        buffer.append(contentsOf: entry)
        return true
    }

    package func path(_ index: Int) -> ArraySlice<UInt8> {
        buffer[rows[index].start..<rows[index].start + Int(rows[index].pathLength)]
    }

    package func entry(_ index: Int) -> ArraySlice<UInt8> {
        let start = rows[index].start + Int(rows[index].pathLength)
        return buffer[start..<start + Int(rows[index].entryLength)]
    }

    package func isDirectory(_ index: Int) -> Bool { rows[index].isDirectory }

    /// Replaces the message of an entry.
    package mutating func replace(_ index: Int, entry: [UInt8]) -> Bool {
        let path = Array(path(index))
        guard let entryLength = UInt32(exactly: entry.count) else { return false }
        rows[index].start = buffer.count
        rows[index].entryLength = entryLength
        buffer.append(contentsOf: path)
        buffer.append(contentsOf: entry)
        return true
    }

    /// Sorts by depth and then bytewise, the order of the tree of entries (format, section 9.4): the children of a
    /// directory become neighbours. Of several entries with one path the last one added stays, and a directory
    /// before anything else.
    ///
    /// - Returns: the paths that were both a directory and something else.
    package mutating func sort() -> [BytePath] {
        // Sorting is stable, so that equal paths stay in the order they came.
        buffer.withUnsafeBytes { bytes in
            rows.sort { a, b in
                if a.slashes != b.slashes { return a.slashes < b.slashes }
                return EntryTable.compare(bytes, a, b) < 0
            }
        }
        var kept: [Row] = []
        kept.reserveCapacity(rows.count)
        var conflicts: [BytePath] = []
        for row in rows {
            guard let last = kept.last, isSamePath(last, row) else {
                kept.append(row)
                continue
            }
            if last.isDirectory != row.isDirectory {
                let path = buffer[row.start..<row.start + Int(row.pathLength)]
                let conflict = BytePath(cleaning: path)
                if conflicts.last != conflict { conflicts.append(conflict) }
            }
            if row.isDirectory || !last.isDirectory { kept[kept.count - 1] = row }
        }
        rows = kept
        return conflicts
    }

    /// The index of a path in a sorted table.
    package func find(_ path: BytePath) -> Int? {
        let slashes = UInt32(path.bytes.count { $0 == UInt8(ascii: "/") })
        var low = 0
        var high = rows.count
        while low < high {
            let middle = (low + high) / 2
            let row = rows[middle]
            let before =
                row.slashes != slashes
                ? row.slashes < slashes : self.path(middle).lexicographicallyPrecedes(path.bytes)
            if before { low = middle + 1 } else { high = middle }
        }
        return low < rows.count && self.path(low).elementsEqual(path.bytes) ? low : nil
    }

    private func isSamePath(_ a: Row, _ b: Row) -> Bool {
        buffer.withUnsafeBytes { EntryTable.compare($0, a, b) == 0 }
    }

    private static func compare(_ bytes: UnsafeRawBufferPointer, _ a: Row, _ b: Row) -> Int {
        let left = UnsafeRawBufferPointer(rebasing: bytes[a.start..<a.start + Int(a.pathLength)])
        let right = UnsafeRawBufferPointer(rebasing: bytes[b.start..<b.start + Int(b.pathLength)])
        for (x, y) in zip(left, right) where x != y { return x < y ? -1 : 1 }
        return left.count - right.count
    }
}
