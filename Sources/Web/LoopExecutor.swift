import NIOCore

/// Runs a connection's tasks on the connection's own event loop: a request then costs no hop to another thread and back.
///
/// Nothing of the site's blocks there: what reads or writes the database has threads of its own.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        loop.execute { job.runSynchronously(on: executor) }
    }
}
