import GitObjects
import Glibc

/// Applies changes to a collection under its locks and makes them durable and visible. Blocking.
struct CollectionTransaction: Sendable {
    typealias Outcome = Result<CollectionChange.Outcome, CollectionStoreError>

    let published: PublishedView
    let identities: IdentitySource
    private let uids = UIDTableBox()

    init(published: PublishedView, identities: IdentitySource) {
        self.published = published
        self.identities = identities
    }

    /// How long another program may hold a lock before the changes are refused.
    private static let patience: Int64 = 5

    /// As `run`, away from the threads of asynchronous code.
    func runOnDisk(_ changes: [CollectionChange]) async -> [Outcome] {
        do throws(CollectionStoreError) {
            return try await DiskQueue.shared.run { self.run(changes) }
        } catch {
            return changes.map { _ in .failure(error) }
        }
    }

    /// One outcome per change, in their order. Changes are independent: one that is refused does not touch the others.
    func run(_ changes: [CollectionChange]) -> [Outcome] {
        var outcomes: [Outcome] = []
        while outcomes.count < changes.count {
            let rest = changes[outcomes.count...]
            if let first = rest.first, case .advance(let push, let commit) = first.kind {
                outcomes += patiently([first]) { () throws(CollectionStoreError) in
                    [.success(try advance(push, to: commit, by: first.author))]
                }
            } else {
                let run = Array(rest.prefix { if case .advance = $0.kind { false } else { true } })
                outcomes += patiently(run) { () throws(CollectionStoreError) in try attempt(run) }
            }
        }
        return outcomes
    }

    /// Tries again while another program has a lock.
    private func patiently(
        _ changes: [CollectionChange], _ body: () throws(CollectionStoreError) -> [Outcome]
    ) -> [Outcome] {
        let deadline = FileTime.now.seconds + Self.patience
        var pause: UInt32 = 2_000
        while true {
            do throws(CollectionStoreError) {
                return try body()
            } catch {
                guard error.code == .locked, FileTime.now.seconds < deadline else {
                    return changes.map { _ in .failure(error) }
                }
                usleep(pause)
                pause = min(pause * 2, 200_000)
            }
        }
    }

    private func attempt(_ changes: [CollectionChange]) throws(CollectionStoreError) -> [Outcome] {
        let repository = published.repository
        var lock: LockFile?
        if repository.workTree != nil {
            lock = try withGit { () throws(GitError) in
                try LockFile.acquire(for: repository.indexPath, in: repository.gitDirectory)
            }
        }
        let view = try published.viewForWriting()
        var batch = CollectionBatch(
            repository, view: view, cache: published.cache, uids: uids.take(for: view.state.treeID),
            identity: identities.identity(repository), time: FileTime.now.seconds)
        var outcomes: [Outcome] = []
        for change in changes {
            do throws(CollectionStoreError) {
                outcomes.append(.success(try batch.apply(change)))
            } catch {
                outcomes.append(.failure(error))
            }
        }
        if !batch.isEmpty {
            try batch.write(lock: &lock)
            published.indexStamp = batch.indexStamp
            published.publish(try batch.publishedView(path: published.path))
        }
        uids.put(batch.takeUIDs(), for: batch.state.treeID)
        return outcomes
    }

    private func advance(
        _ push: IncomingPush, to commit: ObjectID, by author: ChangeAuthor
    ) throws(CollectionStoreError) -> CollectionChange.Outcome {
        let head = try published.view().state.head
        guard head == push.base else {
            throw CollectionStoreError(.preconditionFailed, "\(published.path) has changed meanwhile; fetch first.")
        }
        let time = FileTime.now.seconds
        let committer = identities.identity(published.repository).committer.signature(at: time)
        try withGit { () throws(GitError) in
            try push.moveObjects()
            let next = References.Head(reference: head.reference, commit: commit)
            try BranchAdvance(published.repository).run(from: head, to: commit)
            let entry = ReflogEntry(
                old: head.commit ?? .zero, new: commit, signature: committer,
                message: author.user.map { "push by \($0)" } ?? "push")
            try? published.repository.references.appendReflog(next, [entry])
        }
        _ = try published.view()
        return .done
    }
}
