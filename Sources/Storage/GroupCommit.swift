import Foundation
import GRDB

/// Lets many small changes share one fsync: whatever is waiting when the writer becomes free is one transaction, each change in a savepoint
/// of its own.
///
/// A change is durable when ``submit(_:)`` returns. A change that throws, or that a constraint refuses, undoes only itself. If the commit
/// fails (disk full), every change in it throws and none of them happened. One thread of its own; ``stop()`` finishes what is queued.
package final class GroupCommit: @unchecked Sendable {  // why: what changes is only touched while `condition` is held
    private let database: DatabaseFile
    private let condition = NSCondition()
    private var jobs: [Job] = []
    private var stopping = false
    private var hasEnded = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    /// Enough that an fsync is shared by many. More would make the first wait for the last, and whoever answers would have nothing to do until
    /// all are written, and the writer nothing until all have asked again.
    private let largestGroup = 100

    private struct Job {
        /// Runs inside the transaction and keeps its result.
        let run: (Transaction) throws -> Void
        /// Called after the commit, or with the error that undid it.
        let finish: (_ failure: (any Error)?) -> Void
    }

    /// Starts the thread that writes.
    package init(_ database: DatabaseFile) {
        self.database = database
        let thread = Thread { [self] in loop() }
        thread.name = "group-commit"
        thread.start()
    }

    /// Runs `body` in the next transaction and returns its result once that is durable.
    ///
    /// - Throws: what `body` threw, or ``StorageError``.
    package func submit<Result: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Result, any Error>) in
            // The writer's thread fills this box before it calls `finish` on the same thread.
            var result: Result?
            let job = Job(
                run: { result = try body($0) },
                finish: { failure in
                    if let failure {
                        continuation.resume(throwing: failure)
                    } else if let result {
                        continuation.resume(returning: result)
                    } else {
                        continuation.resume(throwing: StorageError(.result, "a change ended without a result"))
                    }
                })
            enqueue(job)
        }
    }

    /// Puts `body` into the next transaction, behind everything that was submitted before, and does not wait for it.
    ///
    /// - Parameter ended: told on the writer's thread that it is durable, or what undid it; without it that is lost.
    package func post(
        ended: @escaping @Sendable ((any Error)?) -> Void = { _ in }, _ body: @escaping @Sendable (Transaction) throws -> Void
    ) {
        enqueue(Job(run: body, finish: ended))
    }

    private func enqueue(_ job: Job) {
        condition.lock()
        let accepted = !stopping
        if accepted {
            jobs.append(job)
            condition.signal()
        }
        condition.unlock()
        if !accepted { job.finish(StorageError(.busy, "the office is closing.", hint: "Try again in a moment.")) }
    }

    /// Takes no more changes, and returns when those that are queued are written: a process may end behind it.
    package func stop() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            condition.lock()
            stopping = true
            let isOver = hasEnded
            if !isOver { waiting.append(continuation) }
            condition.signal()
            condition.unlock()
            if isOver { continuation.resume() }
        }
    }

    private func loop() {
        while true {
            condition.lock()
            while jobs.isEmpty && !stopping { condition.wait() }
            let group = Array(jobs.prefix(largestGroup))
            jobs.removeFirst(group.count)
            if group.isEmpty { return end() }
            condition.unlock()
            commit(group)
        }
    }

    /// Ends the thread, which holds the lock.
    private func end() {
        hasEnded = true
        let waiting = waiting
        self.waiting = []
        condition.unlock()
        for continuation in waiting { continuation.resume() }
    }

    private func commit(_ group: [Job]) {
        var failures = [(any Error)?](repeating: nil, count: group.count)
        do {
            try database.write { transaction in
                for (index, job) in group.enumerated() {
                    do {
                        try transaction.database.inSavepoint {
                            try job.run(transaction)
                            return .commit
                        }
                    } catch {
                        // A full disk rolls back the whole transaction by itself: then nobody's change happened.
                        guard transaction.database.isInsideTransaction else { throw error }
                        failures[index] = (error as? DatabaseError).map { StorageError($0, file: database.path) } ?? error
                    }
                }
            }
        } catch {
            for job in group { job.finish(StorageError(error, file: database.path)) }
            return
        }
        for (job, failure) in zip(group, failures) { job.finish(failure) }
    }
}
