import GitObjects

/// Changes that are committed together: each becomes a commit of its own, all wait for the disk once.
///
/// The changes are applied to a copy of the state one after the other; one that is refused leaves no trace. Nothing is
/// written before `write` is called.
struct CollectionBatch {
    let repository: GitRepository
    let view: GitCollectionView
    private let cache: ContentCache
    private let identity: CommitIdentity
    private let time: Int64

    var state: CollectionState
    private var uids: UIDTable?
    /// Identifies the index written, once it is.
    var indexStamp: FileStamp?
    var objects: [(id: ObjectID, object: GitObject)] = []
    /// What the work tree must have in the end, by name in the index; nil is "no such file".
    var files: [String: WorkTreeFile?] = [:]
    var reflog: [ReflogEntry] = []
    /// Set when properties in the repository's configuration change.
    var configuration: CollectionMetadata?
    private var touched: Set<MemberName> = []

    struct WorkTreeFile {
        var id: ObjectID
        var bytes: [UInt8]
    }

    init(
        _ repository: GitRepository, view: GitCollectionView, cache: ContentCache, uids: UIDTable?,
        identity: CommitIdentity, time: Int64
    ) {
        self.repository = repository
        self.view = view
        self.cache = cache
        self.uids = uids
        self.identity = identity
        self.time = time
        state = view.state
    }

    /// The table as the changes left it; the batch has none after that.
    mutating func takeUIDs() -> UIDTable? {
        defer { uids = nil }
        return uids
    }

    /// Whether there is anything to write.
    var isEmpty: Bool { reflog.isEmpty && configuration == nil }

    // MARK: Applying

    mutating func apply(_ change: CollectionChange) throws(CollectionStoreError) -> CollectionChange.Outcome {
        switch change.kind {
        case .put(let member, let condition): .put(try put(member, condition, change.author))
        case .delete(let name, let condition): try delete(name, condition, change.author)
        case .rename(let name, let new, let condition, let replacing):
            .put(try rename(name, to: new, condition, replacing, change.author))
        case .properties(let body): try setProperties(body, change.author)
        case .initialize(let type, let properties): try initialize(type, properties, change.author)
        case .advance: throw CollectionStoreError(.inputOutput, "A push cannot be part of a batch.")
        }
    }

    private mutating func put(
        _ new: CollectionChange.PreparedMember, _ condition: WriteCondition, _ author: ChangeAuthor
    ) throws(CollectionStoreError) -> PutOutcome {
        let old = state.entry(of: new.name)
        try check(condition, new.name, old)
        if old?.id == new.id { return PutOutcome(created: false, changed: false, etag: ETag(new.id)) }
        if old == nil { try checkPlaceIsFree(new.name) }
        let facts = try ContentRules.check(
            new.bytes, named: new.name, for: state.type, components: state.metadata.properties.supportedComponents)
        try checkUID(facts, new.name, old)
        cache.insert(facts, for: new.id)
        cache.insert(new.bytes, for: new.id)
        add(GitObject(.blob, new.bytes), new.id)
        state.tree.set(TreeEntry(mode: old?.mode ?? .regular, name: Array(new.name.string.utf8), id: new.id))
        files[new.name.string] = WorkTreeFile(id: new.id, bytes: new.bytes)
        touched.insert(new.name)
        commit(ChangeMessage.put(new.name, created: old == nil, facts: facts, author: author))
        return PutOutcome(created: old == nil, changed: true, etag: ETag(new.id))
    }

    private mutating func delete(
        _ name: MemberName, _ condition: WriteCondition, _ author: ChangeAuthor
    ) throws(CollectionStoreError) -> CollectionChange.Outcome {
        let old = state.entry(of: name)
        try check(condition, name, old)
        guard let old else { throw CollectionStoreError(.notFound, "There is no \(name) in \(view.path).") }
        let facts = try view.factsNow(of: old.id, named: name)
        try remove(name, facts)
        try updateMemberProperties { $0[name] = nil }
        commit(ChangeMessage.delete(name, facts: facts, author: author))
        return .done
    }

    private mutating func rename(
        _ name: MemberName, to new: MemberName, _ condition: WriteCondition, _ replacing: WriteCondition,
        _ author: ChangeAuthor
    ) throws(CollectionStoreError) -> PutOutcome {
        let entry = state.entry(of: name)
        try check(condition, name, entry)
        guard let entry else { throw CollectionStoreError(.notFound, "There is no \(name) in \(view.path).") }
        let old = state.entry(of: new)
        try check(replacing, new, old)
        guard name != new else { return PutOutcome(created: false, changed: false, etag: ETag(entry.id)) }
        if old == nil { try checkPlaceIsFree(new) }
        let bytes = if let file = files[name.string] ?? nil { file.bytes } else { try view.contentNow(of: entry.id) }
        let facts = try view.factsNow(of: entry.id, named: name)
        if let old { try remove(new, try view.factsNow(of: old.id, named: new)) }
        try remove(name, facts)
        if let uid = facts.uid { uids?.insert(uid, new) }
        state.tree.set(TreeEntry(mode: entry.mode, name: Array(new.string.utf8), id: entry.id))
        files[new.string] = WorkTreeFile(id: entry.id, bytes: bytes)
        touched.insert(new)
        try updateMemberProperties { properties in
            properties[new] = properties[name]
            properties[name] = nil
        }
        commit(ChangeMessage.rename(name, to: new, facts: facts, author: author))
        return PutOutcome(created: old == nil, changed: true, etag: ETag(entry.id))
    }

    private mutating func remove(_ name: MemberName, _ facts: MemberFacts) throws(CollectionStoreError) {
        if let uid = facts.uid { uids?.remove(uid, name) }
        state.tree.remove(named: name.string.utf8)
        files[name.string] = .some(nil)
        touched.insert(name)
    }

    /// What a member is called is also what its properties are kept under. Goes into the commit that follows.
    private mutating func updateMemberProperties(
        _ change: (inout [MemberName: [String: String]]) -> Void
    ) throws(CollectionStoreError) {
        var metadata = state.metadata
        change(&metadata.properties.memberProperties)
        guard metadata.properties.memberProperties != state.metadata.properties.memberProperties,
            metadata.place != .gitConfig
        else { return }
        var file = state.metadataFile
        metadata.update(&file, from: state.metadata)
        try putMetadataFile(file.encoded(), place: metadata.place)
        state.metadataFile = file
        state.metadata = CollectionMetadata(file: file, place: metadata.place)
    }

    private func check(
        _ condition: WriteCondition, _ name: MemberName, _ entry: TreeEntry?
    ) throws(CollectionStoreError) {
        // Size and time are those of the published view, which a change of the same batch may have overtaken; the tag,
        // which is what conditions are about, is exact.
        let known = try view.memberNow(named: name)
        let member = entry.map {
            Member(
                name: name, etag: ETag($0.id), size: cache.size(of: $0.id) ?? known?.size ?? 0,
                lastModified: known?.lastModified ?? time)
        }
        guard !condition.isMet(by: member) else { return }
        var error = CollectionStoreError(
            .preconditionFailed,
            member == nil ? "\(name) does not exist." : "\(name) is not in the state the request expects.")
        error.currentETag = member?.etag
        throw error
    }

    /// A nested collection may have the name; in a work tree, a file that git does not know is somebody's as well.
    private func checkPlaceIsFree(_ name: MemberName) throws(CollectionStoreError) {
        var status: FileStatus?
        if let workTree = repository.workTree {
            status = try withGit { () throws(GitError) in try FileSystem.status(of: workTree + "/" + name.string) }
        }
        if status?.isDirectory == true || state.tree.entry(named: name.string.utf8) != nil {
            throw CollectionStoreError(.alreadyExists, "\(view.path) has something else of the name \(name).")
        }
    }

    private mutating func checkUID(
        _ facts: MemberFacts, _ name: MemberName, _ old: TreeEntry?
    ) throws(CollectionStoreError) {
        guard state.type == .calendar || state.type == .addressbook else { return }
        if uids == nil { uids = try UIDTable(state.tree, view) }
        guard var table = takeUIDs() else { return }
        defer { uids = table }
        let before = try old.map { entry throws(CollectionStoreError) in
            try view.factsNow(of: entry.id, named: name).uid
        }
        // Old data may hold a UID twice; that must not keep its owner from changing either.
        if let uid = facts.uid, before != .some(uid), let holder = table.holder(of: uid, otherThan: name) {
            var error = CollectionStoreError(.uidConflict, "\(holder) has the same UID.")
            error.member = holder
            throw error
        }
        if let uid = facts.uid, let before = before ?? nil, before != uid {
            throw CollectionStoreError(replacing: before, by: uid, at: name)
        }
        if let uid = before ?? nil { table.remove(uid, name) }
        if let uid = facts.uid { table.insert(uid, name) }
    }

    // MARK: Metadata

    private mutating func setProperties(
        _ body: (inout CollectionProperties) throws(CollectionStoreError) -> Void, _ author: ChangeAuthor
    ) throws(CollectionStoreError) -> CollectionChange.Outcome {
        var metadata = state.metadata
        try body(&metadata.properties)
        return try store(metadata, author)
    }

    private mutating func initialize(
        _ type: CollectionType, _ properties: CollectionProperties, _ author: ChangeAuthor
    ) throws(CollectionStoreError) -> CollectionChange.Outcome {
        try store(CollectionMetadata(type: type, properties: properties, place: .file), author)
    }

    private mutating func store(
        _ metadata: CollectionMetadata, _ author: ChangeAuthor
    ) throws(CollectionStoreError) -> CollectionChange.Outcome {
        let lines = metadata.changes(from: state.metadata)
        guard !lines.isEmpty else { return .done }
        if metadata.place == .gitConfig {
            try metadata.checkConfigCanHold()
            configuration = metadata
        } else {
            var file = state.metadataFile
            metadata.update(&file, from: state.metadata)
            try putMetadataFile(file.encoded(), place: metadata.place)
            // As it will be read from now on.
            state.metadataFile = file
            state.metadata = CollectionMetadata(file: file, place: metadata.place)
        }
        if metadata.place == .gitConfig { state.metadata = metadata }
        if metadata.place != .gitConfig { commit(ChangeMessage.properties(lines, author: author)) }
        return .done
    }

    private mutating func putMetadataFile(
        _ bytes: [UInt8], place: CollectionMetadata.Place
    ) throws(CollectionStoreError) {
        let blob = GitObject(.blob, bytes)
        let id = ObjectID(hashing: bytes, as: .blob)
        add(blob, id)
        let name = Array(CollectionMetadata.fileName.utf8)
        guard place == .directory, let entry = state.tree.entry(named: name) else {
            state.tree.set(TreeEntry(mode: .regular, name: name, id: id))
            files[CollectionMetadata.fileName] = WorkTreeFile(id: id, bytes: bytes)
            return
        }
        var inner = try withGit { () throws(GitError) in try repository.tree(entry.id) }
        let innerName = CollectionMetadata.directoryFileName
        inner.set(TreeEntry(mode: .regular, name: Array(innerName.utf8), id: id))
        let innerID = inner.id
        add(GitObject(.tree, inner.bytes), innerID)
        state.tree.set(TreeEntry(mode: .tree, name: name, id: innerID))
        files["\(CollectionMetadata.fileName)/\(innerName)"] = WorkTreeFile(id: id, bytes: bytes)
    }

    // MARK: Commits

    private mutating func add(_ object: GitObject, _ id: ObjectID) { objects.append((id, object)) }

    private mutating func commit(_ message: String) {
        let treeID = state.tree.id
        add(GitObject(.tree, state.tree.bytes), treeID)
        let commit = Commit(
            tree: treeID, parents: state.head.commit.map { [$0] } ?? [],
            author: identity.author.signature(at: time), committer: identity.committer.signature(at: time),
            message: message)
        let content = commit.encoded()
        let id = ObjectID(hashing: content, as: .commit)
        add(GitObject(.commit, content), id)
        let subject = message.prefix { $0 != "\n" }
        reflog.append(
            ReflogEntry(
                old: state.head.commit ?? .zero, new: id, signature: commit.committer, message: "commit: \(subject)"))
        state.head = References.Head(reference: state.head.reference, commit: id)
        state.treeID = treeID
        state.lastCommit = time
        state.type = state.metadata.type ?? state.guessedType
    }

    // MARK: Publishing

    /// The view of the new state. The list of members is carried over when the old view had one.
    func publishedView(path: CollectionPath) throws(CollectionStoreError) -> GitCollectionView {
        let view = GitCollectionView(path: path, state: state, repository: repository, cache: cache)
        guard var members = self.view.listedMembers else { return view }
        for name in touched {
            let position = members.partitioningIndex { !($0.name < name) }
            let exists = position < members.count && members[position].name == name
            switch (try view.memberNow(named: name), exists) {
            case (let member?, true): members[position] = member
            case (let member?, false): members.insert(member, at: position)
            case (nil, true): members.remove(at: position)
            case (nil, false): break
            }
        }
        return GitCollectionView(path: path, state: state, repository: repository, cache: cache, members: members)
    }
}

/// Under which names the server commits.
struct CommitIdentity: Sendable {
    var author: GitIdentity
    var committer: GitIdentity
}

extension RandomAccessCollection where Index == Int {
    /// The first position at which `predicate` holds, in a collection where it holds from some position on.
    func partitioningIndex(where predicate: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if predicate(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
