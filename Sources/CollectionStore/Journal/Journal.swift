import CPOSIX
import GitObjects
import Glibc
import Synchronization

/// The write-ahead journal of a data directory: a change is acknowledged when it is in here and on the disk. Those of all
/// collections that arrive while the disk is busy are written together and wait for it once; git gets them afterwards.
///
/// Files are numbered; one is removed when git durably has all changes in it and in those before it.
final class Journal: Sendable {
    typealias Written = Result<UInt64, CollectionStoreError>

    private struct Waiter {
        var continuation: CheckedContinuation<Written, Never>
        var changes: Int
    }

    private struct Segment {
        var number: UInt64
        /// Changes that git does not have yet.
        var outstanding = 0
    }

    private struct State {
        /// What is to be written next, in pieces that follow each other.
        var buffer: [[UInt8]] = []
        var waiting: [Waiter] = []
        var isWriting = false
        var sequence: UInt64
        /// The last one is being written.
        var segments: [Segment]
        var lastMaintenance: Int64
        var failure: CollectionStoreError?
    }

    /// The file that is being written. Whoever writes has the lock.
    private struct Current: ~Copyable, Sendable {
        var file: AppendedFile
        var size = 0
    }

    let directory: String
    private let root: String
    private let lock: AppendedFile
    private let state: Mutex<State>
    private let current: Mutex<Current>

    /// Of the data directory; a name that no collection can have.
    static let folder = NameRules.temporaryPrefix + "journal"
    private static let largestSegment = 16 << 20
    /// Seconds between two looks at what can be removed.
    private static let maintenanceInterval: Int64 = 60

    /// nil when another process has the journal. `recovered` are the records of earlier processes, in their order.
    static func open(_ root: String) throws(GitError) -> (journal: Journal, recovered: [JournalRecord])? {
        let directory = root + "/" + folder
        try FileSystem.makeDirectoryIfMissing(directory)
        let lock = try AppendedFile(directory + "/lock")
        guard lock.lockExclusively() else { return nil }
        var records: [JournalRecord] = []
        var numbers: [UInt64] = []
        for name in try FileSystem.entries(of: directory) {
            guard name.hasSuffix(suffix), let number = UInt64(name.dropLast(suffix.count)) else { continue }
            numbers.append(number)
        }
        for number in numbers.sorted() {
            let bytes = try FileSystem.read("\(directory)/\(fileName(number))", limit: 1 << 30)
            records.append(contentsOf: JournalRecord.decode(bytes))
        }
        let journal = try Journal(
            root: root, directory: directory, lock: lock, old: numbers.sorted(), records: records)
        return (journal, records)
    }

    private init(
        root: String, directory: String, lock: consuming AppendedFile, old: [UInt64], records: [JournalRecord]
    ) throws(GitError) {
        self.root = root
        self.directory = directory
        self.lock = lock
        let next = (old.last ?? 0) + 1
        let file = try AppendedFile("\(directory)/\(Self.fileName(next))")
        try FileSystem.syncDirectory(directory)
        current = Mutex(Current(file: file))
        var segments = old.map { Segment(number: $0) }
        // What earlier processes left is held until `recoveryIsComplete`.
        if !segments.isEmpty { segments[0].outstanding = 1 }
        segments.append(Segment(number: next))
        let last = records.map(\.sequence).max() ?? 0
        state = Mutex(State(sequence: last + 1, segments: segments, lastMaintenance: FileTime.now.seconds))
    }

    private static let suffix = ".journal"

    private static func fileName(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 12 - digits.count)) + digits + suffix
    }

    // MARK: Writing

    /// The first of `count` numbers that nobody else gets.
    func reserve(_ count: Int) -> UInt64 {
        state.withLock { state in
            defer { state.sequence += UInt64(count) }
            return state.sequence
        }
    }

    /// Returns when the changes are on the disk, with the number of the file they are in.
    func append(_ changes: [PendingChange], of path: CollectionPath) async throws(CollectionStoreError) -> UInt64 {
        var pieces: [[UInt8]] = []
        for change in changes {
            for piece in JournalRecord.change(change, in: path.string).encodedPieces() {
                Self.append(piece, to: &pieces)
            }
        }
        let records = pieces
        let written: Written = await withCheckedContinuation { continuation in
            enqueue(records, Waiter(continuation: continuation, changes: changes.count))
        }
        return try written.get()
    }

    /// Small pieces become one, large ones are not copied.
    private static func append(_ piece: [UInt8], to pieces: inout [[UInt8]]) {
        if let last = pieces.indices.last, pieces[last].count + piece.count <= joinedSize {
            pieces[last].append(contentsOf: piece)
        } else {
            pieces.append(piece)
        }
    }

    /// In bytes.
    private static let joinedSize = 64 << 10

    private func enqueue(_ pieces: [[UInt8]], _ waiter: Waiter) {
        let mustStart = state.withLock { state in
            for piece in pieces { Self.append(piece, to: &state.buffer) }
            state.waiting.append(waiter)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if mustStart { DiskQueue.journal.start { self.writeAll() } }
    }

    /// Writes groups until nothing waits.
    private func writeAll() {
        while true {
            let group = state.withLock { state -> (pieces: [[UInt8]], waiters: [Waiter])? in
                guard !state.waiting.isEmpty else {
                    state.isWriting = false
                    return nil
                }
                defer { (state.buffer, state.waiting) = ([], []) }
                return (state.buffer, state.waiting)
            }
            guard let group else { return }
            let result = write(group.pieces, changes: group.waiters.reduce(0) { $0 + $1.changes })
            for waiter in group.waiters { waiter.continuation.resume(returning: result) }
        }
    }

    private func write(_ pieces: [[UInt8]], changes: Int) -> Written {
        if let failure = state.withLock({ $0.failure }) { return .failure(failure) }
        return current.withLock { current in
            do throws(GitError) {
                if current.size > Self.largestSegment { try rotate(&current) }
                try append(pieces, to: &current)
                try sync(current)
            } catch {
                return .failure(CollectionStoreError(error))
            }
            return .success(
                state.withLock { state in
                    let last = state.segments.count - 1
                    state.segments[last].outstanding += changes
                    return state.segments[last].number
                })
        }
    }

    private func append(_ pieces: [[UInt8]], to current: inout Current) throws(GitError) {
        do throws(GitError) {
            for piece in pieces { try current.file.append(piece) }
            current.size += pieces.reduce(0) { $0 + $1.count }
        } catch {
            // Half a record would hide those behind it.
            do throws(GitError) {
                try current.file.truncate(to: current.size)
            } catch {
                fail(error)
            }
            throw error
        }
    }

    private func sync(_ current: borrowing Current) throws(GitError) {
        do throws(GitError) {
            try current.file.sync()
        } catch {
            // What the disk has is not known any more; only reading it again, at the next start, can tell.
            fail(error)
            throw error
        }
    }

    private func fail(_ error: GitError) {
        state.withLock { $0.failure = CollectionStoreError(error) }
    }

    /// Writes a record that need not be durable. Blocking.
    func note(_ record: JournalRecord, durable: Bool = false) throws(CollectionStoreError) {
        let result: Result<Void, GitError> = current.withLock { current in
            do throws(GitError) {
                try append(record.encodedPieces(), to: &current)
                if durable { try sync(current) }
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try withGit { () throws(GitError) in try result.get() }
    }

    private func rotate(_ current: inout Current) throws(GitError) {
        let number = state.withLock { ($0.segments.last?.number ?? 0) + 1 }
        let file = try AppendedFile("\(directory)/\(Self.fileName(number))")
        try FileSystem.syncDirectory(directory)
        current = Current(file: file)
        state.withLock { $0.segments.append(Segment(number: number)) }
    }

    // MARK: Letting go

    /// git has these changes.
    func release(_ changes: some Sequence<PendingChange>) {
        state.withLock { state in
            for change in changes {
                guard let index = state.segments.firstIndex(where: { $0.number == change.segment }) else { continue }
                state.segments[index].outstanding -= 1
            }
        }
    }

    /// git has all that earlier processes had left.
    func recoveryIsComplete() {
        state.withLock { if $0.segments.count > 1 { $0.segments[0].outstanding = 0 } }
    }

    /// Removes what is not needed any more, at most once in a while unless `now`. Blocking.
    func maintain(now: Bool = false) throws(CollectionStoreError) {
        let time = FileTime.now.seconds
        let isDue = state.withLock { state in
            guard now || time - state.lastMaintenance >= Self.maintenanceInterval else { return false }
            state.lastMaintenance = time
            return true
        }
        guard isDue else { return }
        try withGit { () throws(GitError) in
            let result: Result<Void, GitError> = current.withLock { current in
                do throws(GitError) {
                    if current.size > 0 { try rotate(&current) }
                    return .success(())
                } catch {
                    return .failure(error)
                }
            }
            try result.get()
            let done = state.withLock { $0.segments.dropLast().prefix { $0.outstanding == 0 }.map(\.number) }
            guard !done.isEmpty else { return }
            // git's files have been written without waiting for each of them.
            try syncFileSystem()
            for number in done { try FileSystem.removeFile("\(directory)/\(Self.fileName(number))") }
            try FileSystem.syncDirectory(directory)
            state.withLock { $0.segments.removeFirst(done.count) }
        }
    }

    private func syncFileSystem() throws(GitError) {
        let descriptor = Glibc.open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        guard descriptor >= 0, cposix_sync_file_system(descriptor) == 0 else {
            throw GitError(.inputOutput, "Cannot sync the file system of \(root).")
        }
    }
}

extension JournalRecord {
    var sequence: UInt64 {
        switch self {
        case .change(let change, _): change.sequence
        case .committed(_, let sequence, _), .forgotten(_, let sequence): sequence
        }
    }
}
