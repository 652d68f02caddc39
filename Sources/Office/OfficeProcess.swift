import Elections
import Foundation
package import Logging
import ServiceLifecycle
import Synchronization

/// The office's long-lived part: brings books and counter up to each other, sends letters that are due, queues reminders and reads what came
/// back, until it is told to stop.
///
/// It does what the commands do, by the same desks, every few seconds; a failure is logged and tried again.
package struct OfficeProcess: Service {
    private let office: Office
    private let logger: Logger
    private let pool: WorkPool
    private let pace: MailroomPace
    private let troubles = Troubles()
    private let watch: OfficeWatch
    /// How often it comes by.
    private static let pause = Duration.seconds(2)
    /// How long it leaves a relay alone that does not answer.
    private static let outagePause = Duration.seconds(30)
    /// So long it reads what came back, before it looks for letters again.
    private static let bouncePatience = Duration.seconds(5)
    /// How often it looks for voters to remind: they wait for days.
    private static let reminderPause = Duration.seconds(3600)

    /// The process of an office; nothing happens until it runs.
    ///
    /// - Parameter watch: what looks for trouble at every round; the staff's site shows what it found.
    package init(_ office: Office, watch: OfficeWatch = OfficeWatch(), logger: Logger) {
        self.watch = watch
        self.office = office
        self.logger = logger
        pool = WorkPool(threads: 1)
        pace = MailroomPace(office.configuration.smtp)
    }

    /// Comes by every two seconds (30 where the relay does not answer) until a graceful shutdown; then finishes what is in hand.
    package func run() async throws {
        await withGracefulShutdownHandler {
            await cancelWhenGracefulShutdown {
                var outage: String?
                var remindsAt = ContinuousClock.now
                while !Task.isCancelled {
                    let reminds = remindsAt <= .now
                    if reminds { remindsAt = .now + Self.reminderPause }
                    let next = await round(after: outage, reminds: reminds)
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
    private func round(after before: String?, reminds: Bool) async -> String? {
        let (office, logger, pace, troubles, watch) = (office, logger, pace, troubles, watch)
        do {
            return try await pool.run {
                if let trouble = try office.catchUp(), trouble.isNews {
                    logger.error("the counter's database cannot be used", metadata: ["reason": "\(trouble)"])
                }
                let mailroom = Mailroom(office)
                Self.grantWishes(office, watch, troubles, logger)
                try watch.look(at: office, logger)
                let reminded = reminds ? try mailroom.queueReminders() : 0
                if reminded > 0 { logger.info("reminders are queued", metadata: ["letters": "\(reminded)"]) }
                // What came back is read whatever becomes of the letters, and after them: a flood of mails must not keep letters here.
                defer { Self.readBounces(office, troubles, logger) }
                let summary = try mailroom.sendDue(waits: false, pace: pace)
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
                troubles.note(.round, nil, logger)
                return summary.outage
            }
        } catch is CancellationError {
            return nil
        } catch {
            troubles.note(.round, "\(error)", logger)
            return nil
        }
    }

    /// Mails new links that voters asked for. That it cannot be done now keeps no letter from going out.
    private static func grantWishes(_ office: Office, _ watch: OfficeWatch, _ troubles: Troubles, _ logger: Logger) {
        do {
            let granted = try WishDesk(office).serve()
            troubles.note(.wishes, nil, logger)
            watch.refused(wishes: granted.refused)
            guard granted.mailed + granted.listed > 0 else { return }
            logger.info(
                "new links by mail",
                metadata: ["mailed": "\(granted.mailed)", "listed": "\(granted.listed)", "refused": "\(granted.refused)"])
        } catch {
            troubles.note(.wishes, "\(error)", logger)
        }
    }

    /// Reads what came back. That it cannot be read keeps no letter from going out.
    private static func readBounces(_ office: Office, _ troubles: Troubles, _ logger: Logger) {
        let name = office.configuration.smtp.bounceMaildir
        guard !name.isEmpty else { return }
        do {
            let sum = try BounceDesk(office).read(office.folder.path(name), within: bouncePatience)
            troubles.note(.bounces, sum.unreadable.first.map { "\(sum.unreadable.count) unreadable, the first: \($0)" }, logger)
            guard sum.read > 0 else { return }
            logger.info(
                "mail came back",
                metadata: [
                    "read": "\(sum.read)", "hard": "\(sum.hard)", "soft": "\(sum.soft)", "auto_reply": "\(sum.autoReplies)",
                    "complaint": "\(sum.complaints)", "unmatched": "\(sum.unmatched)", "other": "\(sum.others)"
                ])
        } catch {
            troubles.note(.bounces, "\(error)", logger)
        }
    }

    /// What goes wrong in every round is said once, and again when it changes: the clerk reads the log, not 43,000 lines a day.
    private final class Troubles: Sendable {
        enum Kind: String {
            case round = "the office process could not do its round and tries again"
            case bounces = "what came back cannot be read"
            case wishes = "new links that voters asked for cannot be made now; it is tried again"
        }

        private let said = Mutex<[Kind: String]>([:])

        /// Takes in how it went; nil: well.
        func note(_ kind: Kind, _ reason: String?, _ logger: Logger) {
            let isNews = said.withLock { said in
                defer { said[kind] = reason }
                return said[kind] != reason
            }
            guard isNews, let reason else { return }
            let line = reason.split(whereSeparator: \.isNewline).joined(separator: " ")
            logger.error("\(kind.rawValue)", metadata: ["reason": "\(line)"])
        }
    }
}
