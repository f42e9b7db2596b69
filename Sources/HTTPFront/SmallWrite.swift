import DAVService
import NIOCore
import NIOHTTP1

/// A PUT of a small object, collected below the framework: whoever brings thousands of them sends one after the other, and
/// the way through the framework would cost as much as the change itself.
final class SmallWrite {
    let start = ContinuousClock.now
    private(set) var request: DAVRequest
    private let head: HTTPRequestHead
    private var held: BodyBudget.Reservation

    /// In bytes. What is longer takes longer to check than a connection's thread should be kept from the others.
    static let largestBody = 64 << 10

    init(_ head: HTTPRequestHead, _ request: DAVRequest, size: Int, budget: BodyBudget) {
        self.head = head
        self.request = request
        held = budget.reservation()
        self.request.body.reserveCapacity(size)
    }

    /// Whether there was room for it.
    func take(_ part: ByteBuffer) -> Bool {
        guard held.take(part.readableBytes) else { return false }
        request.body.append(contentsOf: part.readableBytesView)
        return true
    }

    /// What has been collected, as it came, for somebody else to begin with.
    var parts: [HTTPServerRequestPart] {
        request.body.isEmpty ? [.head(head)] : [.head(head), .body(ByteBuffer(bytes: request.body))]
    }
}

/// Runs tasks on the thread of a connection, so that a request that is small from beginning to end wakes no other thread.
final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
