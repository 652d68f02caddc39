import NIOPosix

/// A fixed number of threads for work that blocks (SQLite, OpenSSL, files), so that it never holds up Swift's own pool of threads.
package final class WorkPool: Sendable {
    private let threads: NIOThreadPool

    /// Starts the threads.
    package init(threads count: Int) {
        threads = NIOThreadPool(numberOfThreads: count)
        threads.start()
    }

    /// Runs `body` on one of the threads. Work that has not begun when the caller is cancelled throws `CancellationError`.
    package func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await threads.runIfActive(body)
    }

    /// Lets running work finish and takes no more.
    package func stop() async { try? await threads.shutdownGracefully() }
}
