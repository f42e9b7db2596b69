import ConnectorKit
import KlosetFormat

/// The content of an object, chunk by chunk, everything checked: the digest and length of each chunk, the digest of
/// the whole, and the size that the entry gives (format, trap 42).
actor ObjectReader: ContentReader {
    private let repository: Repository
    private let object: MAC
    private let expectedSize: UInt64?
    /// Only errors need it.
    private let place: @Sendable () -> String
    private var chunks: [Chunk] = []
    private var position = 0
    private var size: UInt64 = 0
    private var contentMAC: MAC = .zero
    /// For contents of several chunks.
    private var stream: StoreMAC.Stream?
    private var state = State.unopened

    private enum State {
        case unopened
        case reading
        case finished
    }

    /// - Parameters:
    ///   - expectedSize: bytes of the content as its entry says; nil when nothing says it.
    ///   - place: what the content belongs to, for errors.
    init(
        _ repository: Repository, object: MAC, expectedSize: UInt64?,
        of place: @autoclosure @escaping @Sendable () -> String
    ) {
        self.repository = repository
        self.object = object
        self.expectedSize = expectedSize
        self.place = place
    }

    func next() async throws -> [UInt8]? {
        do {
            if state == .unopened { try await open() }
            while state == .reading {
                guard position < chunks.count else {
                    try finish()
                    break
                }
                let bytes = try await read(chunks[position])
                position += 1
                if !bytes.isEmpty { return bytes }
            }
            return nil
        } catch let error as KlosetError {
            state = .finished
            throw error.within(place())
        }
    }

    func close() {
        state = .finished
        chunks = []
    }

    private func open() async throws {
        let object: Object = try await repository.message(.object, object)
        chunks = object.chunks
        contentMAC = object.contentMAC
        guard let total = object.size, expectedSize == nil || total == expectedSize else {
            throw KlosetError(
                .corrupt, "its chunks have \(object.size ?? .max) bytes together, its entry says \(expectedSize ?? 0)")
        }
        // The digest of a single chunk, which is checked, is that of the whole.
        if chunks.count != 1 { stream = StoreMAC.Stream(repository.keys.mac) }
        state = .reading
    }

    private func read(_ chunk: Chunk) async throws -> [UInt8] {
        let bytes = try await repository.blob(.chunk, chunk.contentMAC, limit: Int(chunk.length))
        guard bytes.count == Int(chunk.length) else {
            throw KlosetError(
                .corrupt, "chunk \(chunk.contentMAC) has \(bytes.count) bytes, its object says \(chunk.length)")
        }
        stream?.update(bytes[...])
        return bytes
    }

    private func finish() throws {
        state = .finished
        let mac = stream?.finalize() ?? chunks.first?.contentMAC
        guard mac == contentMAC else {
            throw KlosetError(.corrupt, "its chunks put together are not the content of object \(object)")
        }
    }
}
