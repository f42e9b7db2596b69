import GitObjects

/// The one writer of a collection. Changes that arrive while others are being written wait, and are then written
/// together: they wait for the disk once.
///
/// There is no task that runs for ever: of those that wait, the first becomes the one that writes for all.
actor CollectionWriter<Change: Sendable> {
    typealias Outcome = Result<CollectionChange.Outcome, CollectionStoreError>

    private enum Turn: Sendable {
        case finished(Outcome)
        case lead
    }

    private struct Waiter {
        let change: Change
        let continuation: CheckedContinuation<Turn, Never>
    }

    private var waiting: [Waiter] = []
    private var isWriting = false
    private let maximumBatch: Int
    private let write: @Sendable ([Change]) async -> [Outcome]

    /// `write` gives one outcome per change, in their order; it is never called twice at the same time.
    init(maximumBatch: Int, write: @escaping @Sendable ([Change]) async -> [Outcome]) {
        self.maximumBatch = maximumBatch
        self.write = write
    }

    /// Returns when the change is durable and published.
    func submit(_ change: Change) async throws(CollectionStoreError) -> CollectionChange.Outcome {
        if isWriting {
            let turn = await withCheckedContinuation { waiting.append(Waiter(change: change, continuation: $0)) }
            if case .finished(let outcome) = turn { return try outcome.get() }
        }
        isWriting = true
        let followers = Array(waiting.prefix(maximumBatch - 1))
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
            throw CollectionStoreError(.inputOutput, "The change has been lost.")
        }
        return try own.get()
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
