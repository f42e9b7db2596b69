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
                try complete(commit, from: head)
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

    private func complete(_ commit: ObjectID, from head: References.Head) throws(GitError) {
        var lock: LockFile?
        if repository.workTree != nil {
            lock = try LockFile.acquire(for: repository.indexPath, in: repository.gitDirectory)
        }
        var update = try repository.references.beginUpdate(from: head)
        try update.prepare(commit)
        if let workTree = repository.workTree {
            let old = try files(of: head.commit)
            let new = try files(of: commit)
            var index = CollectionState.readIndex(repository, try tree(of: head.commit))
            for name in Set(old.keys).union(new.keys) where old[name] != new[name] {
                let path = workTree + "/" + name
                guard let id = new[name] else {
                    try FileSystem.removeFile(path)
                    index.remove(named: name.utf8)
                    continue
                }
                try FileSystem.makeDirectoryIfMissing(FileSystem.directory(of: path))
                try FileSystem.replaceFile(path, with: repository.objects.read(id, as: .blob))
                if let status = try FileSystem.status(of: path) {
                    index.set(IndexEntry(name: Array(name.utf8), id: id, status: status))
                }
            }
            try lock?.write(index.encoded())
            try lock?.sync()
            try lock?.commit()
        }
        _ = try update.commit()
    }

    private func tree(of commit: ObjectID?) throws(GitError) -> SpliceableTree {
        guard let commit else { return SpliceableTree() }
        return try repository.tree(repository.commit(commit).tree)
    }

    /// What the writer writes: files at the top, and those of the metadata directory.
    private func files(of commit: ObjectID?) throws(GitError) -> [String: ObjectID] {
        var files: [String: ObjectID] = [:]
        for entry in try tree(of: commit) {
            guard let name = String(validating: entry.name, as: UTF8.self) else { continue }
            if entry.mode.isRegularFile {
                files[name] = entry.id
            } else if entry.mode.isTree, name == CollectionMetadata.fileName {
                for inner in try repository.tree(entry.id) where inner.mode.isRegularFile {
                    files["\(name)/" + String(decoding: inner.name, as: UTF8.self)] = inner.id
                }
            }
        }
        return files
    }
}
