import ConnectorKit
import KlosetFormat
import Synchronization

/// Takes the blobs of a snapshot that is being written: leaves out those that the store has, encodes the others and
/// puts them into packfiles.
///
/// Encoding happens in the task that brings the blob, so several tasks use several cores; only the packfiles
/// themselves are filled one blob at a time.
final class BlobSink: Sendable {
    let keys: RepositoryKeys
    /// What the store had when the snapshot was begun. Nothing of it goes away while the lock is held.
    let aggregate: StateAggregate
    private let packer: Packer
    /// Every blob that this snapshot adds, from the moment somebody set out to encode it.
    private let added: Mutex<BlobIndex>
    private let bytesStored = Atomic<UInt64>(0)

    init(_ repository: Repository, _ aggregate: StateAggregate) {
        keys = repository.keys
        self.aggregate = aggregate
        packer = Packer(repository)
        added = Mutex(BlobIndex())
    }

    /// How many blobs were added, and their bytes as stored.
    var statistics: (blobs: UInt64, bytes: UInt64) {
        (UInt64(added.withLock { $0.locations.count }), bytesStored.load(ordering: .relaxed))
    }

    /// Whether the store has the blob, or will have it with this snapshot.
    func contains(_ id: BlobID) -> Bool {
        aggregate.contains(id) || added.withLock { $0.first(id.type.rawValue, id.mac) { _ in true } ?? false }
    }

    /// Stores a blob that is named by its content, unless it is there.
    func store(_ type: BlobType, _ plaintext: [UInt8]) async throws -> MAC {
        let mac = keys.mac(plaintext)
        try await store(BlobID(type, mac), plaintext)
        return mac
    }

    /// Stores a blob under a name, unless it is there.
    ///
    /// After an error the snapshot must be given up: somebody else may have relied on the blob already.
    func store(_ id: BlobID, _ plaintext: [UInt8]) async throws {
        guard !aggregate.contains(id), let number = claim(id) else { return }
        let stored = try keys.codec.encode(plaintext)
        let place = try await packer.append(id, stored)
        bytesStored.add(UInt64(stored.count), ordering: .relaxed)
        added.withLock {
            $0.setPlace(of: number, packfile: place.packfile, offset: place.offset, length: UInt32(stored.count))
        }
        // What overflows is written by whoever made it overflow, so that no more than one packfile for each task
        // waits in memory.
        if place.isFull { try await packer.writeFullPackfiles() }
    }

    /// - Returns: the number of the blob; nil when somebody else is at it.
    private func claim(_ id: BlobID) -> Int? {
        added.withLock { index in
            guard index.first(id.type.rawValue, id.mac, { _ in true }) == nil,
                let location = BlobIndex.Location(
                    type: id.type.rawValue, mac: id.mac, packfile: .max, offset: 0, length: 0)
            else { return nil }
            index.append(location)
            return index.locations.count - 1
        }
    }

    /// Writes the packfiles that are not full.
    ///
    /// - Returns: what the state has to say: every packfile, every blob, every padding.
    func finish() async throws -> Written {
        let (names, padding) = try await packer.finish()
        return Written(packfiles: names, padding: padding, blobs: added.withLock { $0.locations })
    }

    struct Written: Sendable {
        /// Names by the numbers that `blobs` use.
        let packfiles: [UInt32: MAC]
        let padding: [(packfile: UInt32, record: PackfileIndexRecord)]
        let blobs: [BlobIndex.Location]

        var locationCount: Int { blobs.count + padding.count }

        /// One location for a state; padding comes after the blobs.
        ///
        /// - Throws: when a blob was claimed and never stored.
        func location(_ index: Int) throws(KlosetError) -> BlobLocation {
            if index < blobs.count {
                let blob = blobs[index]
                guard let packfile = packfiles[blob.packfile] else {
                    throw KlosetError(.corrupt, "\(BlobType(rawValue: blob.type)) \(blob.mac) was not written")
                }
                return BlobLocation(
                    blob: BlobID(BlobType(rawValue: blob.type), blob.mac), packfile: packfile, offset: blob.offset,
                    length: blob.length)
            }
            let (number, record) = padding[index - blobs.count]
            return BlobLocation(
                blob: record.blob, packfile: packfiles[number] ?? .zero, offset: record.offset, length: record.length)
        }
    }
}

/// Fills packfiles, contents in one and everything else in another, so that what a listing needs lies together.
private actor Packer {
    private let repository: Repository
    /// Bytes of data after which a packfile is closed. Never more than 32 MiB, which is what a lane holds in memory.
    private let limit: Int
    private var contents: PackfileBuilder
    private var metadata: PackfileBuilder
    private var full: [PackfileBuilder] = []
    private var nextNumber: UInt32 = 2
    private var names: [UInt32: MAC] = [:]
    private var padding: [(packfile: UInt32, record: PackfileIndexRecord)] = []

    init(_ repository: Repository) {
        self.repository = repository
        limit = Int(min(repository.configuration.packfile.maximumSize, 32 << 20))
        contents = PackfileBuilder(number: 0)
        metadata = PackfileBuilder(number: 1)
    }

    /// - Returns: where the blob lies, and whether a packfile waits to be written.
    func append(_ id: BlobID, _ stored: [UInt8]) throws -> (packfile: UInt32, offset: UInt64, isFull: Bool) {
        guard stored.count < Int(UInt32.max) else {
            throw KlosetError(.limitExceeded, "\(id) has \(stored.count) bytes as stored, more than a packfile takes.")
        }
        let isContent = id.type == .chunk
        let number = isContent ? contents.number : metadata.number
        let offset = isContent ? contents.append(id, stored) : metadata.append(id, stored)
        if contents.size > limit { full.append(exchange(&contents)) }
        if metadata.size > limit { full.append(exchange(&metadata)) }
        return (number, offset, !full.isEmpty)
    }

    func writeFullPackfiles() async throws {
        while let builder = full.popLast() { try await write(builder) }
    }

    func finish() async throws -> (names: [UInt32: MAC], padding: [(packfile: UInt32, record: PackfileIndexRecord)]) {
        try await writeFullPackfiles()
        if !contents.isEmpty { try await write(exchange(&contents)) }
        if !metadata.isEmpty { try await write(exchange(&metadata)) }
        return (names, padding)
    }

    private func exchange(_ builder: inout PackfileBuilder) -> PackfileBuilder {
        let fresh = PackfileBuilder(number: nextNumber)
        nextNumber += 1
        let old = builder
        builder = fresh
        return old
    }

    private func write(_ builder: consuming PackfileBuilder) async throws {
        let number = builder.number
        let (name, record) = try await Self.store(builder, repository)
        names[number] = name
        padding.append((number, record))
    }

    /// Outside of the actor: digest and writing take long, and the next packfile can be filled meanwhile.
    private nonisolated static func store(
        _ builder: consuming PackfileBuilder, _ repository: Repository
    ) async throws -> (MAC, PackfileIndexRecord) {
        let padding = builder.pad()
        let (name, file) = try builder.finish(repository.keys, time: repository.clock().nanosecondsSince1970)
        try await repository.store.put(.packfile, name, file)
        return (name, padding)
    }
}
