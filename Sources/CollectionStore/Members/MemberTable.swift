/// All members of a collection in the order of their names, as a value that is cheap to copy and to change: a change
/// copies one chunk of some dozens of records and shares the rest.
struct MemberTable: Sendable {
    private var chunks: [[MemberRecord]] = []
    private(set) var count = 0

    private static let chunkSize = 48

    init() {}

    /// The records must be sorted by name, each name once.
    init(sorted records: [MemberRecord]) {
        count = records.count
        var start = 0
        while start < records.count {
            let end = min(start + Self.chunkSize, records.count)
            chunks.append(Array(records[start..<end]))
            start = end
        }
    }

    /// In the order of names.
    var records: some Sequence<MemberRecord> { chunks.lazy.joined() }

    /// Calls `body` with every record, in the order of names; faster than the sequence.
    func visit(_ body: (MemberRecord) -> Void) {
        for chunk in chunks {
            for position in chunk.indices { body(chunk[position]) }
        }
    }

    /// The records come in this many parts, in the order of names.
    var pageCount: Int { chunks.count }

    func page(_ index: Int) -> [MemberRecord] { chunks[index] }

    /// From the last name to the first, until `body` gives something.
    func lastNonNil<T>(_ body: (MemberRecord) -> T?) -> T? {
        for chunk in chunks.reversed() {
            for record in chunk.reversed() {
                if let found = body(record) { return found }
            }
        }
        return nil
    }

    subscript(name: MemberName) -> MemberRecord? {
        let chunk = chunkPosition(of: name)
        guard chunk < chunks.count else { return nil }
        let position = Self.position(of: name, in: chunks[chunk])
        guard position < chunks[chunk].count, chunks[chunk][position].name == name else { return nil }
        return chunks[chunk][position]
    }

    /// Adds the record, or replaces the one of its name.
    mutating func set(_ record: MemberRecord) {
        guard !chunks.isEmpty else {
            chunks = [[record]]
            count = 1
            return
        }
        // A name behind all others goes into the last chunk.
        let chunk = min(chunkPosition(of: record.name), chunks.count - 1)
        let position = Self.position(of: record.name, in: chunks[chunk])
        if position < chunks[chunk].count, chunks[chunk][position].name == record.name {
            chunks[chunk][position] = record
            return
        }
        chunks[chunk].insert(record, at: position)
        count += 1
        if chunks[chunk].count >= 2 * Self.chunkSize {
            let upper = Array(chunks[chunk][Self.chunkSize...])
            chunks[chunk].removeSubrange(Self.chunkSize...)
            chunks.insert(upper, at: chunk + 1)
        }
    }

    @discardableResult
    mutating func remove(_ name: MemberName) -> MemberRecord? {
        let chunk = chunkPosition(of: name)
        guard chunk < chunks.count else { return nil }
        let position = Self.position(of: name, in: chunks[chunk])
        guard position < chunks[chunk].count, chunks[chunk][position].name == name else { return nil }
        let removed = chunks[chunk].remove(at: position)
        if chunks[chunk].isEmpty { chunks.remove(at: chunk) }
        count -= 1
        return removed
    }

    /// Of the first chunk whose last name is not before `name`.
    private func chunkPosition(of name: MemberName) -> Int {
        chunks.partitioningIndex { chunk in chunk.last.map { !($0.name < name) } ?? true }
    }

    private static func position(of name: MemberName, in chunk: [MemberRecord]) -> Int {
        chunk.partitioningIndex { !($0.name < name) }
    }
}

/// How many members have each UID, by a hash of it: says "nobody" for certain and "perhaps" otherwise. Belongs to the
/// writer.
struct UIDIndex: Sendable {
    private var counts: [Int: UInt32] = [:]

    init(_ table: MemberTable) {
        counts.reserveCapacity(table.count)
        table.visit { if let uid = $0.uid { counts[uid.hashValue, default: 0] += 1 } }
    }

    func mayHave(_ uid: String) -> Bool { counts[uid.hashValue] != nil }

    mutating func insert(_ uid: String) { counts[uid.hashValue, default: 0] += 1 }

    mutating func remove(_ uid: String) {
        let hash = uid.hashValue
        guard let count = counts[hash] else { return }
        counts[hash] = count > 1 ? count - 1 : nil
    }
}
