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
    private let repository: Repository
    private let journal: LocationJournal
    /// Contents in one lane and everything else in another, so that what a listing needs lies together.
    private let contents: PackfileLane
    private let metadata: PackfileLane
    /// Blobs that this snapshot adds, from the moment somebody set out to encode them.
    private let added = Mutex(BlobSet())
    private let spareBuffers = Mutex<[BlobCodec.Buffers]>([])
    private let blobsStored = Atomic<UInt64>(0)
    private let bytesStored = Atomic<UInt64>(0)

    /// - Parameters:
    ///   - names: of the packfiles to come.
    ///   - space: where what memory should not hold is kept.
    init(_ repository: Repository, _ aggregate: StateAggregate, _ names: PackfileNames, _ space: SpillSpace) {
        self.repository = repository
        keys = repository.keys
        self.aggregate = aggregate
        journal = LocationJournal(names, space)
        contents = PackfileLane(repository, journal)
        metadata = PackfileLane(repository, journal)
    }

    /// How many blobs were added, and their bytes as stored.
    var statistics: (blobs: UInt64, bytes: UInt64) {
        (blobsStored.load(ordering: .relaxed), bytesStored.load(ordering: .relaxed))
    }

    /// Whether the store has the blob, or will have it with this snapshot. Entries and nodes of this snapshot do not
    /// count.
    func contains(_ id: BlobID) -> Bool { aggregate.contains(id) || added.withLock { $0.contains(id) } }

    /// Stores a blob that is named by its content, unless it is there.
    func store(_ type: BlobType, _ plaintext: [UInt8]) async throws -> MAC {
        let mac = keys.mac(plaintext)
        try await store(BlobID(type, mac), plaintext)
        return mac
    }

    /// Stores a blob under a name, unless it is there.
    ///
    /// After an error the snapshot must be given up: somebody else may have relied on the blob already.
    ///
    /// - Parameter isUnique: the caller knows that the snapshot has this blob only once; it is then not remembered.
    func store(_ id: BlobID, _ plaintext: [UInt8], isUnique: Bool = false) async throws {
        guard !aggregate.contains(id), isUnique || added.withLock({ $0.insert(id) }) else { return }
        var buffers = spareBuffers.withLock { $0.popLast() } ?? BlobCodec.Buffers()
        try keys.codec.encode(plaintext, &buffers)
        let stored = buffers.stored
        try await (id.type == .chunk ? contents : metadata).append(id, stored)
        blobsStored.add(1, ordering: .relaxed)
        bytesStored.add(UInt64(stored.count), ordering: .relaxed)
        spareBuffers.withLock { if $0.count < Self.spareLimit { $0.append(buffers) } }
    }

    private static let spareLimit = 4

    /// Writes the packfiles that are not full.
    func finish() async throws -> LocationJournal.Written {
        try await contents.finish()
        try await metadata.finish()
        return try journal.finish()
    }

    /// Removes what was written; the snapshot was given up, and no state names any of it.
    func abandon() async {
        await contents.abandon()
        await metadata.abandon()
        for name in journal.packfiles { try? await repository.store.delete(.packfile, name) }
    }
}
