import GitObjects

/// Everything the store knows about one state of a collection: what a commit says, read once and then only changed by
/// splicing. A value: the writer changes a copy and publishes it when it is durable.
struct CollectionState: Sendable {
    /// File times of the references when this was read; different ones mean that somebody else has committed.
    var stamp: References.Stamp
    var head: References.Head
    var tree: SpliceableTree
    var treeID: ObjectID
    /// Seconds since 1970.
    var lastCommit: Int64
    var metadata: CollectionMetadata
    /// The metadata file as it is, so that what we do not know in it survives.
    var metadataFile: INIFile
    /// The stored type, or the one guessed from the members.
    var type: CollectionType
    /// nil for bare repositories.
    var index: GitIndex?

    /// Reads the state HEAD names. Throws `.corrupt`, `.inputOutput`.
    static func load(_ repository: GitRepository) throws(CollectionStoreError) -> CollectionState {
        try withGit { () throws(GitError) in
            // The stamp is taken first: a commit in between makes it old, and the state is read again.
            let before = try repository.references.head()
            let stamp = try repository.references.stamp(reference: before.reference)
            let head = try repository.references.head()
            var treeID = GitRepository.emptyTree
            var lastCommit: Int64
            if let id = head.commit {
                let commit = try repository.commit(id)
                (treeID, lastCommit) = (commit.tree, commit.committer.time)
            } else {
                lastCommit = try FileSystem.status(of: repository.gitDirectory)?.modified.seconds ?? 0
            }
            let tree = try repository.tree(treeID)
            let (metadata, file) = try readMetadata(repository, tree)
            var state = CollectionState(
                stamp: stamp, head: head, tree: tree, treeID: treeID, lastCommit: lastCommit, metadata: metadata,
                metadataFile: file, type: .other, index: nil)
            state.type = metadata.type ?? state.guessedType
            if repository.workTree != nil { state.index = readIndex(repository, tree) }
            return state
        }
    }

    /// A damaged or unreadable index is no loss: it is made anew from the tree at the next change.
    static func readIndex(_ repository: GitRepository, _ tree: SpliceableTree) -> GitIndex {
        if let index = try? repository.readIndex() { return index }
        return GitIndex(tree: tree)
    }

    // MARK: Metadata

    private static let metadataLimit = 4 << 20
    private static let name = Array(CollectionMetadata.fileName.utf8)

    static func readMetadata(
        _ repository: GitRepository, _ tree: SpliceableTree
    ) throws(GitError) -> (CollectionMetadata, INIFile) {
        let config = try repository.config()
        if config.hasSection(CollectionMetadata.configSection) {
            let description = try FileSystem.readIfPresent(
                repository.gitDirectory + "/description", limit: metadataLimit)
            let text = description.map { String(decoding: $0, as: UTF8.self) }
            return (CollectionMetadata(config: config, description: text), INIFile())
        }
        guard let entry = tree.entry(named: name) else {
            return (CollectionMetadata(file: INIFile(), place: .file), INIFile())
        }
        if entry.mode.isTree {
            let inner = try repository.tree(entry.id)
            let file = try inner.entry(named: Array(CollectionMetadata.directoryFileName.utf8))
                .map { entry throws(GitError) in try repository.objects.read(entry.id, as: .blob) }
            let parsed = INIFile(parsing: String(decoding: file ?? [], as: UTF8.self))
            var metadata = CollectionMetadata(file: parsed, place: .directory)
            if metadata.properties.availability == nil,
                let entry = inner.entry(named: Array(CollectionMetadata.availabilityFileName.utf8))
            {
                let text = try repository.objects.read(entry.id, as: .blob)
                metadata.properties.availability = String(decoding: text, as: UTF8.self)
            }
            return (metadata, parsed)
        }
        let file = try repository.objects.read(entry.id, as: .blob)
        let parsed = INIFile(parsing: String(decoding: file, as: UTF8.self))
        return (CollectionMetadata(file: parsed, place: .file), parsed)
    }

    /// The member listed last with a telling name decides; a collection without one is `other`.
    var guessedType: CollectionType {
        for entry in tree.reversed() {
            guard let name = Self.memberName(of: entry) else { continue }
            switch name.contentType {
            case "text/calendar": return .calendar
            case "text/vcard": return .addressbook
            default: continue
            }
        }
        return .other
    }

    // MARK: Members

    /// nil for entries that are not members: metadata, directories, links, and names that no URL reaches.
    static func memberName(of entry: TreeEntry) -> MemberName? {
        guard entry.mode.isRegularFile, let string = String(validating: entry.name, as: UTF8.self) else { return nil }
        return try? MemberName(string)
    }

    func entry(of name: MemberName) -> TreeEntry? {
        guard let entry = tree.entry(named: name.string.utf8), entry.mode.isRegularFile else { return nil }
        return entry
    }
}
