/// A git repository: its objects, references and, where it has one, its work tree.
package struct GitRepository: Sendable {
    /// `.git`, or the directory itself of a bare repository.
    package let gitDirectory: String
    /// nil for a bare repository.
    package let workTree: String?
    package let objects: ObjectDatabase
    package let references: References

    private init(gitDirectory: String, workTree: String?, objects directory: String? = nil) {
        self.gitDirectory = gitDirectory
        self.workTree = workTree
        objects = ObjectDatabase(directory: directory ?? gitDirectory + "/objects")
        references = References(directory: gitDirectory)
    }

    private static let configLimit = 4 << 20

    /// nil when the directory is not a repository. Throws `.unsupported` for one in a format that is not read here.
    package static func open(_ directory: String) throws(GitError) -> GitRepository? {
        let inner = directory + "/.git"
        let repository: GitRepository
        if let status = try FileSystem.status(of: inner), status.isDirectory {
            repository = GitRepository(gitDirectory: inner, workTree: directory)
        } else if try isGitDirectory(directory) {
            repository = GitRepository(gitDirectory: directory, workTree: nil)
        } else {
            return nil
        }
        guard try isGitDirectory(repository.gitDirectory) else { return nil }
        try repository.checkFormat()
        return repository
    }

    /// The same repository with objects of another directory, which borrows from this one what it does not have.
    package func reading(objects directory: String) -> GitRepository {
        GitRepository(gitDirectory: gitDirectory, workTree: workTree, objects: directory)
    }

    private static func isGitDirectory(_ directory: String) throws(GitError) -> Bool {
        for name in ["objects", "refs"] {
            guard let status = try FileSystem.status(of: directory + "/" + name), status.isDirectory else {
                return false
            }
        }
        return try FileSystem.status(of: directory + "/HEAD") != nil
    }

    private func checkFormat() throws(GitError) {
        let config = try config()
        let version = config["core", "repositoryformatversion"] ?? "0"
        guard version == "0" || version == "1" else {
            throw GitError(.unsupported, "\(gitDirectory) has repository format \(version).")
        }
        if let format = config["extensions", "objectformat"], format.lowercased() != "sha1" {
            throw GitError(.unsupported, "\(gitDirectory) names its objects by \(format), only SHA-1 is read.")
        }
        if let storage = config["extensions", "refstorage"], storage.lowercased() != "files" {
            throw GitError(.unsupported, "\(gitDirectory) keeps its references in \(storage), only files are read.")
        }
    }

    // MARK: Configuration

    package func config() throws(GitError) -> GitConfig {
        let bytes = try FileSystem.readIfPresent(gitDirectory + "/config", limit: Self.configLimit)
        return GitConfig(parsing: bytes ?? [])
    }

    /// Changes the repository's configuration file under its lock.
    package func updateConfig(_ change: (inout GitConfig) -> Void) throws(GitError) {
        var lock = try LockFile.acquire(for: gitDirectory + "/config", in: gitDirectory)
        var config = try config()
        change(&config)
        try lock.write(config.encoded())
        try lock.sync()
        try lock.commit()
        try FileSystem.syncDirectory(gitDirectory)
    }

    // MARK: Creation

    /// Makes the directory a repository with a work tree, as `git init` and Xandikos do: a stock configuration, HEAD on
    /// `refs/heads/master`, no hooks. The directory must exist. Throws `.alreadyExists`.
    package static func create(in directory: String) throws(GitError) -> GitRepository {
        let inner = directory + "/.git"
        try FileSystem.makeDirectory(inner)
        for name in [
            "branches", "hooks", "info", "objects", "objects/info", "objects/pack", "refs", "refs/heads", "refs/tags",
        ] {
            try FileSystem.makeDirectory(inner + "/" + name)
        }
        for (name, text) in [
            ("HEAD", "ref: refs/heads/master\n"),
            ("config", stockConfiguration),
            ("description", "Unnamed repository"),
            ("info/exclude", ""),
        ] {
            try FileSystem.replaceFile(inner + "/" + name, with: Array(text.utf8))
        }
        return GitRepository(gitDirectory: inner, workTree: directory)
    }

    private static let stockConfiguration = """
        [core]
        \trepositoryformatversion = 0
        \tfilemode = true
        \tbare = false
        \tlogallrefupdates = true

        """

    // MARK: Index

    package var indexPath: String { gitDirectory + "/index" }

    /// nil when there is none yet.
    package func readIndex() throws(GitError) -> GitIndex? {
        guard let bytes = try FileSystem.readIfPresent(indexPath, limit: 1 << 30) else { return nil }
        return try GitIndex(parsing: bytes)
    }

    // MARK: Trees

    /// Any tree object. Throws `.notFound` and `.corrupt`.
    package func tree(_ id: ObjectID) throws(GitError) -> SpliceableTree {
        // The empty tree is known to git without being stored.
        if id == Self.emptyTree { return SpliceableTree() }
        return try SpliceableTree(parsing: objects.read(id, as: .tree))
    }

    package func commit(_ id: ObjectID) throws(GitError) -> Commit {
        try Commit(parsing: objects.read(id, as: .commit))
    }

    package static let emptyTree = ObjectID(hashing: [], as: .tree)
}
