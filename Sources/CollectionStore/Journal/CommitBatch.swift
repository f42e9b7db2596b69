import GitObjects

/// Makes commits of accepted changes: objects into a pack, names into the tree. Writes nothing by itself.
struct CommitBatch {
    private(set) var state: CollectionState
    private(set) var pack: PackBuilder
    private(set) var reflog: [ReflogEntry] = []
    /// What the work tree must have in the end; nil is "no such file".
    private(set) var files: [MemberName: PendingChange.Content?] = [:]
    private let identity: CommitIdentity

    init(_ state: CollectionState, pack: PackBuilder, identity: CommitIdentity) {
        self.state = state
        self.pack = pack
        self.identity = identity
    }

    /// How many changes share a commit. A commit costs a copy of the tree and its hash, so that it is worth more changes
    /// where the tree is large.
    private struct Grouping {
        /// With so many changes waiting, those of one author share commits; else each has its own.
        var crowd: Int
        var largest: Int

        init(treeSize: Int) {
            let isLarge = treeSize > 1 << 20
            (crowd, largest) = isLarge ? (8, 256) : (32, 64)
        }
    }

    mutating func add(_ changes: [PendingChange]) throws(GitError) {
        var position = 0
        let grouping = Grouping(treeSize: state.tree.bytes.count)
        let limit = changes.count > grouping.crowd ? grouping.largest : 1
        while position < changes.count {
            let end = Self.endOfGroup(from: position, in: changes, limit: limit)
            try commit(changes[position..<end])
            position = end
        }
    }

    /// A group has one author, and each name once, so that every version of a member is in a commit.
    private static func endOfGroup(from start: Int, in changes: [PendingChange], limit: Int) -> Int {
        var names: Set<MemberName> = []
        var end = start
        while end < changes.count, end - start < limit, changes[end].author == changes[start].author,
            names.insert(changes[end].name).inserted
        {
            end += 1
        }
        return end
    }

    private mutating func commit(_ changes: ArraySlice<PendingChange>) throws(GitError) {
        var names: [[UInt8]] = []
        var titles: [String] = []
        for change in changes {
            let name = Array(change.name.string.utf8)
            let old = state.tree.entry(named: name)
            if let content = change.content {
                guard old?.id != content.id else { continue }
                // Somebody made a directory or a link of that name by hand: it stays, and the member is not shown.
                guard old?.mode.isRegularFile != false else { continue }
                try pack.add(content.bytes, .blob, id: content.id)
                state.tree.set(TreeEntry(mode: old?.mode ?? .regular, name: name, id: content.id))
            } else {
                guard old?.mode.isRegularFile == true else { continue }
                state.tree.remove(named: name)
            }
            files[change.name] = .some(change.content)
            names.append(name)
            titles.append(change.title)
        }
        guard let last = changes.last, let first = changes.first, !names.isEmpty else { return }
        let treeID = state.tree.id
        try pack.add(state.tree, id: treeID, parent: state.treeID, changed: names)
        let commit = Commit(
            tree: treeID, parents: state.head.commit.map { [$0] } ?? [],
            author: identity.author.signature(at: last.time), committer: identity.committer.signature(at: last.time),
            message: ChangeMessage.group(titles, author: first.author))
        let content = commit.encoded()
        let id = ObjectID(hashing: content, as: .commit)
        try pack.add(content, .commit, id: id)
        reflog.append(
            ReflogEntry(
                old: state.head.commit ?? .zero, new: id, signature: commit.committer,
                message: "commit: \(titles.count > 1 ? "\(titles[0]) and \(titles.count - 1) more" : titles[0])"))
        state.head = References.Head(reference: state.head.reference, commit: id)
        state.treeID = treeID
        state.lastCommit = last.time
    }
}
