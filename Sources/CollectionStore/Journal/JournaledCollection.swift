import GitObjects
import Synchronization

/// A collection whose changes are acknowledged when the journal has them, and committed a moment later.
///
/// Readers take the published view. The writer, one at a time, drafts changes on a copy, journals them, publishes. What is
/// journaled waits in `pending` until the committer has it in git. When the branch moves without us, the view is made anew
/// from the branch, with what is pending on top.
final class JournaledCollection: Sendable {
    struct Front {
        var view: IndexedView
        /// The state of the repository that the view is built on.
        var base: GitCollectionView
        /// Journaled and not committed, in order.
        var pending: [PendingChange] = []
        /// Of the contents in `pending`.
        var pendingBytes = 0
        /// Changes accepted since `base` became the base, and those that were pending then: what tokens count.
        var sinceBase = 0
        /// Somebody is making the next view; nobody else may publish one.
        var isChanging = false
        var isClosed = false
        var commitIsScheduled = false
        var changesSinceIndex = 0
        /// What a change took in the last batch that was committed.
        var commitTime = Duration.zero
    }

    let path: CollectionPath
    let published: PublishedView
    let source: MemberSource
    let journal: Journal
    let front: Mutex<Front>
    private let uids = Mutex<UIDIndex?>(nil)
    let committer: ChangeCommitter
    private let transaction: CollectionTransaction
    /// While the branch is moved by us, nobody needs to look whether it was moved by somebody else.
    let isCommitting = Atomic(false)
    let commitTurn = Mutex(())

    /// Opens the collection. Blocking, and long when the index file is missing and there are many members.
    init(_ published: PublishedView, identities: IdentitySource, journal: Journal) throws(CollectionStoreError) {
        path = published.path
        self.published = published
        self.journal = journal
        source = MemberSource(published)
        committer = ChangeCommitter(published, identities: identities, journal: journal)
        transaction = CollectionTransaction(published: published, identities: identities)
        let git = try published.view()
        let known = MemberIndexFile.read(published.repository)
        let table = try MemberTable(git, known: known)
        let base = git.withoutIndex
        published.publish(base)
        let token = StateToken.tree(base.state.treeID)
        source.history.append([], then: token)
        let view = IndexedView(
            path: published.path, base: base.state, table: table, token: token, lastModified: base.lastModified,
            source: source)
        var front = Front(view: view, base: base)
        // Worth a file as soon as something is committed.
        if table.differencesCount(from: known) > 100 { front.changesSinceIndex = .max / 2 }
        self.front = Mutex(front)
        if front.changesSinceIndex > 0 { DiskQueue.background.start { self.saveIndex() } }
    }

    // MARK: Reading

    /// What is acknowledged now, with what others have committed meanwhile.
    func view() throws(CollectionStoreError) -> IndexedView {
        if isCommitting.load(ordering: .acquiring) { return front.withLock { $0.view } }
        let git = try published.view()
        let current = front.withLock { front -> IndexedView? in
            let isKnown = front.base === git || front.base.state.stamp == git.state.stamp
            return isKnown || front.isChanging ? front.view : nil
        }
        if let current { return current }
        return try absorb(git)
    }

    /// The same, nil when somebody else has committed and the view has to be made anew.
    func viewAtOnce() throws(CollectionStoreError) -> IndexedView? {
        if isCommitting.load(ordering: .acquiring) { return front.withLock { $0.view } }
        guard let git = try published.viewIfCurrent() else { return nil }
        return front.withLock { front in
            front.base === git || front.base.state.stamp == git.state.stamp || front.isChanging ? front.view : nil
        }
    }

    /// Makes the view anew from what somebody else has committed.
    private func absorb(_ git: GitCollectionView) throws(CollectionStoreError) -> IndexedView {
        let start = front.withLock { front -> Front? in
            guard !front.isChanging else { return nil }
            front.isChanging = true
            return front
        }
        guard let start else { return front.withLock { $0.view } }
        defer { front.withLock { $0.isChanging = false } }
        let old = start.view.table
        var table = try MemberTable(git, known: old.records)
        for change in start.pending {
            if let content = change.content {
                // Of several changes to a member, the last is the one that the old table has.
                if let record = old[change.name], record.id == content.id { table.set(record) }
            } else if old[change.name] == nil {
                table.remove(change.name)
            }
        }
        uids.withLock { $0 = nil }
        let base = git.withoutIndex
        published.publish(base, insteadOf: git)
        return front.withLock { front in
            front.base = base
            front.sinceBase = front.pending.count
            publish(
                table, names: table.differences(from: old), lastModified: git.lastModified, in: &front)
            return front.view
        }
    }

    private func publish(
        _ table: MemberTable, names: [MemberName], lastModified: Int64, in front: inout Front
    ) {
        let state = front.base.state
        let token =
            front.sinceBase == 0
            ? StateToken.tree(state.treeID) : StateToken.after(state.head.commit, changes: front.sinceBase)
        source.history.append(names, then: token)
        front.view = IndexedView(
            path: path, base: state, table: table, token: token, lastModified: lastModified, source: source)
    }

    // MARK: Writing

    /// One outcome per change, in their order. Called by one task at a time.
    func write(_ changes: [PreparedChange]) async -> [CollectionTransaction.Outcome] {
        var outcomes: [CollectionTransaction.Outcome] = []
        while outcomes.count < changes.count {
            let rest = changes[outcomes.count...]
            if case .direct(let change)? = rest.first {
                outcomes.append(await commitDirectly(change))
            } else {
                let run = rest.prefix { if case .direct = $0 { false } else { true } }
                outcomes.append(contentsOf: await accept(Array(run)))
            }
        }
        return outcomes
    }

    /// Takes the right to publish; waits while somebody takes over what others have committed.
    private func begin() async throws(CollectionStoreError) -> IndexedView {
        while true {
            _ = try view()
            let taken = front.withLock { front -> Result<IndexedView, CollectionStoreError>? in
                guard !front.isClosed else {
                    return .failure(CollectionStoreError(.notFound, "There is no collection \(path)."))
                }
                guard !front.isChanging else { return nil }
                front.isChanging = true
                return .success(front.view)
            }
            if let taken { return try taken.get() }
            try? await Task.sleep(for: .milliseconds(1))
        }
    }

    private func accept(_ changes: [PreparedChange]) async -> [CollectionTransaction.Outcome] {
        do throws(CollectionStoreError) {
            try await keepPace(changes.count)
            let view = try await begin()
            defer { front.withLock { $0.isChanging = false } }
            let index = uids.withLock { uids -> UIDIndex in
                defer { uids = nil }
                return uids ?? UIDIndex(view.table)
            }
            var draft = ChangeDraft(
                view, uids: index, workTree: published.repository.workTree, time: FileTime.now.seconds)
            let outcomes = changes.map { Self.apply($0, to: &draft) }
            guard !draft.changes.isEmpty else {
                let kept = draft.uids
                uids.withLock { $0 = kept }
                return outcomes
            }
            return try await publish(draft, outcomes)
        } catch {
            return changes.map { _ in .failure(error) }
        }
    }

    private static func apply(
        _ change: PreparedChange, to draft: inout ChangeDraft
    ) -> CollectionTransaction.Outcome {
        do throws(CollectionStoreError) {
            switch change {
            case .put(let put): return .success(.put(try draft.put(put)))
            case .delete(let name, let condition, let title, let author):
                try draft.delete(name, if: condition, title: title, author: author)
                return .success(.done)
            case .direct: return .failure(CollectionStoreError(.inputOutput, "The change is in the wrong place."))
            }
        } catch {
            return .failure(error)
        }
    }

    private func publish(
        _ draft: ChangeDraft, _ outcomes: [CollectionTransaction.Outcome]
    ) async throws(CollectionStoreError) -> [CollectionTransaction.Outcome] {
        var changes = draft.changes
        let first = journal.reserve(changes.count)
        for index in changes.indices { changes[index].sequence = first + UInt64(index) }
        let segment: UInt64
        do throws(CollectionStoreError) {
            segment = try await journal.append(changes, of: path)
        } catch {
            // What was refused stays refused; what would have been done has not been.
            return outcomes.map { outcome in
                if case .success = outcome { .failure(error) } else { outcome }
            }
        }
        for index in changes.indices { changes[index].segment = segment }
        for change in changes {
            if let content = change.content { source.cache.insert(content.bytes, for: content.id) }
        }
        source.pending.insert(changes)
        let kept = draft.uids
        uids.withLock { $0 = kept }
        let (table, accepted) = (draft.table, changes)
        let mustSchedule = front.withLock { front in
            front.pending.append(contentsOf: accepted)
            front.pendingBytes += accepted.contentSize
            front.sinceBase += accepted.count
            front.changesSinceIndex += accepted.count
            publish(table, names: accepted.map(\.name), lastModified: accepted.last?.time ?? 0, in: &front)
            defer { front.commitIsScheduled = true }
            return !front.commitIsScheduled
        }
        if mustSchedule { scheduleCommit() }
        return outcomes
    }

    /// For changes that are rare: everything before them is committed, then they are, then the view is made anew.
    private func commitDirectly(_ change: CollectionChange) async -> CollectionTransaction.Outcome {
        do throws(CollectionStoreError) {
            try await flush()
            _ = try await begin()
            let outcome = await transaction.runOnDisk([change]).first
            front.withLock { $0.isChanging = false }
            // Whoever asks next sees the change, also when somebody else is just making a view.
            _ = try await begin()
            front.withLock { $0.isChanging = false }
            return outcome ?? .failure(CollectionStoreError(.inputOutput, "The change has been lost."))
        } catch {
            return .failure(error)
        }
    }
}

extension MemberTable {
    /// About how many records are not among those of an index file.
    func differencesCount(from known: [MemberRecord]) -> Int {
        var iterator = known.makeIterator()
        var candidate = iterator.next()
        var count = 0
        visit { record in
            while let current = candidate, current.name < record.name { candidate = iterator.next() }
            if candidate?.name != record.name || candidate?.id != record.id { count += 1 }
        }
        return count
    }
}
