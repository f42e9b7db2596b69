internal import GitTransport
internal import Logging
internal import ServiceLifecycle

/// What has to be done while the server runs, and nobody waits for: repositories are packed, forgotten locks are named.
struct Housekeeping: Service {
    let packing: RepositoryPacking
    let logger: Logger

    /// In seconds.
    private static let lookAfter = 60
    private static let packEvery = 1_800

    func run() async throws {
        var sincePacking = Self.packEvery - Self.lookAfter
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(Self.lookAfter)) }
            guard !Task.isShuttingDownGracefully, !Task.isCancelled else { return }
            do {
                try await packing.reportStaleLocks()
                sincePacking += Self.lookAfter
                guard sincePacking >= Self.packEvery else { continue }
                sincePacking = 0
                try await cancelWhenGracefulShutdown { try await packing.round() }
            } catch is CancellationError {
                return
            } catch {
                logger.error("Housekeeping failed: \(error)")
            }
        }
    }
}
