import NIOCore

/// Runs tasks on the thread of an event loop. A request takes several steps between the task that waits for it and the
/// connection; on one thread they follow each other, where otherwise each would wake the other thread first.
final class EventLoopExecutor: TaskExecutor {
    let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
