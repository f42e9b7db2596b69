import ConnectorKit
import Kloset
import KlosetFormat

/// A plaintext store in which somebody who can compute its digests has changed things: everything is authentic, and
/// nothing can be relied on.
struct ForgedStore {
    private let original: StoreBytes
    private let header: MAC
    private(set) var blobs: [BlobID: [UInt8]] = [:]

    init(_ bytes: StoreBytes, header: MAC) throws {
        original = bytes
        self.header = header
        for (_, records) in bytes.packfiles {
            for type in Set(records.map(\.blob.type)) where type != .padding {
                for (mac, plain) in try bytes.plain(type) { blobs[BlobID(type, mac)] = plain }
            }
        }
    }

    /// The blobs of a type.
    func all(_ type: BlobType) -> [BlobID] {
        blobs.keys.filter { $0.type == type }.sorted { $0.mac < $1.mac }
    }

    func mac(_ bytes: [UInt8]) -> MAC { original.mac(bytes) }

    /// Adds a blob under its digest.
    mutating func add(_ type: BlobType, _ bytes: [UInt8]) -> MAC {
        let mac = original.mac(bytes)
        blobs[BlobID(type, mac)] = bytes
        return mac
    }

    /// Gives a blob other bytes, and everything that names it the new name, up to the header.
    mutating func replace(_ id: BlobID, with bytes: [UInt8]) {
        var waiting: [(id: BlobID, bytes: [UInt8])] = [(id, bytes)]
        while let (id, bytes) = waiting.popLast() {
            guard blobs.removeValue(forKey: id) != nil else { continue }
            let new = id.type.isContentAddressed ? original.mac(bytes) : id.mac
            blobs[BlobID(id.type, new)] = bytes
            guard new != id.mac else { continue }
            for (other, content) in blobs {
                let patched = content.replacing(id.mac.bytes, with: new.bytes)
                if patched != content { waiting.append((other, patched)) }
            }
        }
    }

    /// The store as it would lie on a disk.
    func contents() throws -> MemoryStore.Contents {
        var data: [UInt8] = []
        var records: [PackfileIndexRecord] = []
        let packfile = MAC.random()
        var state = StateWriter(parent: .zero)
        for (id, plain) in blobs.sorted(by: { ($0.key.type.rawValue, $0.key.mac) < ($1.key.type.rawValue, $1.key.mac) })
        {
            let stored = try original.codec.encode(plain)
            records.append(PackfileIndexRecord(blob: id, offset: UInt64(data.count), length: UInt32(stored.count)))
            state.add(
                BlobLocation(
                    blob: id, packfile: packfile, offset: UInt64(data.count), length: UInt32(stored.count)))
            data += stored
        }
        state.add(PackfileRecord(packfile: packfile, state: header, time: 1))
        let index = PackfileIndex.encode(records)
        let footer = PackfileFooter(
            timestamp: 1_700_000_000_000_000_000, count: UInt32(records.count), indexOffset: UInt64(data.count),
            indexMAC: original.mac(index))
        let end = PackfileLayout.end(
            index: try original.codec.encode(index), footer: try original.codec.encode(footer.encoded()))
        var contents = MemoryStore.Contents(configuration: original.contents.configuration)
        contents.objects[MemoryStore.Key(resource: .packfile, mac: packfile)] = try original.seal(
            .packfile, .v1_0_0, data + end)
        contents.objects[MemoryStore.Key(resource: .state, mac: header)] = try original.state(state)
        return contents
    }
}
