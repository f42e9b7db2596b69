import CPOSIX
import GitObjects
import Synchronization

/// Collections kept as git repositories below one directory, laid out as Xandikos lays them out.
package struct GitCollectionStorage: CollectionStorage {
    /// The data directory, without a trailing slash.
    package let root: String
    private let open: OpenCollections
    private let identities: IdentitySource
    /// nil: changes go to git at once.
    private let journal: Journal?
    let principalFiles = PrincipalFiles()

    /// `maximumOpen` bounds the collections kept in memory. Throws `.notFound` when there is no such directory.
    ///
    /// With `journaled`, changes are acknowledged when the journal of the data directory has them, and git gets them
    /// within a second; what a killed process had left in the journal is committed first. Only one process can have the
    /// journal: others, and those that do not ask for it, write to git at once.
    package init(root: String, maximumOpen: Int = 1024, journaled: Bool = false) throws(CollectionStoreError) {
        var root = root
        while root.utf8.count > 1, root.hasSuffix("/") { root.removeLast() }
        self.root = root
        open = OpenCollections(limit: maximumOpen)
        identities = .process()
        let path = root
        let status = try withGit { () throws(GitError) in try FileSystem.status(of: path) }
        guard let status, status.isDirectory else {
            throw CollectionStoreError(.notFound, "There is no directory \(root).")
        }
        guard journaled, let opened = try withGit({ () throws(GitError) in try Journal.open(path) }) else {
            journal = nil
            return
        }
        journal = opened.journal
        // A process that serves lives long; indexes and trees of large collections come and go in it.
        cposix_keep_memory_small(512 << 10)
        let recovery = JournalRecovery(root: root, journal: opened.journal, identities: identities)
        try recovery.run(opened.recovered)
    }

    // MARK: The journal

    /// Whether changes go through the journal.
    package var isJournaled: Bool { journal != nil }

    /// Returns when git has every change acknowledged so far.
    package func flush() async throws(CollectionStoreError) {
        for collection in open.all { try await collection.journaled?.flush() }
    }

    /// To be called at the end: git has everything, the journal is empty, indexes are saved.
    package func close() async throws(CollectionStoreError) {
        guard let journal else { return }
        try await flush()
        try await DiskQueue.shared.run { () throws(CollectionStoreError) in
            for collection in self.open.all.compactMap(\.journaled) {
                collection.saveIndex()
                collection.committer.close()
            }
            try journal.maintain(now: true)
        }
    }

    func directory(of path: CollectionPath) -> String { path.isRoot ? root : root + path.string }

    // MARK: Looking up

    package func node(at path: CollectionPath) async throws(CollectionStoreError) -> Node {
        // Most requests are for what is open already, and for members of that.
        if let view = try open[path]?.view() { return .collection(view) }
        if let parent = path.parent, let view = try open[parent]?.view(),
            let member = try Self.member(path.name, of: view)
        {
            return .member(member, in: view)
        }
        open.forget(path)
        return try await DiskQueue.shared.run { () throws(CollectionStoreError) in try self.nodeOnDisk(at: path) }
    }

    package func memberAtOnce(at path: CollectionPath) -> MemberInMemory? {
        guard open[path] == nil, let parent = path.parent, let view = (try? open[parent]?.viewAtOnce()) ?? nil,
            let name = try? MemberName(path.name), let member = (try? view.memberNow(named: name)) ?? nil,
            let content = view.contentAtOnce(of: member)
        else { return nil }
        return MemberInMemory(member: member, collectionType: view.type, content: content)
    }

    private func nodeOnDisk(at path: CollectionPath) throws(CollectionStoreError) -> Node {
        if let collection = try openCollection(at: path), let view = try collection.view() { return .collection(view) }
        if let directory = try plainDirectory(at: path) { return .directory(directory) }
        if let parent = path.parent, let view = try openCollection(at: parent)?.view(),
            let member = try Self.member(path.name, of: view)
        {
            return .member(member, in: view)
        }
        return .missing
    }

    private static func member(_ name: String, of view: any LocalCollectionView) throws(CollectionStoreError) -> Member?
    {
        guard let name = try? MemberName(name) else { return nil }
        return try view.memberNow(named: name)
    }

    /// nil when there is no repository at the path. Blocking.
    func openCollection(at path: CollectionPath) throws(CollectionStoreError) -> GitCollection? {
        if let known = open[path] {
            if try known.view() != nil { return known }
            open.forget(path)
        }
        guard try !isInsideBareRepository(path) else { return nil }
        let directory = directory(of: path)
        guard let repository = try withGit({ () throws(GitError) in try GitRepository.open(directory) }) else {
            return nil
        }
        return open.add(
            try GitCollection(path: path, repository: repository, identities: identities, journal: journal))
    }

    /// The directories of a bare repository are git's, not collections.
    private func isInsideBareRepository(_ path: CollectionPath) throws(CollectionStoreError) -> Bool {
        var ancestor = path.parent
        while let current = ancestor {
            if let known = open[current] {
                if known.isBare { return true }
            } else {
                let directory = directory(of: current)
                let repository = try withGit { () throws(GitError) in try GitRepository.open(directory) }
                if let repository, repository.workTree == nil { return true }
            }
            ancestor = current.parent
        }
        return false
    }

    func plainDirectory(at path: CollectionPath) throws(CollectionStoreError) -> DirectoryView? {
        let directory = directory(of: path)
        let status = try withGit { () throws(GitError) in try FileSystem.status(of: directory) }
        guard let status, status.isDirectory, try !isInsideBareRepository(path) else { return nil }
        return DirectoryView(
            path: path, settings: try principalFiles.read(directory), lastModified: status.modified.seconds)
    }

    package func children(of path: CollectionPath) async throws(CollectionStoreError) -> [String] {
        try await DiskQueue.shared.run { () throws(CollectionStoreError) in
            if let collection = try self.openCollection(at: path) {
                if collection.isBare { return [] }
            } else if try self.plainDirectory(at: path) == nil {
                throw CollectionStoreError(.notFound, "There is no collection \(path).")
            }
            let directory = self.directory(of: path)
            return try withGit { () throws(GitError) in
                try FileSystem.subdirectories(of: directory).filter { name in
                    !name.hasPrefix(".") && (try? MemberName(name)) != nil
                }
            }
        }
    }

    // MARK: Changing members and properties

    package func put(
        _ bytes: [UInt8], as name: MemberName, in collection: CollectionPath, if condition: WriteCondition,
        by author: ChangeAuthor
    ) async throws(CollectionStoreError) -> PutOutcome {
        let id = ObjectID(hashing: bytes, as: .blob)
        let member = CollectionChange.PreparedMember(name: name, bytes: bytes, id: id)
        let outcome = try await submit(CollectionChange(kind: .put(member, if: condition), author: author), collection)
        guard case .put(let put) = outcome else {
            throw CollectionStoreError(.inputOutput, "The writer of \(collection) gave no answer.")
        }
        return put
    }

    package func delete(
        _ name: MemberName, in collection: CollectionPath, if condition: WriteCondition, by author: ChangeAuthor
    ) async throws(CollectionStoreError) {
        _ = try await submit(CollectionChange(kind: .delete(name, if: condition), author: author), collection)
    }

    @discardableResult
    package func rename(
        _ name: MemberName, to new: MemberName, in collection: CollectionPath, if condition: WriteCondition,
        replacing: WriteCondition, by author: ChangeAuthor
    ) async throws(CollectionStoreError) -> PutOutcome {
        let change = CollectionChange(
            kind: .rename(name, to: new, if: condition, replacing: replacing), author: author)
        guard case .put(let outcome) = try await submit(change, collection) else {
            throw CollectionStoreError(.inputOutput, "The writer of \(collection) gave no answer.")
        }
        return outcome
    }

    package func updateProperties(
        at path: CollectionPath, by author: ChangeAuthor,
        _ change: @escaping @Sendable (inout CollectionProperties) throws(CollectionStoreError) -> Void
    ) async throws(CollectionStoreError) {
        _ = try await submit(CollectionChange(kind: .properties(change), author: author), path)
    }

    func submit(
        _ change: CollectionChange, _ path: CollectionPath
    ) async throws(CollectionStoreError) -> CollectionChange.Outcome {
        let collection: GitCollection?
        if let known = open[path], try known.view() != nil {
            collection = known
        } else {
            collection = try await DiskQueue.shared.run { () throws(CollectionStoreError) in
                try self.openCollection(at: path)
            }
        }
        guard let collection else { throw CollectionStoreError(.notFound, "There is no collection \(path).") }
        return try await collection.submit(change)
    }

    // MARK: Creating and removing collections

    @discardableResult
    package func createCollection(
        at path: CollectionPath, type: CollectionType, properties: CollectionProperties, by author: ChangeAuthor
    ) async throws(CollectionStoreError) -> any CollectionView {
        try await DiskQueue.shared.run { () throws(CollectionStoreError) in
            let change = CollectionChange(kind: .initialize(type, properties), author: author)
            return try self.create(path, change)
        }
    }

    /// Makes the repository under a temporary name and gives it its own when it is complete. Blocking.
    @discardableResult
    func create(
        _ path: CollectionPath, _ first: CollectionChange?
    ) throws(CollectionStoreError) -> any LocalCollectionView {
        try checkPlace(of: path)
        let target = directory(of: path)
        let parent = FileSystem.directory(of: target)
        let temporary = "\(parent)/\(NameRules.temporaryPrefix)new-\(UInt64.random(in: 0...UInt64.max))"
        try withGit { () throws(GitError) in try FileSystem.makeDirectory(temporary) }
        do {
            let repository = try withGit { () throws(GitError) in try GitRepository.create(in: temporary) }
            if let first {
                let published = try PublishedView(path: path, repository: repository)
                for outcome in CollectionTransaction(published: published, identities: identities).run([first]) {
                    _ = try outcome.get()
                }
            }
            try moveIntoPlace(temporary, target)
        } catch {
            try? FileSystem.removeTree(temporary)
            throw error
        }
        guard let view = try openCollection(at: path)?.view() else {
            throw CollectionStoreError(.inputOutput, "\(path) has vanished while it was created.")
        }
        return view
    }

    private func moveIntoPlace(_ temporary: String, _ target: String) throws(CollectionStoreError) {
        do throws(GitError) {
            // Creating the directory says "only if there is none"; renaming over an empty one is allowed.
            try FileSystem.makeDirectory(target)
            try FileSystem.rename(temporary, to: target)
            try FileSystem.syncDirectory(FileSystem.directory(of: target))
        } catch {
            guard error.code == .alreadyExists else { throw CollectionStoreError(error) }
            throw CollectionStoreError(.alreadyExists, "\(target) exists already.")
        }
    }

    private func checkPlace(of path: CollectionPath) throws(CollectionStoreError) {
        guard let parent = path.parent else {
            throw CollectionStoreError(.alreadyExists, "The root exists already.")
        }
        switch try nodeOnDisk(at: path) {
        case .missing: break
        default: throw CollectionStoreError(.alreadyExists, "\(path) exists already.")
        }
        switch try nodeOnDisk(at: parent) {
        case .directory: break
        case .collection where try openCollection(at: parent)?.isBare == false: break
        default: throw CollectionStoreError(.parentMissing, "There is no collection \(parent) to create \(path) in.")
        }
        // The file of a member that was deleted a moment ago may still lie in the work tree, where the name is wanted.
        try openCollection(at: parent)?.journaled?.flushNow()
    }

    package func createDirectory(at path: CollectionPath) async throws(CollectionStoreError) {
        try await DiskQueue.shared.run { () throws(CollectionStoreError) in try self.makePlainDirectory(path) }
    }

    func makePlainDirectory(_ path: CollectionPath) throws(CollectionStoreError) {
        try checkPlace(of: path)
        let directory = directory(of: path)
        try withGit { () throws(GitError) in
            try FileSystem.makeDirectory(directory)
            try FileSystem.syncDirectory(FileSystem.directory(of: directory))
        }
    }

    /// Before the directory of a collection goes away or gets another name: nothing of it and of what is below it is in
    /// the journal any more, and nobody has it open. Blocking.
    func release(_ path: CollectionPath) throws(CollectionStoreError) {
        if let journal {
            for collection in open.all where collection.path.isWithin(path) { try collection.journaled?.close() }
            try journal.note(.forgotten(path.string, upTo: journal.reserve(1)), durable: true)
        }
        open.forget(within: path)
    }

    package func deleteCollection(
        at path: CollectionPath, by author: ChangeAuthor
    ) async throws(CollectionStoreError) {
        try await DiskQueue.shared.run { () throws(CollectionStoreError) in
            let target = self.directory(of: path)
            guard !path.isRoot else { throw CollectionStoreError(.invalidName, "The root cannot be removed.") }
            switch try self.nodeOnDisk(at: path) {
            case .directory, .collection: break
            default: throw CollectionStoreError(.notFound, "There is no collection \(path).")
            }
            try self.release(path)
            // Gone at once for everybody; emptying it can take its time.
            let parent = FileSystem.directory(of: target)
            let trash = "\(parent)/\(NameRules.temporaryPrefix)deleted-\(UInt64.random(in: 0...UInt64.max))"
            try withGit { () throws(GitError) in
                try FileSystem.rename(target, to: trash)
                try FileSystem.syncDirectory(parent)
                try FileSystem.removeTree(trash)
            }
        }
    }

    package func moveCollection(
        from path: CollectionPath, to target: CollectionPath, by author: ChangeAuthor
    ) async throws(CollectionStoreError) {
        try await DiskQueue.shared.run { () throws(CollectionStoreError) in
            guard !path.isRoot, !target.isWithin(path) else {
                throw CollectionStoreError(.invalidName, "\(path) cannot be moved to \(target), which is inside it.")
            }
            switch try self.nodeOnDisk(at: path) {
            case .directory, .collection: break
            default: throw CollectionStoreError(.notFound, "There is no collection \(path).")
            }
            try self.checkPlace(of: target)
            try self.release(path)
            let (from, to) = (self.directory(of: path), self.directory(of: target))
            try withGit { () throws(GitError) in
                try FileSystem.rename(from, to: to)
                try FileSystem.syncDirectory(FileSystem.directory(of: to))
                try FileSystem.syncDirectory(FileSystem.directory(of: from))
            }
        }
    }
}
