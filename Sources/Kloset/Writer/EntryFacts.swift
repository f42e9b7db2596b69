import ConnectorKit
import KlosetFormat

/// What summaries and indexes need to know of an entry, so that entries need not be decoded again when a snapshot is
/// put together.
struct EntryFacts: Sendable {
    var mode: FileMode
    /// Of the last change, seconds since 1970.
    var seconds: Int64
    /// Bytes.
    var size: Int64
    var entropy: Double
    var chunkCount: UInt64
    var hasObject: Bool
    var listsAttributes: Bool
    var contentType: [UInt8]

    init(_ entry: Entry) {
        mode = entry.info.mode
        seconds = entry.info.modificationTime.seconds
        size = entry.info.size
        entropy = entry.entropy
        chunkCount = entry.chunkCount
        hasObject = entry.object != .zero
        listsAttributes = !entry.extendedAttributeNames.isEmpty
        contentType = entry.contentType.bytes
    }

    /// The type without its parameters, as the index of types has it. Its two parts are always there: the keys of
    /// the index could not be told apart otherwise.
    var indexedType: ArraySlice<UInt8> {
        let type = contentType.prefix { $0 != UInt8(ascii: ";") }
        let isPair = type.count { $0 == UInt8(ascii: "/") } == 1
        return isPair ? type : Array(ContentType.unknown.utf8)[...]
    }

    // MARK: As bytes

    /// Bytes in front of the content type.
    private static let fixedLength = 40

    func append(to bytes: inout [UInt8]) {
        let flags: UInt16 = (hasObject ? 1 : 0) | (listsAttributes ? 2 : 0)
        let type = contentType.prefix(Int(UInt16.max))
        withUnsafeBytes(of: (seconds, size, entropy, chunkCount, mode.rawValue, flags, UInt16(type.count))) {
            bytes.append(contentsOf: $0)
        }
        bytes.append(contentsOf: type)
    }

    /// Reads what ``append(to:)`` wrote.
    ///
    /// - Returns: nil when `bytes` is too short; otherwise also what follows.
    static func read(_ bytes: ArraySlice<UInt8>) -> (facts: EntryFacts, rest: ArraySlice<UInt8>)? {
        guard bytes.count >= fixedLength else { return nil }
        return bytes.withUnsafeBytes { buffer in
            let flags = buffer.loadUnaligned(fromByteOffset: 36, as: UInt16.self)
            let end = fixedLength + Int(buffer.loadUnaligned(fromByteOffset: 38, as: UInt16.self))
            guard end <= buffer.count else { return nil }
            let facts = EntryFacts(
                mode: FileMode(rawValue: buffer.loadUnaligned(fromByteOffset: 32, as: UInt32.self)),
                seconds: buffer.loadUnaligned(fromByteOffset: 0, as: Int64.self),
                size: buffer.loadUnaligned(fromByteOffset: 8, as: Int64.self),
                entropy: buffer.loadUnaligned(fromByteOffset: 16, as: Double.self),
                chunkCount: buffer.loadUnaligned(fromByteOffset: 24, as: UInt64.self), hasObject: flags & 1 != 0,
                listsAttributes: flags & 2 != 0, contentType: Array(buffer[fixedLength..<end]))
            return (facts, bytes[(bytes.startIndex + end)...])
        }
    }

    private init(
        mode: FileMode, seconds: Int64, size: Int64, entropy: Double, chunkCount: UInt64, hasObject: Bool,
        listsAttributes: Bool, contentType: [UInt8]
    ) {
        self.mode = mode
        self.seconds = seconds
        self.size = size
        self.entropy = entropy
        self.chunkCount = chunkCount
        self.hasObject = hasObject
        self.listsAttributes = listsAttributes
        self.contentType = contentType
    }
}
