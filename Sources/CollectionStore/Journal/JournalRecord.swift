import Crypto
import GitObjects

/// An entry of the journal. On disk: the size of what follows the digest (32 bits), eight bytes of its SHA-1, and the
/// fields; a record that was cut off by a crash does not have its digest.
enum JournalRecord: Sendable {
    case change(PendingChange, in: String)
    /// Changes of the collection up to that sequence number are in the branch if this commit is.
    case committed(String, upTo: UInt64, commit: ObjectID)
    /// Changes up to that sequence number below that path are void: the collection was removed.
    case forgotten(String, upTo: UInt64)

    private static let digestSize = 8
    private static let headerSize = 4 + digestSize

    /// The record in pieces that follow each other; the content of a member is one of its own when it is large, and is not
    /// copied.
    func encodedPieces() -> [[UInt8]] {
        var fields = BinaryWriter()
        var large: [UInt8] = []
        switch self {
        case .change(let change, let path):
            fields.write(UInt8(1))
            fields.write(path)
            fields.write(change.sequence)
            fields.write(change.time)
            fields.write(change.name.string)
            fields.write(change.title)
            fields.write(change.author.user)
            fields.write(change.author.userAgent)
            fields.write(change.content == nil ? UInt8(0) : 1)
            if let content = change.content?.bytes {
                fields.write(UInt32(clamping: content.count))
                if content.count < Self.largeContent { fields.append(content) } else { large = content }
            }
        case .committed(let path, let sequence, let commit):
            fields.write(UInt8(2))
            fields.write(path)
            fields.write(sequence)
            fields.write(commit)
        case .forgotten(let path, let sequence):
            fields.write(UInt8(3))
            fields.write(path)
            fields.write(sequence)
        }
        var record = BinaryWriter()
        record.write(UInt32(clamping: fields.bytes.count + large.count))
        record.append(Self.digest(of: [fields.bytes[...], large[...]]))
        record.append(fields.bytes)
        return large.isEmpty ? [record.bytes] : [record.bytes, large]
    }

    /// In bytes.
    private static let largeContent = 64 << 10

    /// All sound records from the beginning; what follows the first that is not was never acknowledged.
    static func decode(_ bytes: [UInt8]) -> [JournalRecord] {
        var records: [JournalRecord] = []
        var position = 0
        while bytes.count - position >= headerSize {
            var header = BinaryReader(bytes, position..<bytes.count)
            guard let size = header.integer(UInt32.self), size > 0,
                bytes.count - position - headerSize >= Int(size)
            else { break }
            let start = position + headerSize
            let fields = start..<(start + Int(size))
            guard Array(bytes[(position + 4)..<start]) == digest(of: [bytes[fields]]),
                let record = read(BinaryReader(bytes, fields))
            else { break }
            records.append(record)
            position = fields.upperBound
        }
        return records
    }

    private static func read(_ input: BinaryReader) -> JournalRecord? {
        var reader = input
        guard let kind = reader.integer(UInt8.self), let path = reader.text(),
            let sequence = reader.integer(UInt64.self)
        else { return nil }
        switch kind {
        case 1:
            guard let time = reader.integer(Int64.self), let name = reader.text(), let member = try? MemberName(name),
                let title = reader.text(), let user = reader.optionalText(), let agent = reader.optionalText(),
                let hasContent = reader.integer(UInt8.self)
            else { return nil }
            var content: PendingChange.Content?
            if hasContent == 1 {
                guard let bytes = reader.counted() else { return nil }
                let whole = Array(bytes)
                content = PendingChange.Content(id: ObjectID(hashing: whole, as: .blob), bytes: whole)
            }
            return .change(
                PendingChange(
                    sequence: sequence, name: member, content: content, title: title,
                    author: ChangeAuthor(user: user, userAgent: agent), time: time),
                in: path)
        case 2: return reader.objectID().map { .committed(path, upTo: sequence, commit: $0) }
        case 3: return .forgotten(path, upTo: sequence)
        default: return nil
        }
    }

    private static func digest(of pieces: [ArraySlice<UInt8>]) -> [UInt8] {
        var hasher = Insecure.SHA1()
        for piece in pieces { piece.withUnsafeBytes { hasher.update(bufferPointer: $0) } }
        return Array(hasher.finalize().prefix(digestSize))
    }
}
