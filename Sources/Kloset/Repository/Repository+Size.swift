/// What a repository takes up.
public struct StoredBlobs: Hashable, Sendable {
    /// Chunks, tree nodes and everything else that is stored as a piece.
    public var count: UInt64
    /// Their bytes as stored, after compression and encryption.
    public var bytes: UInt64
}

extension Repository {
    /// All blobs that the states know, also those that only a later maintenance removes; blobs that are stored twice
    /// count twice.
    public var storedBlobs: StoredBlobs {
        aggregate.blobs.locations.reduce(into: StoredBlobs(count: 0, bytes: 0)) { sum, location in
            sum.count += 1
            sum.bytes &+= UInt64(location.length)
        }
    }
}
