import Crypto
import GitObjects

/// The records of a collection on disk, so that the next start need not read every member. Only a cache: each record says
/// which blob it is about, so an old file is as good as its matching records, and without the file all is read again.
enum MemberIndexFile {
    /// In the repository's directory, where git does not look.
    static let name = "fasti-index"

    private static let magic: UInt64 = 0x3158_4449_5453_4146  // "FASTIDX1"
    private static let limit = 1 << 30

    /// Of what is in memory at once while a table is written, in bytes.
    private static let pieceSize = 256 << 10

    /// Calls `body` with the file, piece by piece: for a large collection it is as large as what it tells of.
    static func encode<E: Error>(_ table: MemberTable, _ body: ([UInt8]) throws(E) -> Void) throws(E) {
        var hasher = Insecure.SHA1()
        var writer = BinaryWriter()
        writer.write(magic)
        writer.write(UInt32(clamping: table.count))
        for page in 0..<table.pageCount {
            for record in table.page(page) { write(record, &writer) }
            guard writer.bytes.count >= pieceSize else { continue }
            hasher.update(data: writer.bytes)
            try body(writer.bytes)
            writer = BinaryWriter()
        }
        hasher.update(data: writer.bytes)
        writer.append(Array(hasher.finalize()))
        try body(writer.bytes)
    }

    private static func write(_ record: MemberRecord, _ writer: inout BinaryWriter) {
        writer.write(record.name.string)
        writer.write(record.id)
        writer.write(record.size)
        writer.write(record.mode.bits)
        writer.write(record.modified)
        writer.write(record.uid)
        writer.write(UInt8(clamping: record.components.count))
        for component in record.components.prefix(255) { writer.write(component) }
        switch record.times {
        case .unknown: writer.write(UInt8(0))
        case .within(let first, let last):
            writer.write(UInt8(1))
            writer.write(first)
            writer.write(last)
        case .once, .repeated, .exact:
            let times = record.times.exactTimes ?? []
            writer.write(UInt8(2))
            writer.write(UInt32(clamping: times.count))
            for time in times { writer.write(time) }
        }
    }

    /// In the order of names; nil when the bytes are not what `encode` makes.
    static func decode(_ bytes: [UInt8]) -> [MemberRecord]? {
        let end = bytes.count - digestSize
        guard end > 12, Array(bytes[end...]) == digest(of: bytes[..<end]) else { return nil }
        var reader = BinaryReader(bytes, 0..<end)
        guard reader.integer(UInt64.self) == magic, let count = reader.integer(UInt32.self),
            Int(count) <= end / 40
        else { return nil }
        var records: [MemberRecord] = []
        records.reserveCapacity(Int(count))
        for _ in 0..<count {
            guard let record = read(&reader) else { return nil }
            if let last = records.last, !(last.name < record.name) { return nil }
            records.append(record)
        }
        return records
    }

    private static func read(_ reader: inout BinaryReader) -> MemberRecord? {
        // Only names that are in the tree count in the end, and those were looked at when the file was made.
        guard let text = reader.text(), let id = reader.objectID(),
            let size = reader.integer(UInt32.self), let mode = reader.integer(UInt32.self),
            let modified = reader.integer(Int64.self), let uid = reader.optionalText(),
            let componentCount = reader.integer(UInt8.self)
        else { return nil }
        var components: [String] = []
        for _ in 0..<componentCount {
            guard let component = reader.text() else { return nil }
            components.append(component)
        }
        guard let times = readTimes(&reader) else { return nil }
        return MemberRecord(
            name: MemberName(unchecked: text), id: id, size: size, mode: TreeEntry.Mode(bits: mode), modified: modified,
            uid: uid,
            components: components, times: times)
    }

    private static func readTimes(_ reader: inout BinaryReader) -> MemberTimes? {
        switch reader.integer(UInt8.self) {
        case 0: return .unknown
        case 1:
            guard let first = reader.integer(Int64.self), let last = reader.integer(Int64.self) else { return nil }
            return .within(first, last)
        case 2:
            guard let count = reader.integer(UInt32.self), Int(count) * 8 <= reader.remaining else { return nil }
            var times: [Int64] = []
            times.reserveCapacity(Int(count))
            for _ in 0..<count {
                guard let time = reader.integer(Int64.self) else { return nil }
                times.append(time)
            }
            return MemberTimes(exactly: times)
        default: return nil
        }
    }

    private static let digestSize = 20

    private static func digest(of bytes: ArraySlice<UInt8>) -> [UInt8] {
        var hasher = Insecure.SHA1()
        bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        return Array(hasher.finalize())
    }

    // MARK: Files

    /// Empty when there is none, or none that can be used.
    static func read(_ repository: GitRepository) -> [MemberRecord] {
        let bytes = try? FileSystem.readIfPresent(repository.gitDirectory + "/" + name, limit: limit)
        return bytes.flatMap(decode) ?? []
    }

    /// A failure is no loss but of time at the next start. Not durable at once: a torn file is noticed.
    static func write(_ table: MemberTable, _ repository: GitRepository) {
        let path = repository.gitDirectory + "/" + name
        _ = try? FileSystem.placeFile(path, through: path + ".tmp", mode: 0o600) { write throws(GitError) in
            try encode(table, write)
        }
    }
}
