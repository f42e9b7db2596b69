public import ConnectorKit
public import KlosetFormat

extension Repository {
    /// Makes a second snapshot of the same contents, with an identifier and a time of its own. Nothing but its header is
    /// stored. Takes a shared lock.
    ///
    /// - Throws: ``KlosetError/Code/notFound`` when there is no such snapshot.
    public func duplicate(snapshot identifier: MAC) async throws -> SnapshotHeader {
        guard try await store.mode.contains(.writable) else {
            throw ConnectorError(.unsupported, "\(store.location) cannot be written to.")
        }
        let copy = MAC.random()
        let lock = try await RepositoryLock.acquire(self, copy, isExclusive: false)
        return try await lock.hold {
            // Under the lock: what is there now stays.
            try await refresh()
            var header = try await snapshot(identifier).header
            header.identifier = copy
            header.timestamp = clock()
            header.duration = 0
            header.identity = SnapshotHeader.Identity()
            let space = SpillSpace(folder: SpillSpace.defaultFolder, isEncrypted: isEncrypted)
            let sink = BlobSink(self, aggregate, lock.packfileNames, space)
            try await sink.store(BlobID(.snapshot, copy), header.encoded())
            let written = try await sink.finish()
            try await lock.checkHeld()
            try await publish(written, of: copy, after: sink.aggregate)
            try await refresh()
            return header
        }
    }
}
