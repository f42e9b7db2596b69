import ConnectorKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Sorts any number of records by their keys, in bounded memory: sorted runs go into the spill space and are merged
/// when the records are read. Records of equal keys stay in the order they came.
package struct RecordSorter: Sendable {
    package enum Order: CaseIterable, Sendable {
        /// By number of slashes, then bytewise: the order of a tree of entries (format, section 9.4).
        case byDepth
        case byDepthDescending
        /// The most slashes first, but bytewise ascending among equals.
        case deepestFirst
        case bytewiseDescending
    }

    struct Row: Sendable {
        fileprivate let start: Int
        fileprivate let keyLength: UInt32
        fileprivate let payloadLength: UInt32
        /// Number of slashes where the order looks at them.
        fileprivate let depth: Int32
    }

    private let order: Order
    private let space: SpillSpace
    private let capacity: ClosedRange<Int>
    /// Bytes in the runs.
    private var spilled = 0
    private var buffer: [UInt8] = []
    private var rows: [Row] = []
    private var runs: [RecordRun] = []

    /// Runs that are merged at once.
    private static let fanIn = 64

    /// - Parameter capacity: bytes after which what there is becomes a run: the first number of a sorter that holds
    ///   little, up to the last as it grows, so that both the memory and the number of runs stay small.
    package init(_ order: Order, _ space: SpillSpace, capacity: ClosedRange<Int> = 1 << 20...16 << 20) {
        self.order = order
        self.space = space
        self.capacity = capacity
    }

    package mutating func append(_ key: [UInt8], _ payload: [UInt8]) throws {
        guard let keyLength = UInt32(exactly: key.count), let payloadLength = UInt32(exactly: payload.count) else {
            throw KlosetError(.limitExceeded, "\(printable(key)) has more than 4 GiB of metadata.")
        }
        rows.append(
            Row(
                start: buffer.count, keyLength: keyLength, payloadLength: payloadLength,
                depth: key.withUnsafeBytes { order.depth($0) }))
        buffer.append(contentsOf: key)
        buffer.append(contentsOf: payload)
        let limit = max(capacity.lowerBound, min(capacity.upperBound, spilled / 8))
        if buffer.count + rows.count * MemoryLayout<Row>.stride >= limit { try spill() }
    }

    /// All records in their order.
    package consuming func sorted() throws -> SortedRecords {
        if runs.isEmpty {
            sortRows()
            return SortedRecords(buffer, rows)
        }
        try spill(isLast: true)
        while runs.count > Self.fanIn {
            var longer: [RecordRun] = []
            for start in stride(from: 0, to: runs.count, by: Self.fanIn) {
                var merged = try SortedRecords(Array(runs[start..<min(start + Self.fanIn, runs.count)]), order)
                var writer = RecordWriter(space)
                while let record = try merged.next() { try writer.append(Array(record.key), Array(record.payload)) }
                longer.append(try writer.finish())
            }
            runs = longer
        }
        return try SortedRecords(runs, order)
    }

    private mutating func sortRows() {
        let order = order
        buffer.withUnsafeBytes { bytes in
            rows.sort { a, b in
                if a.depth != b.depth { return a.depth < b.depth }
                return order.precedes(
                    UnsafeRawBufferPointer(rebasing: bytes[a.start..<a.start + Int(a.keyLength)]),
                    UnsafeRawBufferPointer(rebasing: bytes[b.start..<b.start + Int(b.keyLength)]))
            }
        }
    }

    private mutating func spill(isLast: Bool = false) throws {
        guard !rows.isEmpty else { return }
        sortRows()
        var writer = RecordWriter(space)
        try buffer.withUnsafeBytes { bytes throws in
            for row in rows {
                let middle = row.start + Int(row.keyLength)
                try writer.append(
                    UnsafeRawBufferPointer(rebasing: bytes[row.start..<middle]),
                    UnsafeRawBufferPointer(rebasing: bytes[middle..<middle + Int(row.payloadLength)]))
            }
        }
        runs.append(try writer.finish())
        spilled += buffer.count
        // Emptying what is not to be filled again would make a new buffer of the same size here.
        if isLast { (buffer, rows) = ([], []) }
        buffer.removeAll(keepingCapacity: true)
        rows.removeAll(keepingCapacity: true)
    }
}

extension RecordSorter.Order {
    /// What is compared first, smaller numbers first; the same for all keys where only bytes count.
    fileprivate func depth(_ key: UnsafeRawBufferPointer) -> Int32 {
        if case .bytewiseDescending = self { return 0 }
        var count: Int32 = 0
        for byte in key where byte == UInt8(ascii: "/") { count &+= 1 }
        if case .byDepth = self { return count }
        return -count
    }

    /// Among keys of the same depth.
    fileprivate func precedes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
        let difference = Self.compare(a, b)
        return switch self {
        case .byDepth, .deepestFirst: difference < 0
        case .byDepthDescending, .bytewiseDescending: difference > 0
        }
    }

    private static func compare(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
        guard let left = a.baseAddress, let right = b.baseAddress else { return a.count - b.count }
        let difference = Int(memcmp(left, right, min(a.count, b.count)))
        return difference != 0 ? difference : a.count - b.count
    }
}

/// The records of a sorter, one after the other.
package struct SortedRecords: RecordSource {
    private enum Source: Sendable {
        case memory([UInt8], [RecordSorter.Row])
        case runs(RecordSorter.Order)
    }

    private let source: Source
    private var position = 0
    /// The next record of each run that has one, the first to come last.
    private var heads: [Head] = []

    private struct Head: Sendable {
        var record: SpillRecord
        var depth: Int32
        var number: Int
        var reader: RecordReader
    }

    fileprivate init(_ buffer: [UInt8], _ rows: [RecordSorter.Row]) { source = .memory(buffer, rows) }

    fileprivate init(_ runs: [RecordRun], _ order: RecordSorter.Order) throws {
        source = .runs(order)
        for (number, run) in runs.enumerated() {
            var reader = run.makeReader()
            guard let record = try reader.next() else { continue }
            place(Head(record: record, depth: record.withKey(order.depth), number: number, reader: reader), order)
        }
    }

    package mutating func next() throws -> SpillRecord? {
        switch source {
        case .memory(let buffer, let rows):
            guard position < rows.count else { return nil }
            let row = rows[position]
            position += 1
            let middle = row.start + Int(row.keyLength)
            return SpillRecord(buffer, key: row.start..<middle, payload: middle..<middle + Int(row.payloadLength))
        case .runs(let order):
            guard var head = heads.popLast() else { return nil }
            let record = head.record
            if let following = try head.reader.next() {
                head.record = following
                head.depth = following.withKey(order.depth)
                place(head, order)
            }
            return record
        }
    }

    /// Neighbours most often come from the same run, so the search begins where the last record was.
    private mutating func place(_ head: Head, _ order: RecordSorter.Order) {
        var index = heads.count
        while index > 0, precedes(heads[index - 1], head, order) { index -= 1 }
        heads.insert(head, at: index)
    }

    private func precedes(_ a: Head, _ b: Head, _ order: RecordSorter.Order) -> Bool {
        if a.depth != b.depth { return a.depth < b.depth }
        return a.record.withKey { left in
            b.record.withKey { right in
                if order.precedes(left, right) { return true }
                return order.precedes(right, left) ? false : a.number < b.number
            }
        }
    }
}
