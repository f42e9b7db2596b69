import GitObjects
import Glibc

/// The one writer of a collection. Changes that arrive while others are being written wait, and are then written
/// together: each is a commit of its own, but they wait for the disk once.
///
/// There is no task that runs for ever: of those that wait, the first becomes the one that writes for all.
actor CollectionWriter {
    typealias Outcome = Result<CollectionChange.Outcome, CollectionStoreError>

    private enum Turn: Sendable {
        case finished(Outcome)
        case lead
    }

    private struct Waiter {
        let change: CollectionChange
        let continuation: CheckedContinuation<Turn, Never>
    }

    private var waiting: [Waiter] = []
    private var isWriting = false
    private let published: PublishedView
    private let transaction: CollectionTransaction

    /// Bounds the open files of a batch: four per change.
    private static let maximumBatch = 64

    init(_ published: PublishedView, identities: IdentitySource) {
        self.published = published
        transaction = CollectionTransaction(published: published, identities: identities)
    }

    /// Returns when the change is durable and published.
    func submit(_ change: CollectionChange) async throws(CollectionStoreError) -> CollectionChange.Outcome {
        if isWriting {
            let turn = await withCheckedContinuation { waiting.append(Waiter(change: change, continuation: $0)) }
            if case .finished(let outcome) = turn { return try outcome.get() }
        }
        isWriting = true
        let followers = Array(waiting.prefix(Self.maximumBatch - 1))
        waiting.removeFirst(followers.count)
        let changes = [change] + followers.map(\.change)
        let outcomes = await write(changes)
        for (follower, outcome) in zip(followers, outcomes.dropFirst()) {
            follower.continuation.resume(returning: .finished(outcome))
        }
        if waiting.isEmpty {
            isWriting = false
        } else {
            waiting.removeFirst().continuation.resume(returning: .lead)
        }
        guard let own = outcomes.first else {
            throw CollectionStoreError(.inputOutput, "The change has been lost in \(published.path).")
        }
        return try own.get()
    }

    private func write(_ changes: [CollectionChange]) async -> [Outcome] {
        let transaction = transaction
        do throws(CollectionStoreError) {
            return try await DiskQueue.shared.run { transaction.run(changes) }
        } catch {
            return changes.map { _ in .failure(error) }
        }
    }
}

/// Where the names for commits come from, apart from the repository's own configuration.
struct IdentitySource: Sendable {
    let environment: [String: String]
    let configs: [GitConfig]

    /// Of this process and its account.
    static func process() -> IdentitySource {
        let environment = GitIdentity.processEnvironment()
        return IdentitySource(
            environment: environment, configs: GitIdentity.userConfigs(environment: environment))
    }

    func identity(_ repository: GitRepository) -> CommitIdentity {
        let all = ((try? repository.config()).map { [$0] } ?? []) + configs
        return CommitIdentity(
            author: GitIdentity(role: "AUTHOR", configs: all, environment: environment),
            committer: GitIdentity(role: "COMMITTER", configs: all, environment: environment))
    }
}
