import Dispatch
import Glibc
import Synchronization

/// Runs blocking file operations on a bounded number of threads, away from the threads that run asynchronous code.
final class DiskQueue: Sendable {
    private struct State {
        var running = 0
        var waiting: [@Sendable () -> Void] = []
        var next = 0
    }

    private let state = Mutex(State())
    private let queue: DispatchQueue
    private let width: Int

    /// Enough to keep a disk busy, few enough not to starve the machine.
    static let shared = DiskQueue(width: 8)

    /// The journal's own thread: nothing may keep it from the disk.
    static let journal = DiskQueue(width: 1)
    /// What goes on behind the answers: commits, packs, indexes.
    static let background = DiskQueue(width: 2)

    init(width: Int) {
        self.width = width
        queue = DispatchQueue(label: "fasti.disk", attributes: .concurrent)
    }

    /// Runs `body` some time later, without anybody waiting for it.
    func start(afterMilliseconds delay: Int = 0, _ body: @escaping @Sendable () -> Void) {
        guard delay > 0 else { return enqueue(body) }
        queue.asyncAfter(deadline: .now() + .milliseconds(delay)) { self.enqueue(body) }
    }

    /// Lets this thread wait; it must be one of a disk queue.
    static func pause(milliseconds: UInt32) { usleep(milliseconds * 1_000) }

    func run<T: Sendable>(
        _ body: @escaping @Sendable () throws(CollectionStoreError) -> T
    ) async throws(CollectionStoreError) -> T {
        let result: Result<T, CollectionStoreError> = await withCheckedContinuation { continuation in
            enqueue {
                do throws(CollectionStoreError) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    private func enqueue(_ work: @escaping @Sendable () -> Void) {
        let mayStart = state.withLock { state in
            guard state.running == width else {
                state.running += 1
                return true
            }
            state.waiting.append(work)
            return false
        }
        if mayStart { queue.async { self.runAndContinue(work) } }
    }

    private func runAndContinue(_ first: @Sendable () -> Void) {
        first()
        while let work = nextWaiting() { work() }
    }

    private func nextWaiting() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard state.next < state.waiting.count else {
                state.running -= 1
                state.waiting.removeAll(keepingCapacity: true)
                state.next = 0
                return nil
            }
            defer { state.next += 1 }
            return state.waiting[state.next]
        }
    }
}
