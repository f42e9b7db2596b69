import GitObjects

/// Changes applied to a copy of the members, one after the other; one that is refused leaves no trace. Nothing is visible
/// before the journal has them.
struct ChangeDraft {
    private let view: IndexedView
    private let rules: PreparedChange.Rules
    private let workTree: String?
    private let time: Int64

    private(set) var table: MemberTable
    private(set) var changes: [PendingChange] = []
    private(set) var uids: UIDIndex

    init(_ view: IndexedView, uids: UIDIndex, workTree: String?, time: Int64) {
        self.view = view
        self.uids = uids
        self.workTree = workTree
        self.time = time
        rules = PreparedChange.Rules(view)
        table = view.table
    }

    mutating func put(_ put: PreparedChange.PreparedPut) throws(CollectionStoreError) -> PutOutcome {
        let new = put.member
        let old = table[new.name]
        try check(put.condition, new.name, old)
        if old?.id == new.id { return PutOutcome(created: false, changed: false, etag: ETag(new.id)) }
        if old == nil { try checkPlaceIsFree(new.name) }
        let facts = try (put.rules == rules ? put.facts : rules.check(new)).get()
        try updateUIDs(facts.uid, new.name, old)
        table.set(
            MemberRecord(
                name: new.name, id: new.id, size: new.bytes.count, mode: old?.mode ?? .regular, modified: time,
                facts: facts))
        append(
            new.name, PendingChange.Content(id: new.id, bytes: new.bytes),
            ChangeMessage.putTitle(new.name, created: old == nil, facts: facts), put.author)
        return PutOutcome(created: old == nil, changed: true, etag: ETag(new.id))
    }

    mutating func delete(
        _ name: MemberName, if condition: WriteCondition, title: String, author: ChangeAuthor
    ) throws(CollectionStoreError) {
        let old = table[name]
        try check(condition, name, old)
        guard let old else { throw CollectionStoreError(.notFound, "There is no \(name) in \(view.path).") }
        if let uid = old.uid { uids.remove(uid) }
        table.remove(name)
        append(name, nil, title, author)
    }

    private mutating func append(
        _ name: MemberName, _ content: PendingChange.Content?, _ title: String, _ author: ChangeAuthor
    ) {
        changes.append(
            PendingChange(sequence: 0, name: name, content: content, title: title, author: author, time: time))
    }

    private func check(
        _ condition: WriteCondition, _ name: MemberName, _ record: MemberRecord?
    ) throws(CollectionStoreError) {
        guard !condition.isMet(by: record?.member) else { return }
        var error = CollectionStoreError(
            .preconditionFailed,
            record == nil ? "\(name) does not exist." : "\(name) is not in the state the request expects.")
        error.currentETag = record.map { ETag($0.id) }
        throw error
    }

    /// A nested collection may have the name, or in a bare repository a directory.
    private func checkPlaceIsFree(_ name: MemberName) throws(CollectionStoreError) {
        var status: FileStatus?
        if let workTree {
            status = try withGit { () throws(GitError) in try FileSystem.status(of: workTree + "/" + name.string) }
        }
        let mode = view.base.tree.entry(named: name.string.utf8)?.mode
        if status?.isDirectory == true || mode?.isRegularFile == false {
            throw CollectionStoreError(.alreadyExists, "\(view.path) has something else of the name \(name).")
        }
    }

    private mutating func updateUIDs(
        _ uid: String?, _ name: MemberName, _ old: MemberRecord?
    ) throws(CollectionStoreError) {
        // Old data may hold a UID twice; that must not keep its owner from changing.
        guard old == nil || old?.uid != uid else { return }
        if let uid, rules.type == .calendar || rules.type == .addressbook, uids.mayHave(uid),
            let holder = table.records.first(where: { $0.uid == uid && $0.name != name })?.name
        {
            var error = CollectionStoreError(.uidConflict, "\(holder) has the same UID.")
            error.member = holder
            throw error
        }
        if let uid, let before = old?.uid, rules.type == .calendar || rules.type == .addressbook {
            throw CollectionStoreError(replacing: before, by: uid, at: name)
        }
        if let uid = old?.uid { uids.remove(uid) }
        if let uid { uids.insert(uid) }
    }
}
