import ConnectorKit
import Synchronization

/// A store that forgets what it is given, so that a backup into it costs only what the engine does. It remembers locks: a
/// writer looks for its own before it publishes.
final class DiscardingStore: Store {
    private let configuration = Mutex<[UInt8]>([])
    private let locks = Mutex<[MAC: [UInt8]]>([:])
    let bytes = Atomic<Int>(0)

    var location: String { "nowhere" }
    var mode: StoreMode { [.readable, .writable] }

    func create(configuration: [UInt8]) async throws { self.configuration.withLock { $0 = configuration } }
    func open() async throws -> [UInt8] { configuration.withLock { $0 } }
    func close() async {}

    func list(_ resource: StoreResource) async throws -> [MAC] {
        resource == .lock ? locks.withLock { Array($0.keys) } : []
    }

    func put(_ resource: StoreResource, _ mac: MAC, _ bytes: [UInt8]) async throws {
        if resource == .lock { locks.withLock { $0[mac] = bytes } } else { count(bytes) }
    }

    func upload(_ resource: StoreResource, _ mac: MAC) async throws -> any StoreUpload { Upload(self) }

    func delete(_ resource: StoreResource, _ mac: MAC) async throws {
        if resource == .lock { _ = locks.withLock { $0.removeValue(forKey: mac) } }
    }

    func get(_ resource: StoreResource, _ mac: MAC, range: Range<UInt64>?) async throws -> [UInt8] {
        guard resource == .lock, let lock = locks.withLock({ $0[mac] }) else {
            throw ConnectorError(.notFound, "Nothing is kept here.")
        }
        guard let range else { return lock }
        return Array(lock[Int(range.lowerBound)..<Int(range.upperBound)])
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
