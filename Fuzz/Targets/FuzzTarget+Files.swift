internal import Compression
internal import ConnectorKit
internal import KlosetFormat

/// The largest content that a file under test may unfold to, in bytes.
private let contentLimit = 1 << 20

extension FuzzTarget {
    /// A wrapped packfile: footer, index, and every blob by its type. Digests are not looked at, so that the fuzzer
    /// gets past them.
    static let packfile = FuzzTarget("packfile") { input throws(BrokenPromise) in
        guard expected({ try Wrapper(parsing: input, expecting: .packfile) }) != nil else { return }
        try readPackfile(input)
    }

    /// A wrapped state.
    static let state = FuzzTarget("state") { input throws(BrokenPromise) in
        guard let wrapper = expected({ try Wrapper(parsing: input, expecting: .state) }) else { return }
        try readState(input, wrapper)
    }

    /// A whole archive: trailer, configuration, packfile, state.
    static let archive = FuzzTarget("archive") { input throws(BrokenPromise) in
        let tail = Array(input.suffix(PtarTrailer.size))
        guard expected({ try PtarTrailer.checkHeader(input) }) != nil,
            let trailer = expected({ try PtarTrailer(decoding: tail, archiveSize: UInt64(input.count)) })
        else { return }
        try promise(trailer.encoded() == tail, "the trailer of an archive is written otherwise than it was read")
        let parts = [trailer.configuration, trailer.packfile, trailer.state].map {
            Array(input[Int($0.lowerBound)..<Int($0.upperBound)])
        }
        try configuration.run(parts[0])
        if expected({ try Wrapper(parsing: parts[1], expecting: .packfile) }) != nil { try readPackfile(parts[1]) }
        if let wrapper = expected({ try Wrapper(parsing: parts[2], expecting: .state) }) {
            try readState(parts[2], wrapper)
        }
    }

    // MARK: Parts

    private static func readPackfile(_ file: [UInt8]) throws(BrokenPromise) {
        let blobs = expected { () -> [(type: BlobType, bytes: [UInt8])] in
            let layout = try PackfileLayout(file: file)
            let footer = try PackfileFooter(decoding: decode(file, layout.footer))
            let records = try PackfileIndex.decode(decode(file, layout.indexRange(footer)), footer: footer)
            return records.map { record in
                let start = PackfileLayout.dataOffset + record.offset
                return (record.blob.type, Array(file[Int(start)..<Int(start + UInt64(record.length))]))
            }
        }
        // Records may overlap: a thousand of the same large blob are read, not a million.
        for blob in (blobs ?? []).prefix(1000) { try readBlob(blob.type, blob.bytes) }
    }

    private static func readBlob(_ type: BlobType, _ stored: [UInt8]) throws(BrokenPromise) {
        guard type != .padding, stored.count <= 64 << 10, let plain = expected({ try decode(stored) }) else { return }
        let selectors: [BlobType: UInt8] = [
            .snapshot: 0, .object: 1, .entry: 2, .summary: 3, .error: 4, .attribute: 5, .entryRoot: 7, .errorRoot: 7,
            .attributeRoot: 7, .indexRoot: 7,
        ]
        switch type {
        case .entryNode, .errorNode, .attributeNode, .indexNode: try node.run([1] + plain)
        case .chunk: try dirpack.run([7] + plain)
        default:
            if let selector = selectors[type] { try message.run([selector] + plain) }
        }
    }

    private static func readState(_ file: [UInt8], _ wrapper: Wrapper) throws(BrokenPromise) {
        guard let payload = expected({ try decode(Array(file[wrapper.payload])) }),
            let (reader, records) = expected({ () throws -> (StateReader, [StateRecord]) in
                var reader = try StateReader(payload, version: wrapper.version)
                let records = try reader.records()
                return (reader, records)
            })
        else { return }
        try promise(reader.metadata != nil, "a state ended without its metadata")
        // What may be written is read again as it was, in the order of the groups.
        var writer = StateWriter(parent: reader.parent)
        var kept: [StateRecord] = []
        for record in records where expected({ try writer.add(record) }) != nil { kept.append(record) }
        let bytes = writer.finish(timestamp: 1)
        let again = expected { () throws -> [StateRecord] in
            var reader = try StateReader(bytes, version: .v1_1_0)
            return try reader.records()
        }
        guard let again else { throw BrokenPromise("a state that was written cannot be read") }
        try promise(again.count == kept.count && Set(again) == Set(kept), "a state lost or changed a record")
    }

    /// Compressed or plain, whichever it looks like: fixtures of both kinds are seeds.
    private static func decode(_ file: [UInt8], _ range: Range<UInt64>) throws -> [UInt8] {
        guard range.upperBound <= UInt64(file.count) else { throw FormatError(.truncated, "beyond the file") }
        return try decode(Array(file[Int(range.lowerBound)..<Int(range.upperBound)]))
    }

    private static func decode(_ stored: [UInt8]) throws -> [UInt8] {
        if stored.starts(with: [0x04, 0x22, 0x4D, 0x18]) {
            return try LZ4Frame.decompress(stored, limit: contentLimit)
        }
        if stored.starts(with: [0x1F, 0x8B]) { return try Gzip.decompress(stored, limit: contentLimit) }
        return stored
    }
}
