import GitObjects

/// Puts a repository in order whose writer was killed in the middle of a change.
///
/// The writer notes the new commit in the lock file of the branch before it touches work tree and index, and at that time
/// all objects of the commit are on the disk. So a half-done change is always completed, never guessed at: what the
/// difference between the two trees says is done to work tree and index, then the branch moves.
struct CollectionRecovery {
    private let repository: GitRepository

    /// More commits than a batch ever has.
    private static let maximumCommits = 1000

    init(_ repository: GitRepository) { self.repository = repository }

    /// Does nothing in a repository that is in order, or in the hands of a living process.
    func run() throws(GitError) {
        let head = try repository.references.head()
        if let commit = try repository.references.abandonedUpdate(of: head), isDescendant(commit, of: head.commit) {
            do throws(GitError) {
                try BranchAdvance(repository).run(from: head, to: commit)
            } catch  where error.code == .locked || error.code == .conflict {
                return  // somebody else is at it
            }
        }
        let directory = repository.gitDirectory
        for target in [repository.indexPath, directory + "/config", directory + "/" + head.reference] {
            try LockFile.removeAbandoned(for: target, in: directory)
        }
        try LockFile.cleanUp(directory)
    }

    /// False as well when an object is missing: then the change had not got far, and there is nothing to complete.
    private func isDescendant(_ commit: ObjectID, of ancestor: ObjectID?) -> Bool {
        var current = commit
        for _ in 0..<Self.maximumCommits {
            if current == ancestor { return true }
            guard let parsed = try? repository.commit(current), (try? repository.tree(parsed.tree)) != nil else {
                return false
            }
            guard let parent = parsed.parents.first else { return ancestor == nil }
            current = parent
        }
        return false
    }
}
