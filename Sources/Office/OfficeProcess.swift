import Elections
import Foundation
package import Logging
import ServiceLifecycle

/// The office's long-lived part: brings books and counter up to each other and sends letters that are due, until it is told to stop.
///
/// It does what the commands do, by the same desks, every few seconds; a failure is logged and tried again.
package struct OfficeProcess: Service {
    private let office: Office
    private let logger: Logger
    private let pool: WorkPool
    /// How often it comes by.
    private static let pause = Duration.seconds(2)
    /// How long it leaves a relay alone that does not answer.
    private static let outagePause = Duration.seconds(30)

    /// The process of an office; nothing happens until it runs.
    package init(_ office: Office, logger: Logger) {
        self.office = office
        self.logger = logger
        pool = WorkPool(threads: 1)
    }

    /// Comes by every two seconds (30 where the relay does not answer) until a graceful shutdown; then finishes what is in hand.
    package func run() async throws {
        await withGracefulShutdownHandler {
            await cancelWhenGracefulShutdown {
                var outage: String?
                while !Task.isCancelled {
                    let next = await round(after: outage)
                    outage = next
                    try? await Task.sleep(for: outage == nil ? Self.pause : Self.outagePause)
                }
            }
        } onGracefulShutdown: {
            logger.info("the office process is closing")
        }
        // The letters in hand are sent and their answers recorded before the threads go.
        await pool.stop()
    }

    /// One round; returns why the relay is out, if it is.
    private func round(after before: String?) async -> String? {
        let (office, logger) = (office, logger)
        do {
            return try await pool.run {
                if let trouble = try office.catchUp(), trouble.isNews {
                    logger.error("the counter's database cannot be used", metadata: ["reason": "\(trouble)"])
                }
                let summary = try Mailroom(office).sendDue(waitForLeases: false)
                if summary.sent + summary.refused + summary.deferred > 0 {
                    logger.info(
                        "letters",
                        metadata: [
                            "sent": "\(summary.sent)", "deferred": "\(summary.deferred)", "refused": "\(summary.refused)",
                            "left": "\(summary.left)"
                        ])
                }
                if let outage = summary.outage, outage != before {
                    logger.warning(
                        "the relay does not take letters; they wait", metadata: ["reason": "\(outage)", "left": "\(summary.left)"])
                } else if summary.outage == nil, before != nil {
                    logger.info("the relay takes letters again")
                }
                return summary.outage
            }
        } catch is CancellationError {
            return nil
        } catch {
            logger.error("the office process could not do its round and tries again", metadata: ["reason": "\(error)"])
            return nil
        }
    }
}
