import Foundation

/// Runs a call that may wait for a disk for seconds, such as `fsync`, on a thread of its own. The threads of the tasks
/// are as few as the processors: one that waits would be missing for everything else, in a server for its clients.
func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
    }
}
