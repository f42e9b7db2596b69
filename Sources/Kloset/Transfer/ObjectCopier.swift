import ConnectorKit
import KlosetFormat
import Synchronization

/// Copies contents from one repository into another: every chunk is decrypted and checked with the keys of the one, and
/// named, compressed and encrypted with those of the other. Chunks stay as they were cut where both cut alike.
final class ObjectCopier: Sendable {
    private let source: Repository
    /// What was copied already, by the identifier in the source: files of several snapshots are mostly the same.
    private let known: Mutex<[MAC: StoredContent]> = Mutex([:])

    /// Beyond that the memory begins anew. An entry takes some 200 bytes.
    private static let capacity = 200_000

    init(_ source: Repository) { self.source = source }

    /// - Parameters:
    ///   - size: bytes that the entry gives; nil when nothing says it.
    ///   - place: what the content belongs to, for errors.
    /// - Returns: the content in the destination, and the bytes that were read for it; 0 when it was there.
    func copy(
        _ object: MAC, size: Int64?, of place: String, into storer: ContentStorer
    ) async throws -> (content: StoredContent, bytes: UInt64) {
        // It may be known from a snapshot that came to nothing.
        if let content = known.withLock({ $0[object] }), storer.sink.contains(BlobID(.object, content.object)) {
            return (content, 0)
        }
        do {
            let content = try await read(object, size: size, into: storer)
            known.withLock {
                if $0.count >= Self.capacity { $0.removeAll(keepingCapacity: true) }
                $0[object] = content
            }
            return (content, content.size)
        } catch let error as KlosetError {
            throw error.within(place)
        }
    }

    private func read(_ id: MAC, size: Int64?, into storer: ContentStorer) async throws -> StoredContent {
        let object: Object = try await source.message(.object, id)
        guard let total = object.size, size == nil || UInt64(exactly: size ?? 0) == total else {
            throw KlosetError(
                .corrupt, "its chunks have \(object.size ?? .max) bytes together, its entry says \(size ?? 0)")
        }
        var copy = ObjectCopy(object, storer)
        var splitter = isCutAnew(storer) ? ChunkSplitter(storer.cutter) : nil
        var original = StoreMAC.Stream(source.keys.mac)
        // The digest of a single chunk is that of the whole, and chunks are checked as they are read.
        let isSingle = object.chunks.count == 1
        for chunk in object.chunks {
            try Task.checkCancellation()
            let bytes = try await source.blob(.chunk, chunk.contentMAC, limit: Int(chunk.length))
            guard bytes.count == Int(chunk.length) else {
                throw KlosetError(
                    .corrupt, "chunk \(chunk.contentMAC) has \(bytes.count) bytes, its object says \(chunk.length)")
            }
            if !isSingle { original.update(bytes[...]) }
            if let pieces = splitter?.append(bytes) {
                for piece in pieces { try await copy.add(piece, entropy: Entropy.bitsPerByte(piece)) }
            } else {
                try await copy.add(bytes, entropy: chunk.entropy)
            }
        }
        if let rest = splitter?.finish() { try await copy.add(rest, entropy: Entropy.bitsPerByte(rest)) }
        guard (isSingle ? object.chunks[0].contentMAC : original.finalize()) == object.contentMAC else {
            throw KlosetError(.corrupt, "its chunks put together are not the content of object \(id)")
        }
        return try await copy.finish()
    }

    /// Content deduplicates only against what was cut by the same rules.
    private func isCutAnew(_ storer: ContentStorer) -> Bool {
        source.configuration.chunking != storer.chunking
    }
}

/// An object of the destination while its chunks come.
private struct ObjectCopy {
    private let sink: BlobSink
    private var contentType: ByteString
    private var chunks: [Chunk] = []
    private var size: UInt64 = 0
    private var weightedEntropy = 0.0
    private var stream: StoreMAC.Stream
    /// The first chunk until a second one comes: the digest of a single one need not be computed twice.
    private var onlyChunk: [UInt8]?

    init(_ original: Object, _ storer: ContentStorer) {
        sink = storer.sink
        contentType = original.contentType
        stream = StoreMAC.Stream(sink.keys.mac)
    }

    mutating func add(_ bytes: [UInt8], entropy: Double) async throws {
        if contentType.isEmpty { contentType = ByteString(ContentType.sniff(bytes[...])) }
        if chunks.isEmpty {
            onlyChunk = bytes
        } else {
            if let first = onlyChunk { stream.update(first[...]) }
            onlyChunk = nil
            stream.update(bytes[...])
        }
        let mac = try await sink.store(.chunk, bytes)
        chunks.append(Chunk(contentMAC: mac, length: UInt32(clamping: bytes.count), entropy: entropy))
        weightedEntropy += entropy * Double(bytes.count)
        size += UInt64(bytes.count)
    }

    mutating func finish() async throws -> StoredContent {
        // An empty content is one empty chunk (format, section 9.2).
        if chunks.isEmpty { try await add([], entropy: 0) }
        let object = Object(
            contentMAC: chunks.count == 1 ? chunks[0].contentMAC : stream.finalize(), chunks: chunks,
            contentType: contentType, entropy: size == 0 ? 0 : weightedEntropy / Double(size))
        return StoredContent(
            object: try await sink.store(.object, object.encoded()), chunkCount: UInt64(chunks.count),
            entropy: object.entropy, contentType: contentType, size: size)
    }
}
