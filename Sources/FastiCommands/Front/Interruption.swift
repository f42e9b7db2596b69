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
        let received = Mutex<Int32?>(nil)
        // Not a child task: it has to be cancelled from outside of all tasks, and is always awaited here.
        let work = Task { try await body() }
        let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            SystemFacts.ignore(signal: number)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                let isFirst = received.withLock { earlier in
                    defer { earlier = earlier ?? number }
                    return earlier == nil
                }
                if isFirst { work.cancel() } else { _exit(128 + number) }
            }
            source.resume()
            return source
        }
        defer { for source in sources { source.cancel() } }
        do {
            return try await work.value
        } catch {
            // Whatever error the cancellation has led to on its way.
            if let signal = received.withLock({ $0 }) { throw Interruption(signal: signal) }
            throw error
        }
    }
}
