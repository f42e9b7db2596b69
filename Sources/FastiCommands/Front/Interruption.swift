internal import Dispatch
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Thrown when a signal ended a command.
struct Interruption: Error {
    let signal: Int32

    /// Runs a command that SIGINT (Ctrl-C), SIGTERM and SIGHUP cancel: it winds down, removes its locks and leaves a
    /// clean store. A second signal ends the program at once, which the store survives as well.
    static func run(_ body: @escaping @Sendable () async throws -> ExitStatus) async throws -> ExitStatus {
        let state = Mutex(State())
        var sources: [any DispatchSourceSignal] = []
        // All signals are listened for before the work begins: one that came in between would be lost.
        for number in [SIGINT, SIGTERM, SIGHUP] {
            SystemFacts.ignore(signal: number)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                let (isFirst, work) = state.withLock { state in
                    defer { state.signal = state.signal ?? number }
                    return (state.signal == nil, state.work)
                }
                if isFirst { work?.cancel() } else { _exit(128 + number) }
            }
            await withCheckedContinuation { continuation in
                source.setRegistrationHandler { continuation.resume() }
                source.resume()
            }
            sources.append(source)
        }
        defer { for source in sources { source.cancel() } }
        // Not a child task: it has to be cancelled from outside of all tasks, and is always awaited here.
        let work = Task { try await body() }
        let cameEarly = state.withLock { state in
            state.work = work
            return state.signal != nil
        }
        if cameEarly { work.cancel() }
        do {
            return try await work.value
        } catch {
            // Whatever error the cancellation has led to on its way.
            if let signal = state.withLock({ $0.signal }) { throw Interruption(signal: signal) }
            throw error
        }
    }

    private struct State: Sendable {
        var signal: Int32?
        var work: Task<ExitStatus, any Error>?
    }
}
