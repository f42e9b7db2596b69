import ConnectorKit
import KlosetFormat

/// A folder for what opening a repository would otherwise compute again: the union of its states. Everything in it is
/// derived, so it may be deleted at any time, and none of it is believed over the store.
///
/// ```
/// FOLDER/<RepositoryID>/states
/// ```
///
/// A file counts only when its digest under the key of the store is right and every state that it was made of is still
/// in the store; otherwise it is as if there were none.
public struct RepositoryCache: Sendable {
    /// An absolute path. The folder need not exist.
    public let folder: String

    public init(folder: String) { self.folder = folder }

    /// Changes with the layout of the file and with that of the locations in memory.
    private static let magic: UInt64 = 0x3130_5453_4954_5346
    /// Below so many locations reading the states is as quick.
    private static let worthwhile = 10_000

    private func path(_ repository: Repository) -> String { "\(folder)/\(repository.identifier)/states" }

    /// - Parameter listed: the states that the store has now.
    /// - Returns: nil when there is nothing that can be used.
    func load(_ repository: Repository, listed: Set<MAC>) -> StateAggregate? {
        do {
            var reader = try CacheReader(path(repository), repository.keys.mac)
            guard try reader.integer() == Self.magic,
                try reader.bytes(16) == repository.identifier.bytes,
                try reader.integer(UInt32.self) == UInt32(MemoryLayout<BlobIndex.Location>.stride)
            else { return nil }
            let aggregate = try StateAggregate(&reader)
            return reader.isAtEnd && aggregate.mergedStates.isSubset(of: listed) ? aggregate : nil
        } catch {
            return nil
        }
    }

    /// Whether writing the file again pays.
    ///
    /// - Parameter cached: how many locations the file has.
    func pays(for aggregate: StateAggregate, cached: Int, newStates: Int) -> Bool {
        let count = aggregate.blobs.locations.count
        return newStates > 0 && count >= Self.worthwhile && (newStates >= 16 || (count - cached) * 20 >= count)
    }

    /// A cache that cannot be written is none, and no error.
    func save(_ aggregate: StateAggregate, of repository: Repository) {
        do {
            var writer = try CacheWriter(path(repository), repository.keys.mac)
            try writer.write(Self.magic)
            try repository.identifier.bytes.withUnsafeBytes { try writer.write($0) }
            try writer.write(UInt32(MemoryLayout<BlobIndex.Location>.stride))
            try aggregate.write(to: &writer)
            try writer.finish()
        } catch {}
    }
}
