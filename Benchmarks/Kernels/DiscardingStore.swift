import ConnectorKit
import Synchronization

/// A store that forgets what it is given, so that a backup into it costs only what the engine does.
final class DiscardingStore: Store {
    private let configuration = Mutex<[UInt8]>([])
    let bytes = Atomic<Int>(0)

    var location: String { "nowhere" }
    var mode: StoreMode { [.readable, .writable] }

    func create(configuration: [UInt8]) async throws { self.configuration.withLock { $0 = configuration } }
    func open() async throws -> [UInt8] { configuration.withLock { $0 } }
    func list(_ resource: StoreResource) async throws -> [MAC] { [] }
    func put(_ resource: StoreResource, _ mac: MAC, _ bytes: [UInt8]) async throws { count(bytes) }
    func upload(_ resource: StoreResource, _ mac: MAC) async throws -> any StoreUpload { Upload(self) }
    func delete(_ resource: StoreResource, _ mac: MAC) async throws {}
    func close() async {}

    func get(_ resource: StoreResource, _ mac: MAC, range: Range<UInt64>?) async throws -> [UInt8] {
        throw ConnectorError(.notFound, "Nothing is kept here.")
    }

    private func count(_ piece: [UInt8]) { bytes.add(piece.count, ordering: .relaxed) }

    private final class Upload: StoreUpload {
        private let store: DiscardingStore

        init(_ store: DiscardingStore) { self.store = store }

        func append(_ piece: [UInt8]) async throws { store.count(piece) }
        func finish() async throws {}
        func abort() async {}
    }
}

/// Gives the same bytes, piece by piece.
actor PieceReader: ContentReader {
    private var pieces: ArraySlice<[UInt8]>

    init(_ pieces: [[UInt8]]) { self.pieces = pieces[...] }

    func next() -> [UInt8]? { pieces.popFirst() }
    func close() {}
}
