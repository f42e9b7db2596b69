import GitObjects
import Synchronization

/// The state of a collection that readers see: replaced as a whole when a change is durable, or when somebody else has
/// changed the repository.
final class PublishedView: Sendable {
    let path: CollectionPath
    let repository: GitRepository
    let cache: ContentCache
    private let current: Mutex<GitCollectionView>
    private let writtenIndex = Mutex<FileStamp?>(nil)

    init(
        path: CollectionPath, repository: GitRepository, cache: ContentCache = ContentCache()
    ) throws(CollectionStoreError) {
        self.path = path
        self.repository = repository
        self.cache = cache
        let state = try CollectionState.load(repository)
        current = Mutex(GitCollectionView(path: path, state: state, repository: repository, cache: cache))
    }

    /// The state HEAD names now. Costs a few `stat` calls as long as nobody else changes the repository.
    func view() throws(CollectionStoreError) -> GitCollectionView {
        let known = current.withLock { $0 }
        let stamp = try withGit { () throws(GitError) in
            try repository.references.stamp(reference: known.state.head.reference)
        }
        if stamp == known.state.stamp { return known }
        let state = try CollectionState.load(repository)
        let fresh = GitCollectionView(path: path, state: state, repository: repository, cache: cache)
        publish(fresh)
        return fresh
    }

    /// The same, nil when the state would have to be read.
    func viewIfCurrent() throws(CollectionStoreError) -> GitCollectionView? {
        let known = current.withLock { $0 }
        let stamp = try withGit { () throws(GitError) in
            try repository.references.stamp(reference: known.state.head.reference)
        }
        return stamp == known.state.stamp ? known : nil
    }

    /// What the file system said about the index when we had written it; anything else there is somebody else's.
    var indexStamp: FileStamp? {
        get { writtenIndex.withLock { $0 } }
        set { writtenIndex.withLock { $0 = newValue } }
    }

    /// The state to build on. What git programs did to the index since (`git add`, `git status`) is taken over.
    func viewForWriting() throws(CollectionStoreError) -> GitCollectionView {
        let view = try view()
        guard repository.workTree != nil else { return view }
        let stamp = try withGit { () throws(GitError) in try FileSystem.status(of: repository.indexPath) }
        if view.state.index != nil, let stamp, FileStamp(stamp) == indexStamp { return view }
        var state = view.state
        state.index = CollectionState.readIndex(repository, state.tree)
        return GitCollectionView(
            path: view.path, state: state, repository: repository, cache: cache, members: view.listedMembers)
    }

    func publish(_ view: GitCollectionView) { current.withLock { $0 = view } }

    /// The same, unless something else has been published since.
    func publish(_ view: GitCollectionView, insteadOf old: GitCollectionView) {
        current.withLock { if $0 === old { $0 = view } }
    }
}
