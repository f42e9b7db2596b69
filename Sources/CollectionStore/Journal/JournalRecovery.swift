import GitObjects

/// Brings into git what a killed process had journaled and not committed. Blocking; before anything is served.
struct JournalRecovery {
    private let root: String
    private let journal: Journal
    private let identities: IdentitySource

    /// How long another program may hold a lock, in seconds.
    private static let patience: Int64 = 5
    /// More commits than the journal ever holds changes for.
    private static let maximumCommits = 100_000
    private static let largestBatch = 512

    init(root: String, journal: Journal, identities: IdentitySource) {
        self.root = root
        self.journal = journal
        self.identities = identities
    }

    private struct Rest {
        var changes: [PendingChange] = []
        /// Until which change a commit has them, if the branch has that commit.
        var committed: [(upTo: UInt64, commit: ObjectID)] = []
    }

    func run(_ records: [JournalRecord]) throws(CollectionStoreError) {
        guard !records.isEmpty else {
            journal.recoveryIsComplete()
            return
        }
        for (path, rest) in try sorted(records) where !rest.changes.isEmpty { try recover(path, rest) }
        journal.recoveryIsComplete()
        try journal.maintain(now: true)
    }

    /// By collection, without what belongs to collections that were removed.
    private func sorted(_ records: [JournalRecord]) throws(CollectionStoreError) -> [CollectionPath: Rest] {
        var all: [CollectionPath: Rest] = [:]
        for record in records {
            switch record {
            case .change(let change, let path):
                all[try CollectionPath(path), default: Rest()].changes.append(change)
            case .committed(let path, let sequence, let commit):
                all[try CollectionPath(path), default: Rest()].committed.append((sequence, commit))
            case .forgotten(let path, let sequence):
                let gone = try CollectionPath(path)
                for key in all.keys where key.isWithin(gone) {
                    all[key]?.changes.removeAll { $0.sequence <= sequence }
                }
            }
        }
        return all
    }

    private func recover(_ path: CollectionPath, _ rest: Rest) throws(CollectionStoreError) {
        let directory = path.isRoot ? root : root + path.string
        guard let repository = try withGit({ () throws(GitError) in try GitRepository.open(directory) }) else {
            return  // removed by hand, and its changes with it
        }
        try withGit { () throws(GitError) in try CollectionRecovery(repository).run() }
        let published = try PublishedView(path: path, repository: repository)
        let done = try committedSequence(rest, published)
        let committer = ChangeCommitter(published, identities: identities, journal: journal)
        var changes = rest.changes.filter { $0.sequence > done }[...]
        while !changes.isEmpty {
            try commit(Array(changes.prefix(Self.largestBatch)), committer, path)
            changes = changes.dropFirst(Self.largestBatch)
        }
        committer.close()
        try restoreFiles(rest.changes, published)
    }

    private func commit(
        _ changes: [PendingChange], _ committer: ChangeCommitter, _ path: CollectionPath
    ) throws(CollectionStoreError) {
        let deadline = FileTime.now.seconds + Self.patience
        while true {
            do throws(CollectionStoreError) {
                _ = try committer.commit(changes, onto: nil)
                return
            } catch {
                guard error.code == .locked else { throw error }
                guard FileTime.now.seconds < deadline else {
                    throw CollectionStoreError(
                        .locked, "Changes to \(path) that were acknowledged cannot be committed: \(error.reason)")
                }
                DiskQueue.pause(milliseconds: 20)
            }
        }
    }

    /// The last change that the branch has.
    private func committedSequence(_ rest: Rest, _ published: PublishedView) throws(CollectionStoreError) -> UInt64 {
        var wanted: [ObjectID: UInt64] = [:]
        for (sequence, commit) in rest.committed { wanted[commit] = max(sequence, wanted[commit] ?? 0) }
        guard !wanted.isEmpty else { return 0 }
        var current = try published.view().state.head.commit
        for _ in 0..<Self.maximumCommits {
            guard let id = current else { return 0 }
            // The first that is found is the latest.
            if let sequence = wanted[id] { return sequence }
            current = try withGit { () throws(GitError) in try published.repository.commit(id).parents.first }
        }
        return 0
    }

    /// After a power failure, files of the work tree may be older than the branch: they are not waited for one by one.
    private func restoreFiles(
        _ changes: [PendingChange], _ published: PublishedView
    ) throws(CollectionStoreError) {
        guard let workTree = published.repository.workTree else { return }
        let tree = try published.view().state.tree
        var last: [MemberName: PendingChange] = [:]
        for change in changes { last[change.name] = change }
        for (name, change) in last {
            guard let content = change.content, tree.entry(named: name.string.utf8)?.id == content.id else { continue }
            let path = workTree + "/" + name.string
            let found = try? FileSystem.readIfPresent(path, limit: content.bytes.count)
            if found == content.bytes { continue }
            try withGit { () throws(GitError) in
                if try FileSystem.status(of: path)?.isDirectory == true { return }
                try FileSystem.replaceFile(path, with: content.bytes, mode: 0o644)
            }
        }
    }
}
