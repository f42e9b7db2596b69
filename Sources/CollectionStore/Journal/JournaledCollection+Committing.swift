import GitObjects
import Synchronization

extension JournaledCollection {
    /// How long changes gather before they are committed together, in milliseconds: plain git tools see them later by that.
    private static let gatheringTime = 100
    private static let longestGathering = 500
    /// In milliseconds.
    private static let idleTime = 30_000
    /// Until the next attempt when another program has the repository locked.
    private static let retryTime = 200
    /// Changes committed at once: bounds the memory and the time of a batch.
    private static let largestBatch = 1_024
    /// How long `flush` waits for another program's lock, in seconds.
    private static let patience: Int64 = 5

    /// - Parameter work: how long the batch before took: changes gather for as long as that, so that a large collection
    ///   does not keep a processor busy.
    func scheduleCommit(after work: Duration = .zero) {
        let time = min(max(Self.gatheringTime, Int(work / .milliseconds(1))), Self.longestGathering)
        DiskQueue.background.start(afterMilliseconds: time) { self.commitPending() }
    }

    /// Commits until nothing is pending. What came in while a batch was written gathers a little again, since each batch
    /// writes index and tree anew. Blocking.
    private func commitPending() {
        while true {
            let isDone = front.withLock { front in
                if front.pending.isEmpty { front.commitIsScheduled = false }
                return front.pending.isEmpty
            }
            if isDone { break }
            let start = ContinuousClock.now
            do throws(CollectionStoreError) {
                try commitBatch()
                let rest = front.withLock { $0.pending.count }
                if (1..<Self.largestBatch).contains(rest) { return scheduleCommit(after: start.duration(to: .now)) }
            } catch {
                guard exists else { return abandon() }
                // The journal has the changes; they are tried again until it works.
                DiskQueue.background.start(afterMilliseconds: Self.retryTime) { self.commitPending() }
                return
            }
        }
        saveIndexIfDue()
        try? journal.maintain()
        restLater()
    }

    /// When nothing more comes for a while, the memory for the next batch is given back.
    private func restLater() {
        let base = front.withLock { $0.base.state.head }
        DiskQueue.background.start(afterMilliseconds: Self.idleTime) { [weak self] in
            guard let self, self.front.withLock({ $0.base.state.head == base && $0.pending.isEmpty }) else { return }
            self.committer.rest()
        }
    }

    /// Commits the oldest changes that are pending, if there are any. Blocking.
    private func commitBatch() throws(CollectionStoreError) {
        let result: Result<Void, CollectionStoreError> = commitTurn.withLock { _ in
            do throws(CollectionStoreError) {
                // What others have committed comes first.
                _ = try view()
                let (batch, base) = front.withLock { (Array($0.pending.prefix(Self.largestBatch)), $0.base) }
                guard !batch.isEmpty else { return .success(()) }
                isCommitting.store(true, ordering: .releasing)
                defer { isCommitting.store(false, ordering: .releasing) }
                let start = ContinuousClock.now
                let fresh = try committer.commit(batch, onto: base)
                let took = start.duration(to: .now) / batch.count
                front.withLock { front in
                    front.commitTime = took
                    front.pending.removeFirst(batch.count)
                    front.pendingBytes -= batch.contentSize
                    if fresh.state.head != front.base.state.head { front.sinceBase = front.pending.count }
                    front.base = fresh
                }
                source.pending.remove(batch)
                journal.release(batch)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    private var exists: Bool {
        let path = published.repository.gitDirectory + "/HEAD"
        return (try? FileSystem.status(of: path)) ?? nil != nil
    }

    /// The collection was removed, and what was pending with it.
    private func abandon() {
        let rest = front.withLock { front in
            defer { (front.pending, front.pendingBytes) = ([], 0) }
            front.isClosed = true
            return front.pending
        }
        source.pending.remove(rest)
        journal.release(rest)
    }

    // MARK: Waiting

    /// From so many pending changes on, writers are slowed down; beyond the second they wait.
    private static let comfortable = 1_000
    private static let pendingLimit = 3_000
    /// The same for what the contents of these changes take in memory, in bytes.
    private static let comfortableSize = 8 << 20
    private static let pendingSizeLimit = 32 << 20
    /// In milliseconds.
    private static let longestPause = 50

    /// Lets writers be no faster than git for long, so that git is never far behind, and never stops them all at once:
    /// the more changes are pending, the nearer each is held to what a change takes to commit.
    func keepPace(_ count: Int) async throws(CollectionStoreError) {
        let (excess, time) = front.withLock { (Self.excess(of: $0), $0.commitTime) }
        guard excess > 0 else { return }
        let pause = min(time * (2 * excess * Double(count)), .milliseconds(Self.longestPause))
        try? await Task.sleep(for: pause)
        if excess > 1 { try await waitForRoom() }
    }

    /// How far beyond what is comfortable it is: 0 and less is not, 1 is as far as it may get.
    private static func excess(of front: Front) -> Double {
        let count = Double(front.pending.count - comfortable) / Double(pendingLimit - comfortable)
        let size = Double(front.pendingBytes - comfortableSize) / Double(pendingSizeLimit - comfortableSize)
        return max(count, size)
    }

    /// Returns when there are no more pending changes than allowed. Throws `.locked` when another program keeps git from
    /// getting them.
    private func waitForRoom() async throws(CollectionStoreError) {
        var (least, deadline) = (Int.max, Int64.max)
        while true {
            let (excess, pending) = front.withLock { (Self.excess(of: $0), $0.pending.count) }
            guard excess > 1 else { return }
            if pending < least {
                // As long as it goes on, it is worth waiting.
                (least, deadline) = (pending, FileTime.now.seconds + Self.patience)
            } else if FileTime.now.seconds >= deadline {
                return try await flush()
            }
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Returns when everything acknowledged so far is in git. Throws `.locked` when another program keeps us from it.
    func flush() async throws(CollectionStoreError) {
        try await DiskQueue.shared.run { () throws(CollectionStoreError) in try self.flushNow() }
    }

    /// Blocking.
    func flushNow() throws(CollectionStoreError) {
        let deadline = FileTime.now.seconds + Self.patience
        guard let last = front.withLock({ $0.pending.last?.sequence }) else { return }
        while front.withLock({ ($0.pending.first?.sequence ?? .max) <= last }) {
            do throws(CollectionStoreError) {
                try commitBatch()
            } catch {
                guard error.code == .locked, FileTime.now.seconds < deadline else { throw error }
                DiskQueue.pause(milliseconds: 20)
            }
        }
    }

    /// Takes no changes any more; all that was acknowledged is in git. Blocking.
    func close() throws(CollectionStoreError) {
        front.withLock { $0.isClosed = true }
        try flushNow()
    }

    /// Nothing would be lost if the collection were forgotten and opened again.
    var isSettled: Bool { front.withLock { $0.pending.isEmpty && !$0.isChanging && !$0.commitIsScheduled } }

    // MARK: The index file

    private func saveIndexIfDue() {
        let isDue = front.withLock { $0.changesSinceIndex > max(500, $0.view.table.count / 8) }
        if isDue { saveIndex() }
    }

    /// Blocking.
    func saveIndex() {
        let table = front.withLock { front -> MemberTable? in
            defer { front.changesSinceIndex = 0 }
            return front.changesSinceIndex > 0 ? front.view.table : nil
        }
        if let table { MemberIndexFile.write(table, published.repository) }
    }
}
