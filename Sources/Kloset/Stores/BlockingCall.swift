import Dispatch

/// Runs a call that may wait for a disk for seconds, such as `fsync`, on a thread that is there for it. The threads of the
/// tasks are as few as the processors: one that waits would be missing for everything else, in a server for its clients.
///
/// The threads of this quality of service are not those of the tasks, and are used again.
func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global(qos: .utility).async { continuation.resume(with: Swift.Result { try body() }) }
    }
}
