import Synchronization

/// All objects of a repository: loose, packed, and those of the repositories it borrows from.
package final class ObjectDatabase: Sendable {
    private let loose: LooseObjects
    private let packs = Mutex(Packs())

    private struct Packs {
        var byPath: [String: PackFile] = [:]
        var mostRecent: PackFile?
        var isLoaded = false
        var alternates: [ObjectDatabase] = []
        /// When the pack directory had changed last as of the last look; nil when that look may have come too early.
        var stamp: FileTime?
        /// Paths, without extension, of packs that others have all of.
        var superseded: Set<String> = []
    }

    /// Calendars and cards are small; this keeps a hostile or foreign repository from filling the memory.
    package static let maximumObjectSize = 256 << 20
    private static let maximumAlternateDepth = 5

    /// `directory` is `.git/objects`.
    package convenience init(directory: String) { self.init(directory: directory, depth: 0) }

    private let depth: Int

    private init(directory: String, depth: Int) {
        loose = LooseObjects(directory: directory)
        self.depth = depth
    }

    // MARK: Reading

    package func contains(_ id: ObjectID) throws(GitError) -> Bool {
        if openPacks(where: { $0.contains(id) ? true : nil }) != nil { return true }
        if try loose.contains(id) { return true }
        if try searchNewPacks({ pack throws(GitError) in pack.contains(id) ? true : nil }) != nil { return true }
        return try searchAlternates { database throws(GitError) in try database.contains(id) ? true : nil } != nil
    }

    /// Throws `.notFound` and `.corrupt`.
    package func read(_ id: ObjectID) throws(GitError) -> GitObject {
        guard let object = try find(id) else {
            throw GitError(.notFound, "There is no object \(id) in \(loose.directory).")
        }
        return object
    }

    /// The content of an object of that kind. Throws `.notFound`; `.corrupt` when it is of another kind.
    package func read(_ id: ObjectID, as kind: ObjectKind) throws(GitError) -> [UInt8] {
        let object = try read(id)
        guard object.kind == kind else {
            throw GitError(.corrupt, "The object \(id) is a \(object.kind.rawValue), not a \(kind.rawValue).")
        }
        return object.content
    }

    private func find(_ id: ObjectID) throws(GitError) -> GitObject? {
        let limit = Self.maximumObjectSize
        // The packs that are open are looked through in memory; for anything else a file has to be opened.
        var damage: GitError?
        if let pack = openPacks(where: { $0.contains(id) ? $0 : nil }) {
            do throws(GitError) {
                if let object = try pack.read(id, limit: limit) { return object }
            } catch {
                // It may be elsewhere too.
                damage = error
            }
        }
        if let object = try loose.read(id, limit: limit) { return object }
        if let object = try searchNewPacks({ pack throws(GitError) in try pack.read(id, limit: limit) }) {
            return object
        }
        if let object = try searchAlternates({ database throws(GitError) in try database.find(id) }) { return object }
        // `git gc` may have moved it into a pack between the first look and the second.
        if let object = try loose.read(id, limit: limit) { return object }
        if let damage { throw damage }
        return nil
    }

    /// The content of an object of that kind, if it is in a pack that is open and can be had without waiting for the disk;
    /// nil for everything else, which `read` finds.
    ///
    /// - Parameter passing: is given objects that had to be put together on the way to this one; often they are asked for
    ///   next.
    package func readAtOnce(
        _ id: ObjectID, as kind: ObjectKind, limit: Int, passing: ((GitObject) -> Void)? = nil
    ) -> [UInt8]? {
        guard let pack = openPacks(where: { $0.contains(id) ? $0 : nil }),
            let object = pack.readAtOnce(id, limit: limit, passing: passing), object.kind == kind
        else { return nil }
        return object.content
    }

    /// What `body` says of the first open pack of which it says something; the one that had the last object comes first.
    private func openPacks<T>(where body: (PackFile) -> T?) -> T? {
        let (known, recent) = packs.withLock { ($0.byPath, $0.mostRecent) }
        if let recent, let found = body(recent) { return found }
        for pack in known.values where pack !== recent {
            if let found = body(pack) {
                packs.withLock { $0.mostRecent = pack }
                return found
            }
        }
        return nil
    }

    /// Perhaps somebody has packed since the directory was read last.
    private func searchNewPacks<T>(_ body: (PackFile) throws(GitError) -> T?) throws(GitError) -> T? {
        let (known, isLoaded) = packs.withLock { ($0.byPath, $0.isLoaded) }
        let fresh = try rescan(except: isLoaded ? known : [:])
        for pack in fresh {
            if let found = try body(pack) {
                packs.withLock { $0.mostRecent = pack }
                return found
            }
        }
        return nil
    }

    /// Opens packs that are not open yet, forgets those that are gone.
    private func rescan(except known: [String: PackFile]) throws(GitError) -> [PackFile] {
        let directory = loose.directory + "/pack"
        let modified = try FileSystem.status(of: directory)?.modified
        if let modified, packs.withLock({ $0.stamp }) == modified { return [] }
        // File times move in steps of some milliseconds: a directory changed just now may change again unnoticed.
        let isSettled = modified.map { FileTime.now.seconds - $0.seconds > 1 } ?? false
        let superseded = packs.withLock { $0.superseded }
        var current: [String: PackFile] = [:]
        var fresh: [PackFile] = []
        let names: [String]
        do {
            names = try FileSystem.entries(of: directory)
        } catch  where error.code == .notFound {
            names = []
        }
        for name in names where name.hasSuffix(".idx") {
            let base = directory + "/" + name.dropLast(4)
            if superseded.contains(base) { continue }
            if let open = known[base] {
                current[base] = open
                continue
            }
            do {
                let pack = try PackFile(base)
                current[base] = pack
                fresh.append(pack)
            } catch  where error.code == .notFound {
                continue  // removed meanwhile
            }
        }
        let alternates = try readAlternates()
        packs.withLock {
            $0.byPath = current
            $0.isLoaded = true
            $0.stamp = isSettled ? modified : nil
            $0.alternates = alternates
            if let recent = $0.mostRecent, !current.values.contains(where: { $0 === recent }) { $0.mostRecent = nil }
        }
        return fresh
    }

    // MARK: Alternates

    private func readAlternates() throws(GitError) -> [ObjectDatabase] {
        guard depth < Self.maximumAlternateDepth,
            let bytes = try FileSystem.readIfPresent(loose.directory + "/info/alternates", limit: 1 << 20)
        else { return [] }
        let open = packs.withLock { $0.alternates }
        var alternates: [ObjectDatabase] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            guard line.first != UInt8(ascii: "#"), let path = String(validating: line, as: UTF8.self) else { continue }
            let directory = path.hasPrefix("/") ? path : loose.directory + "/" + path
            alternates.append(
                open.first { $0.loose.directory == directory } ?? ObjectDatabase(directory: directory, depth: depth + 1)
            )
        }
        return alternates
    }

    private func searchAlternates<T>(_ body: (ObjectDatabase) throws(GitError) -> T?) throws(GitError) -> T? {
        for alternate in packs.withLock({ $0.alternates }) {
            if let found = try body(alternate) { return found }
        }
        return nil
    }

    // MARK: Packs

    /// Where packs are: `.git/objects/pack`.
    package var packDirectory: String { loose.directory + "/pack" }

    /// Looks at the directory of packs again: to be called when packs have been added or removed.
    /// - Parameter superseded: packs, by their paths without extension, that need not be opened: others have all of theirs.
    package func packsHaveChanged(superseded: Set<String> = []) throws(GitError) {
        let known = packs.withLock { packs in
            packs.stamp = nil
            packs.superseded = superseded
            return packs.byPath
        }
        _ = try rescan(except: known)
    }

    // MARK: Writing

    /// Writes an object into a batch unless the repository has it. An object that exists is never written again: its
    /// content was verified when it was written, and a different one with the same id would be an attack on SHA-1.
    package func stage(_ object: GitObject, id: ObjectID, in batch: inout FileBatch) throws(GitError) {
        if try contains(id) { return }
        try loose.stage(object, id: id, in: &batch)
    }

    /// Writes one object durably.
    @discardableResult
    package func write(_ object: GitObject) throws(GitError) -> ObjectID {
        let id = ObjectID(hashing: object.content, as: object.kind)
        var batch = FileBatch()
        try stage(object, id: id, in: &batch)
        try batch.sync()
        try batch.publish()
        return id
    }
}
