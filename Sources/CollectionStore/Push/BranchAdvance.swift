import CPOSIX
import GitObjects
import Glibc

/// Takes the branch of a repository to a commit that is in it already: work tree and index first, then the branch.
///
/// The commit is noted in the lock of the branch before anything else is touched, so that what a killed process had begun
/// is completed by the next one.
struct BranchAdvance {
    private let repository: GitRepository

    /// From so many files on, the whole file system is waited for instead of each of them.
    private static let crowd = 16

    init(_ repository: GitRepository) { self.repository = repository }

    /// Throws `.locked` and `.conflict` when somebody else is at it; nothing has happened then.
    func run(from head: References.Head, to commit: ObjectID) throws(GitError) {
        var lock: LockFile?
        if repository.workTree != nil {
            lock = try LockFile.acquire(for: repository.indexPath, in: repository.gitDirectory)
        }
        var update = try repository.references.beginUpdate(from: head)
        try update.prepare(commit)
        if let workTree = repository.workTree {
            let index = try placeFiles(in: workTree, from: head.commit, to: commit)
            try lock?.write(index.encoded())
            try lock?.sync()
            try lock?.commit()
        }
        _ = try update.commit()
    }

    private func placeFiles(
        in workTree: String, from head: ObjectID?, to commit: ObjectID
    ) throws(GitError) -> GitIndex {
        let old = try files(of: head)
        let new = try files(of: commit)
        var index = CollectionState.readIndex(repository, try tree(of: head))
        let changed = Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }.sorted()
        for name in changed {
            let path = workTree + "/" + name
            guard let id = new[name] else {
                try FileSystem.removeFile(path)
                index.remove(named: name.utf8)
                continue
            }
            try FileSystem.makeDirectoryIfMissing(FileSystem.directory(of: path))
            let bytes = try repository.objects.read(id, as: .blob)
            if changed.count < Self.crowd {
                try FileSystem.replaceFile(path, with: bytes)
            } else {
                let temporary = "\(repository.gitDirectory)/\(NameRules.temporaryPrefix)file"
                _ = try FileSystem.placeFile(path, bytes, through: temporary, mode: 0o666)
            }
            if let status = try FileSystem.status(of: path) {
                index.set(IndexEntry(name: Array(name.utf8), id: id, status: status))
            }
        }
        if changed.count >= Self.crowd { try syncFileSystem(of: workTree) }
        return index
    }

    private func syncFileSystem(of directory: String) throws(GitError) {
        let descriptor = open(directory, O_RDONLY | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        guard descriptor >= 0, cposix_sync_file_system(descriptor) == 0 else {
            throw GitError(.inputOutput, "The files of \(directory) could not be brought to the disk.")
        }
    }

    private func tree(of commit: ObjectID?) throws(GitError) -> SpliceableTree {
        guard let commit else { return SpliceableTree() }
        return try repository.tree(repository.commit(commit).tree)
    }

    /// What the writer writes: files at the top, and those of the metadata directory.
    private func files(of commit: ObjectID?) throws(GitError) -> [String: ObjectID] {
        var files: [String: ObjectID] = [:]
        for entry in try tree(of: commit) {
            guard let name = String(validating: entry.name, as: UTF8.self) else { continue }
            if entry.mode.isRegularFile {
                files[name] = entry.id
            } else if entry.mode.isTree, name == CollectionMetadata.fileName {
                for inner in try repository.tree(entry.id) where inner.mode.isRegularFile {
                    files["\(name)/" + String(decoding: inner.name, as: UTF8.self)] = inner.id
                }
            }
        }
        return files
    }
}
