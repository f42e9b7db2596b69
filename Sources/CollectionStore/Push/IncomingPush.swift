package import GitObjects

/// Objects that somebody pushes to a collection, beside its repository until they have been looked at. What was not taken
/// over when the value is released is removed.
package final class IncomingPush: Sendable {
    package let path: CollectionPath
    /// `.git`, or the directory of a bare repository.
    package let gitDirectory: String
    /// The branch that is served, and where it was when the push began.
    package let base: References.Head
    /// Where the pack belongs. Its alternates name the repository.
    package let objectsDirectory: String
    /// The repository with what was pushed.
    let repository: GitRepository
    private let target: ObjectDatabase

    /// git's own name for such directories: `git gc` removes those that a crash left behind.
    static let prefix = "tmp_objdir-incoming-fasti-"

    init(path: CollectionPath, _ repository: GitRepository, base: References.Head) throws(GitError) {
        self.path = path
        self.base = base
        gitDirectory = repository.gitDirectory
        target = repository.objects
        let objects = repository.gitDirectory + "/objects"
        objectsDirectory = "\(objects)/\(Self.prefix)\(UInt64.random(in: 0...UInt64.max))"
        self.repository = repository.reading(objects: objectsDirectory)
        try FileSystem.makeDirectory(objectsDirectory)
        try FileSystem.makeDirectory(objectsDirectory + "/pack")
        try FileSystem.makeDirectory(objectsDirectory + "/info")
        try FileSystem.replaceFile(objectsDirectory + "/info/alternates", with: Array((objects + "\n").utf8))
    }

    deinit { try? FileSystem.removeTree(objectsDirectory) }

    /// Puts the packs where the repository has its own. git finds a pack by its index, which comes last.
    func moveObjects() throws(GitError) {
        let source = objectsDirectory + "/pack"
        let names = try FileSystem.entries(of: source)
        try FileSystem.makeDirectoryIfMissing(target.packDirectory)
        for suffix in [".pack", ".rev", ".idx"] {
            for name in names where name.hasPrefix("pack-") && name.hasSuffix(suffix) {
                try FileSystem.rename("\(source)/\(name)", to: "\(target.packDirectory)/\(name)")
            }
        }
        try FileSystem.syncDirectory(target.packDirectory)
        try target.packsHaveChanged()
    }
}
