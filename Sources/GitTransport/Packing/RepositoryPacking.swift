package import CollectionStore
import GitObjects
import Glibc
package import Logging
import NIOPosix

/// Keeps the repositories of a data directory small: objects in files of their own and small packs become one pack with
/// differences, and what that pack has is removed when nobody can need the old files any more.
package actor RepositoryPacking {
    private let storage: GitCollectionStorage
    private let executable: GitExecutable?
    private let logger: Logger
    private let grace: Int64
    /// Repositories that need nothing as long as their branch stays where it is.
    private var settled: [String: ObjectID?] = [:]
    private var reported: Set<StaleLock> = []
    private var hasSaidThatGitIsMissing = false

    /// From so many on it is worth it.
    private static let unpackedLimit = 300
    private static let packLimit = 8
    /// Of differences from differences. A whole tree for each of git's usual fifty would be most of what a change costs.
    private static let depth = 200

    /// - Parameter grace: how long old files stay beside the pack that has what they have, in seconds. Longer than any
    ///   reader takes: programs that serve git are ended after ten minutes.
    package init(
        _ storage: GitCollectionStorage, executable: GitExecutable?, grace: Int64 = 900, logger: Logger
    ) {
        self.storage = storage
        self.executable = executable
        self.grace = grace
        self.logger = logger
    }

    /// Looks at all repositories once, and does what is due.
    package func round() async throws {
        for repository in try await storage.repositories() {
            try Task.checkCancellation()
            if let known = settled[repository.gitDirectory], known == repository.head { continue }
            do {
                if try await tidy(repository) { settled[repository.gitDirectory] = .some(repository.head) }
            } catch {
                guard error is GitError || error is GitTransportError else { throw error }
                logger.error("\(repository.gitDirectory) cannot be packed: \(error)")
            }
        }
    }

    /// - Returns: whether nothing is left to do.
    private func tidy(_ repository: StoredRepository) async throws -> Bool {
        let housekeeping = ObjectHousekeeping(directory: repository.gitDirectory + "/objects")
        let growing = Set([repository.growingPack].compactMap { $0 })
        let before = Int64(time(nil)) - grace
        let condition = try await NIOThreadPool.singleton.runIfActive {
            try housekeeping.removeRedundant(before: before, without: growing)
            return try housekeeping.condition(without: growing)
        }
        guard condition.unpackedCount > Self.unpackedLimit || condition.packCount > Self.packLimit else {
            return condition.redundantCount == 0
        }
        guard let executable else {
            if !hasSaidThatGitIsMissing {
                hasSaidThatGitIsMissing = true
                logger.warning("Histories are not packed and take more room: install git to have them packed.")
            }
            return true
        }
        try await pack(repository, executable)
        return false
    }

    /// Writes one pack of all that is loose and of the small packs. Nothing is removed.
    private func pack(_ repository: StoredRepository, _ executable: GitExecutable) async throws {
        let keep = repository.growingPack.map { ["--keep-pack=\($0).pack"] } ?? []
        let process = GitProcess(
            executable: executable,
            arguments: [
                "-c", "repack.writeBitmaps=false", "-c", "repack.updateServerInfo=false", "repack", "-q", "-l",
                "--geometric=2", "--depth=\(Self.depth)",
            ] + keep,
            environment: ["GIT_DIR=\(repository.gitDirectory)"],
            limits: GitProcess.Limits(seconds: 3_600, cpuSeconds: 3_600))
        let outcome = try await process.run { _ in }
        guard outcome.status == 0 else {
            throw GitTransportError("git repack ended with \(outcome.status): \(outcome.complaint)")
        }
    }

    // MARK: Locks

    private struct StaleLock: Hashable {
        var path: String
        var modified: Int64
    }

    /// Git leaves its locks behind when it is killed, and nothing can be committed until a person removes them. Each is
    /// logged once.
    package func reportStaleLocks(olderThan seconds: Int64 = 60) async throws {
        for repository in try await storage.repositories() {
            for name in ["index", "HEAD", repository.branch, "config", "packed-refs"] {
                let path = "\(repository.gitDirectory)/\(name).lock"
                guard let status = try? FileSystem.status(of: path) else { continue }
                let age = Int64(time(nil)) - status.modified.seconds
                guard age > seconds, reported.insert(StaleLock(path: path, modified: status.modified.seconds)).inserted
                else { continue }
                logger.warning(
                    """
                    \(path) has been there for \(age) seconds: a git program that was killed leaves it behind, and \
                    changes wait in the journal meanwhile. When no git program is at work there, remove it: rm '\(path)'
                    """)
            }
        }
    }
}
