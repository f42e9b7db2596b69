import GitObjects

/// An open collection: its published state and its writer.
final class GitCollection: Sendable {
    let path: CollectionPath
    let repository: GitRepository
    private let published: PublishedView
    private let writing: Writing

    private enum Writing: Sendable {
        /// Every change is in git when it is acknowledged.
        case direct(CollectionWriter<CollectionChange>)
        /// Every change is in the journal when it is acknowledged.
        case journaled(JournaledCollection, CollectionWriter<PreparedChange>)
    }

    /// Bounds the open files of a batch of direct changes: four per change.
    private static let directBatch = 64
    private static let journaledBatch = 256
    /// A table of the members makes most of what the cache knows needless.
    private static let journaledCacheEntries = 2_000

    /// Without a journal, when there is none or another process has it, changes go to git at once.
    init(
        path: CollectionPath, repository: GitRepository, identities: IdentitySource, journal: Journal?
    ) throws(CollectionStoreError) {
        self.path = path
        self.repository = repository
        try withGit { () throws(GitError) in try CollectionRecovery(repository).run() }
        guard let journal else {
            published = try PublishedView(path: path, repository: repository)
            let transaction = CollectionTransaction(published: published, identities: identities)
            writing = .direct(
                CollectionWriter(maximumBatch: Self.directBatch) { await transaction.runOnDisk($0) })
            return
        }
        let cache = ContentCache(entryLimit: Self.journaledCacheEntries)
        published = try PublishedView(path: path, repository: repository, cache: cache)
        let collection = try JournaledCollection(published, identities: identities, journal: journal)
        writing = .journaled(
            collection, CollectionWriter(maximumBatch: Self.journaledBatch) { await collection.write($0) })
    }

    var isBare: Bool { repository.workTree == nil }

    /// nil when changes go to git at once.
    var journaled: JournaledCollection? {
        if case .journaled(let collection, _) = writing { collection } else { nil }
    }

    /// Nothing would be lost if the collection were forgotten and opened again.
    var isSettled: Bool { journaled?.isSettled ?? true }

    /// nil when the repository is not there any more.
    func view() throws(CollectionStoreError) -> (any LocalCollectionView)? {
        let head = try withGit { () throws(GitError) in
            try FileSystem.status(of: repository.gitDirectory + "/HEAD")
        }
        guard head != nil else { return nil }
        if let journaled { return try journaled.view() }
        return try published.view()
    }

    /// The same, if nobody else has changed the repository; nil when it has to be read anew, or is not there.
    func viewAtOnce() throws(CollectionStoreError) -> (any LocalCollectionView)? {
        if let journaled { return try journaled.viewAtOnce() }
        return try published.viewIfCurrent()
    }

    func submit(_ change: CollectionChange) async throws(CollectionStoreError) -> CollectionChange.Outcome {
        switch writing {
        case .direct(let writer): return try await writer.submit(change)
        case .journaled(let collection, let writer):
            return try await writer.submit(await PreparedChange(change, try collection.view(), collection.source))
        }
    }
}
