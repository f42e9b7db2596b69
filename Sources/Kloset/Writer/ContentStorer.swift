import ConnectorKit
import KlosetFormat

/// Content that is in the store.
struct StoredContent: Hashable, Sendable {
    var object: MAC
    var chunkCount: UInt64
    var entropy: Double
    var contentType: ByteString
    /// Bytes.
    var size: UInt64
}

/// The source of a file failed, not the store: the snapshot goes on without the file.
struct SourceFailure: Error {
    let reason: String
}

/// Cuts content into chunks, stores those that are new, and the object that puts them together (format, section 9.2).
struct ContentStorer: Sendable {
    let sink: BlobSink
    let cutter: FastCDC
    let chunking: ChunkingParameters

    init(_ sink: BlobSink, _ parameters: ChunkingParameters) throws(KlosetError) {
        self.sink = sink
        chunking = parameters
        // Any boundaries are legal, so an algorithm that we do not have only costs deduplication.
        let variant = FastCDC.Variant(named: parameters.algorithm.description) ?? .version1
        guard
            let cutter = FastCDC(
                variant, minimum: Int(parameters.minimumSize), normal: Int(parameters.normalSize),
                maximum: Int(parameters.maximumSize))
        else { throw KlosetError(.incompatible, "The store's chunk sizes are out of bounds.") }
        self.cutter = cutter
    }

    /// Stores what a reader gives, to its end.
    ///
    /// - Throws: ``SourceFailure`` when the reader failed; anything else is fatal for the snapshot.
    func store(_ reader: any ContentReader) async throws -> StoredContent {
        var assembly = ObjectAssembly(self, kind: .content)
        var splitter = ChunkSplitter(cutter)
        while let piece = try await next(reader) {
            for chunk in splitter.append(piece) { try await assembly.add(chunk) }
        }
        if let chunk = splitter.finish() { try await assembly.add(chunk) }
        return try await assembly.finish()
    }

    func store(_ content: [UInt8]) async throws -> StoredContent {
        var listing = assemble(.content)
        try await listing.append(content)
        return try await listing.finish()
    }

    /// Begins content that is made here piece by piece.
    func assemble(_ kind: ObjectAssembly.Kind) -> ContentAssembly {
        ContentAssembly(splitter: ChunkSplitter(cutter), object: ObjectAssembly(self, kind: kind))
    }

    private func next(_ reader: any ContentReader) async throws -> [UInt8]? {
        do {
            return try await reader.next()
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            try Task.checkCancellation()
            throw SourceFailure(reason: "\(error)")
        }
    }
}

/// Content that is given piece by piece instead of read.
struct ContentAssembly {
    fileprivate var splitter: ChunkSplitter
    fileprivate var object: ObjectAssembly

    mutating func append(_ piece: [UInt8]) async throws {
        for chunk in splitter.append(piece) { try await object.add(chunk) }
    }

    mutating func finish() async throws -> StoredContent {
        if let chunk = splitter.finish() { try await object.add(chunk) }
        return try await object.finish()
    }
}

/// An object while its chunks come.
struct ObjectAssembly {
    enum Kind {
        /// A file or an attribute: type and entropy are told from the bytes.
        case content
        /// The listing of a directory: the engine writes a fixed type and no entropy (format, section 9.6).
        case listing
    }

    private let sink: BlobSink
    private let kind: Kind
    private var chunks: [Chunk] = []
    private var contentType: ByteString
    private var size: UInt64 = 0
    private var weightedEntropy = 0.0
    private var stream: StoreMAC.Stream
    /// The first chunk until a second one comes: the digest of a single chunk is that of the whole, and need not be
    /// computed twice.
    private var onlyChunk: [UInt8]?

    init(_ storer: ContentStorer, kind: Kind) {
        sink = storer.sink
        self.kind = kind
        contentType = ByteString(ContentType.unknown)
        stream = StoreMAC.Stream(sink.keys.mac)
    }

    mutating func add(_ bytes: [UInt8]) async throws {
        try Task.checkCancellation()
        if chunks.isEmpty {
            if kind == .content { contentType = ByteString(ContentType.sniff(bytes[...])) }
            onlyChunk = bytes
        } else {
            if let first = onlyChunk {
                stream.update(first[...])
                onlyChunk = nil
            }
            stream.update(bytes[...])
        }
        let entropy = kind == .content ? Entropy.bitsPerByte(bytes) : 0
        let mac = try await sink.store(.chunk, bytes)
        chunks.append(Chunk(contentMAC: mac, length: UInt32(clamping: bytes.count), entropy: entropy))
        weightedEntropy += entropy * Double(bytes.count)
        size += UInt64(bytes.count)
    }

    mutating func finish() async throws -> StoredContent {
        let contentMAC = chunks.count == 1 ? chunks[0].contentMAC : stream.finalize()
        let entropy = size == 0 ? 0 : weightedEntropy / Double(size)
        let object = Object(contentMAC: contentMAC, chunks: chunks, contentType: contentType, entropy: entropy)
        let mac = try await sink.store(.object, object.encoded())
        return StoredContent(
            object: mac, chunkCount: UInt64(chunks.count), entropy: entropy, contentType: contentType, size: size)
    }
}
