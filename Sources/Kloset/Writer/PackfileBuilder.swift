import ConnectorKit
import KlosetFormat

/// One packfile while it is filled (format, section 7), in the very bytes that will be stored.
struct PackfileBuilder: Sendable {
    /// The number by which locations call the packfile until it has its name.
    let number: UInt32
    private var file: [UInt8]
    private var records: [PackfileIndexRecord] = []

    /// A reader of the Go engine asks for more than it needs around a blob, and fails at the end of the file: so
    /// much must follow the last blob (format, section 7.6).
    private static let trailingPadding = 8192

    init(number: UInt32) {
        self.number = number
        file = WrapperHeader(type: .packfile, version: .v1_0_0).encoded()
    }

    var isEmpty: Bool { records.isEmpty }

    /// Bytes of encoded blobs so far.
    var size: Int { file.count - Wrapper.headerSize }

    /// Appends an encoded blob.
    ///
    /// - Returns: its offset in the data section.
    mutating func append(_ id: BlobID, _ stored: [UInt8]) -> UInt64 {
        let offset = UInt64(size)
        records.append(PackfileIndexRecord(blob: id, offset: offset, length: UInt32(clamping: stored.count)))
        file.append(contentsOf: stored)
        return offset
    }

    /// Ends the data with random bytes, which also hide where the last blob ends.
    ///
    /// - Returns: their record, which the state lists like any other.
    mutating func pad() -> PackfileIndexRecord {
        let bytes = Repository.randomBytes(Self.trailingPadding + Int.random(in: 0..<Self.trailingPadding))
        let id = BlobID(.padding, .random())
        let offset = append(id, bytes)
        return PackfileIndexRecord(blob: id, offset: offset, length: UInt32(bytes.count))
    }

    /// Adds index, footer and digest.
    ///
    /// - Returns: the name of the packfile, the digest of all between its wrapper, and the whole file.
    consuming func finish(_ keys: RepositoryKeys, time: Int64) throws -> (name: MAC, file: [UInt8]) {
        let index = PackfileIndex.encode(records)
        let footer = PackfileFooter(
            timestamp: time, count: UInt32(records.count), indexOffset: UInt64(size), indexMAC: keys.mac(index))
        file += PackfileLayout.end(
            index: try keys.codec.encode(index), footer: try keys.codec.encode(footer.encoded()))
        let name = keys.mac(file[Wrapper.headerSize...])
        file += keys.mac(file).bytes
        return (name, file)
    }
}
