import GitObjects

/// An open collection: its published state and its writer.
final class GitCollection: Sendable {
    let path: CollectionPath
    let repository: GitRepository
    private let published: PublishedView
    private let writer: CollectionWriter

    init(path: CollectionPath, repository: GitRepository, identities: IdentitySource) throws(CollectionStoreError) {
        self.path = path
        self.repository = repository
        try withGit { () throws(GitError) in try CollectionRecovery(repository).run() }
        published = try PublishedView(path: path, repository: repository)
        writer = CollectionWriter(published, identities: identities)
    }

    var isBare: Bool { repository.workTree == nil }

    /// nil when the repository is not there any more.
    func view() throws(CollectionStoreError) -> GitCollectionView? {
        let head = try withGit { () throws(GitError) in
            try FileSystem.status(of: repository.gitDirectory + "/HEAD")
        }
        return head == nil ? nil : try published.view()
    }

    func submit(_ change: CollectionChange) async throws(CollectionStoreError) -> CollectionChange.Outcome {
        try await writer.submit(change)
    }
}
