import ConnectorKit
import Synchronization

/// A store in memory, which can be told to fail and whose objects a test may change.
final class MemoryStore: Store {
    struct Key: Hashable {
        var resource: StoreResource
        var mac: MAC
    }

    struct Contents {
        var configuration: [UInt8]?
        var objects: [Key: [UInt8]] = [:]
        /// How many more `put` calls succeed; nil for all.
        var putsBeforeFailure: Int?
        /// Whether it tells sizes, which lets readers fetch ahead.
        var tellsSizes = true
        /// How often something was read from a packfile.
        var packfileReads = 0
    }

    let contents = Mutex(Contents())

    init() {}

    /// A copy of another store, to be damaged.
    init(_ other: Contents) { contents.withLock { $0 = other } }

    var location: String { "memory" }
    var mode: StoreMode { [.readable, .writable] }

    func create(configuration: [UInt8]) async throws {
        try contents.withLock {
            guard $0.configuration == nil else { throw ConnectorError(.alreadyExists, "There is a store already.") }
            $0.configuration = configuration
        }
    }

    func open() async throws -> [UInt8] {
        try contents.withLock {
            guard let configuration = $0.configuration else { throw ConnectorError(.notFound, "No store.") }
            return configuration
        }
    }

    func list(_ resource: StoreResource) async throws -> [MAC] {
        contents.withLock { $0.objects.keys.filter { $0.resource == resource }.map(\.mac) }
    }

    func put(_ resource: StoreResource, _ mac: MAC, _ bytes: [UInt8]) async throws {
        try contents.withLock {
            if let left = $0.putsBeforeFailure {
                guard left > 0 else { throw ConnectorError(.unavailable, "The store is gone.") }
                $0.putsBeforeFailure = left - 1
            }
            $0.objects[Key(resource: resource, mac: mac)] = bytes
        }
    }

    func get(_ resource: StoreResource, _ mac: MAC, range: Range<UInt64>?) async throws -> [UInt8] {
        try contents.withLock {
            if resource == .packfile { $0.packfileReads += 1 }
            guard let bytes = $0.objects[Key(resource: resource, mac: mac)] else {
                throw ConnectorError(.notFound, "There is no \(resource) \(mac).")
            }
            guard let range else { return bytes }
            guard range.upperBound <= UInt64(bytes.count) else {
                throw ConnectorError(.corrupt, "The \(resource) \(mac) is too short.")
            }
            return Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
        }
    }

    func delete(_ resource: StoreResource, _ mac: MAC) async throws {
        contents.withLock { $0.objects[Key(resource: resource, mac: mac)] = nil }
    }

    func size(of resource: StoreResource, _ mac: MAC) async throws -> UInt64? {
        try contents.withLock {
            guard $0.tellsSizes else { return nil }
            guard let bytes = $0.objects[Key(resource: resource, mac: mac)] else {
                throw ConnectorError(.notFound, "There is no \(resource) \(mac).")
            }
            return UInt64(bytes.count)
        }
    }

    func close() async {}
}
