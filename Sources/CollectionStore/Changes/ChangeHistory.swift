import GitObjects
import Synchronization

/// What has changed in a collection since any state that a token names.
final class ChangeHistory: Sendable {
    private let log = Mutex(ChangeLog())
    private let repository: GitRepository

    /// How far back a state is looked for among the commits.
    private static let maximumCommits = 100_000

    init(_ repository: GitRepository) { self.repository = repository }

    /// These names changed, and the state is now the one of that token.
    func append(_ names: some Sequence<MemberName>, then token: StateToken) {
        log.withLock { log in
            for name in names { log.append(name) }
            log.mark(token)
        }
    }

    /// Names that may differ between two states, sorted, from memory; nil when the older one is not known there.
    func recentNames(since token: StateToken, until later: StateToken) -> [MemberName]? {
        log.withLock { $0.names(since: token, until: later) }
    }

    /// Names at which `table` may differ from the state of the token, sorted. `head` is the branch. Blocking.
    /// Throws `.invalidToken` when the state is not stored.
    func names(
        since token: StateToken, in table: MemberTable, head: ObjectID?
    ) throws(CollectionStoreError) -> [MemberName] {
        guard let changes = token.changes else { return table.differences(from: try tree(token.base, token)) }
        // From the branch back to the commit that the token counts from.
        var later: [Commit] = []
        var current = head
        while current.map({ $0 != token.base }) ?? (token.base != .zero) {
            guard let id = current, later.count < Self.maximumCommits else { throw unknown(token) }
            let commit = try withGit { () throws(GitError) in try repository.commit(id) }
            later.append(commit)
            current = commit.parents.first
        }
        var base = GitRepository.emptyTree
        if token.base != .zero {
            base = try withGit { () throws(GitError) in try repository.commit(token.base).tree }
        }
        var remaining = changes
        var extra: Set<MemberName> = []
        while remaining > 0, let commit = later.popLast() {
            let count = ChangeMessage.changeCount(in: commit.message)
            if count > remaining {
                // The state lies within this commit: all that it changed is told, which is more than needed at worst.
                let (old, new) = (try tree(base, token), try tree(commit.tree, token))
                for difference in new.differences(from: old) {
                    let entry = difference.new ?? difference.old
                    if let name = entry.flatMap(CollectionState.memberName) { extra.insert(name) }
                }
                break
            }
            remaining -= count
            base = commit.tree
        }
        let names = table.differences(from: try tree(base, token))
        return extra.isEmpty ? names : extra.union(names).sorted()
    }

    private func tree(_ id: ObjectID, _ token: StateToken) throws(CollectionStoreError) -> SpliceableTree {
        do throws(GitError) {
            return try repository.tree(id)
        } catch {
            switch error.code {
            case .notFound, .corrupt: throw unknown(token)
            default: throw CollectionStoreError(error)
            }
        }
    }

    private func unknown(_ token: StateToken) -> CollectionStoreError {
        CollectionStoreError(.invalidToken, "The state \(token.text) is not stored here (any more).")
    }
}
