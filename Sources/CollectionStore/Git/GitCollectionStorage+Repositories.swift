package import GitObjects

extension GitCollectionStorage {
    /// Every repository below the data directory, whether anybody has asked for it or not.
    package func repositories() async throws(CollectionStoreError) -> [StoredRepository] {
        try await DiskQueue.shared.run { () throws(CollectionStoreError) in
            var found: [StoredRepository] = []
            try withGit { () throws(GitError) in try Self.collect(root, depth: 0, into: &found) }
            return found
        }
    }

    private static func collect(
        _ directory: String, depth: Int, into found: inout [StoredRepository]
    ) throws(GitError) {
        guard depth <= CollectionPath.maximumDepth else { return }
        // One that cannot be read is somebody else's affair: what asks for it says so.
        if let repository = (try? GitRepository.open(directory)) ?? nil {
            let head = try? repository.references.head()
            found.append(
                StoredRepository(
                    gitDirectory: repository.gitDirectory, head: head?.commit,
                    branch: head?.reference ?? "HEAD",
                    growingPack: GrowingPack.current(in: repository.gitDirectory)))
            if repository.workTree == nil { return }
        }
        for name in try FileSystem.subdirectories(of: directory) where !name.hasPrefix(".") {
            try collect("\(directory)/\(name)", depth: depth + 1, into: &found)
        }
    }
}

/// A repository as housekeeping finds it.
package struct StoredRepository: Sendable {
    /// `.git`, or the directory of a bare repository.
    package let gitDirectory: String
    package let head: ObjectID?
    package let branch: String
    /// The pack that the next changes go into, without extension.
    package let growingPack: String?
}
