import GitObjects
import Synchronization

/// Brings changes that the journal holds into the repository. Blocking; one batch at a time.
final class ChangeCommitter: Sendable {
    private let published: PublishedView
    private let identities: IdentitySource
    private let journal: Journal
    private let desk: Mutex<Desk>

    /// What one batch leaves for the next.
    private struct Desk: ~Copyable, Sendable {
        var pack: GrowingPack
        var index: KeptIndex?
    }

    /// git's index as it was written last. It is megabytes for a large collection: only here, and changed in place.
    private struct KeptIndex {
        var index: GitIndex
        var stamp: FileStamp
    }

    init(_ published: PublishedView, identities: IdentitySource, journal: Journal) {
        self.published = published
        self.identities = identities
        self.journal = journal
        desk = Mutex(Desk(pack: GrowingPack(published.repository)))
    }

    /// Commits the changes, moves the branch, and publishes the new view of the repository, which is returned. Throws
    /// `.locked` when another program is at it, or the branch is not where `expected` is; nothing has happened then.
    func commit(
        _ changes: [PendingChange], onto expected: GitCollectionView?
    ) throws(CollectionStoreError) -> GitCollectionView {
        let result: Result<GitCollectionView, CollectionStoreError> = desk.withLock { desk in
            do throws(CollectionStoreError) {
                return .success(try commit(changes, onto: expected, &desk))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Removes what only readers in the middle of something need.
    func close() {
        desk.withLock { $0.pack.removeAllSuperseded() }
    }

    /// Gives the memory back that the next batch would save time with.
    func rest() {
        desk.withLock {
            $0.pack.rest()
            $0.index = nil
        }
    }

    private func commit(
        _ changes: [PendingChange], onto expected: GitCollectionView?, _ desk: inout Desk
    ) throws(CollectionStoreError) -> GitCollectionView {
        let repository = published.repository
        var lock: LockFile?
        if repository.workTree != nil {
            lock = try withGit { () throws(GitError) in
                try LockFile.acquire(for: repository.indexPath, in: repository.gitDirectory)
            }
        }
        let view = try published.view()
        if let expected, expected.state.head != view.state.head {
            throw CollectionStoreError(.locked, "Somebody else has changed \(published.path).")
        }
        var batch = CommitBatch(
            view.state, pack: desk.pack.builder(onto: view.state), identity: identities.identity(repository))
        return try withGit { () throws(GitError) in
            var index = try takeIndex(view.state, &desk)
            try batch.add(changes)
            guard let commit = batch.state.head.commit, !batch.reflog.isEmpty else {
                lock?.release()
                return view
            }
            try desk.pack.write(batch.pack, treeSize: batch.state.tree.bytes.count)
            var update = try repository.references.beginUpdate(from: view.state.head)
            if let last = changes.last {
                let record = JournalRecord.committed(published.path.string, upTo: last.sequence, commit: commit)
                // Without it the changes would be committed once more after a crash.
                try? journal.note(record)
            }
            // From here on a killed process leaves a note of what it was doing; see `CollectionRecovery`.
            try update.prepare(commit)
            var state = batch.state
            if let workTree = repository.workTree {
                for (name, content) in batch.files.sorted(by: { $0.key < $1.key }) {
                    place(content, as: name, in: workTree, &index)
                }
                if let index {
                    try lock?.write(pieces: index.encodedPieces())
                    try lock?.sync()
                    let stamp = (try lock?.status()).map { FileStamp($0) }
                    published.indexStamp = stamp
                    if let stamp { desk.index = KeptIndex(index: index, stamp: stamp) }
                }
                try lock?.commit()
            }
            state.index = nil
            state.stamp = try update.commit()
            try? repository.references.appendReflog(state.head, batch.reflog)
            let fresh = GitCollectionView(
                path: published.path, state: state, repository: repository, cache: published.cache)
            published.publish(fresh)
            return fresh
        }
    }

    /// The index as it is now; nil in a bare repository. What git programs did to it meanwhile (`git add`, `git status`) is
    /// taken over. Nobody else has it, so that a change to it copies nothing.
    private func takeIndex(_ state: CollectionState, _ desk: inout Desk) throws(GitError) -> GitIndex? {
        let repository = published.repository
        guard repository.workTree != nil else { return nil }
        let kept = desk.index.take()
        if let kept, let status = try FileSystem.status(of: repository.indexPath), FileStamp(status) == kept.stamp {
            return kept.index
        }
        return CollectionState.readIndex(repository, state.tree)
    }

    /// What the work tree cannot take (a directory of that name, made by hand) is told by `git status`; the commit has it.
    private func place(
        _ content: PendingChange.Content?, as name: MemberName, in workTree: String, _ index: inout GitIndex?
    ) {
        let path = workTree + "/" + name.string
        guard let content else {
            try? FileSystem.removeFile(path)
            index?.remove(named: name.string.utf8)
            return
        }
        let temporary = "\(published.repository.gitDirectory)/\(NameRules.temporaryPrefix)file"
        // Killed in between, the file comes back from the journal.
        let status = try? FileSystem.placeFile(
            path, content.bytes, through: temporary, mode: 0o644, isRemovedFirst: true)
        if let status {
            index?.set(IndexEntry(name: Array(name.string.utf8), id: content.id, status: status))
        }
    }
}
