package import Elections
import Foundation
import Mail
import Storage

/// The mailroom: takes letters from the outbox, derives each one's link, writes it and hands it to the relay.
///
/// A letter's row is committed before it is sent and its answer after, each durably; a lease says who has it in hand. If we crash, the lease
/// runs out and the letter is sent again: at most one twice for each connection, none lost. A letter goes out only if its link is live.
package struct Mailroom: Sendable {
    let office: Office
    /// How long a sender may have a letter in hand before another takes it for dead; a living one renews it.
    static let leaseSeconds: Int64 = 60
    /// The longest that a letter waits for its next try; somewhat more than ``LetterClerk`` and ``MailroomPace`` ever say.
    static let longestWaitSeconds: Int64 = 4 * 3600
    /// How often somebody who waits for the relay tries it again, in seconds; together a minute.
    private static let tries = [1, 2, 4, 8, 15, 30]

    /// Opens the desk in an office.
    package init(_ office: Office) { self.office = office }

    /// What came of the letters.
    package struct Summary: Sendable, Equatable {
        /// Accepted by the relay; nobody has seen it yet.
        package var sent = 0
        /// Not taken now; each has its next try.
        package var deferred = 0
        /// Refused for good; the voters are on the exception list.
        package var refused = 0
        /// Not sent because their link was no longer live.
        package var withdrawn = 0
        /// Still waiting, deferred ones included.
        package var left = 0
        /// Why the relay could not be used; nil: it could.
        package var outage: String?
        /// Since when nothing is sent because somebody said so; nil: letters go out.
        package var pausedAt: Instant?

        /// Nothing sent yet.
        package init() {}

        /// Letters that were dealt with.
        package var done: Int { sent + deferred + refused + withdrawn }

        /// `{sent, deferred, refused, left}`.
        package var json: JSONValue {
            [
                "sent": .integer(Int64(sent)), "deferred": .integer(Int64(deferred)), "refused": .integer(Int64(refused)),
                "left": .integer(Int64(left))
            ]
        }

        mutating func count(_ answer: LetterAnswer) {
            switch answer {
            case .sent: sent += 1
            case .deferred: deferred += 1
            case .refused: refused += 1
            case .withdrawn: withdrawn += 1
            }
        }
    }

    /// How far a run is, for whoever watches it.
    package struct Progress: Sendable {
        /// What came of the letters so far.
        package let summary: Summary
        /// Letters that were waiting when it began.
        package let total: Int
        /// What it is waiting for, in a sentence's end; nil: it is sending.
        package let waitsFor: String?
    }

    // MARK: Sending

    /// Puts reminders into the outbox for voters who have not opened their ballot; none while the mail is paused.
    ///
    /// - Returns: how many.
    package func queueReminders() throws -> Int {
        guard try pausedAt() == nil else { return 0 }
        try office.catchUp()
        return try Reminders(office).queue()
    }

    /// Sends everything that is due and waits out the leases of dead senders and the slots of slow domains; letters whose next try is later
    /// stay. A relay that stops working meanwhile is tried again for a minute.
    ///
    /// - Parameters:
    ///   - waits: false in a service, which comes by again.
    ///   - pace: remembered from one call to the next by a service; nil: made anew.
    ///   - progress: called now and then, from the calling thread.
    /// - Throws: ``OfficeError`` where the relay's settings or the office's own letters cannot work.
    package func sendDue(
        waits: Bool = true, pace: MailroomPace? = nil, progress: @escaping (Progress) -> Void = { _ in }
    ) throws -> Summary {
        var summary = Summary()
        try bringBack()
        let total = try waiting()
        let pace = pace ?? MailroomPace(office.configuration.smtp)
        if total > 0, try pausedAt() == nil {
            // A letter goes out only if its link is live: without the counter, none is taken in hand.
            try office.needingCounter { _ = try office.counter.read { try $0.count("SELECT count(*) FROM link WHERE seq = 0") } }
            try LetterSender.check(in: office)
            let clerk = try LetterClerk(office)
            var tried = 0
            while true {
                let before = summary.sent
                // No more connections than letters: a relay counts them.
                let connections = max(1, min(office.configuration.smtp.connections, try due() / 2 + 1))
                let run = MailroomRun(office, server: try relay(), clerk: clerk, pace: pace, connections: connections, so: summary)
                (summary, summary.outage) = try run.run { progress(Progress(summary: $0, total: total, waitsFor: nil)) }
                if summary.sent > before { tried = 0 }
                if let outage = summary.outage {
                    // It worked a moment ago: a relay that is being restarted is back before anybody has read an error.
                    guard waits, summary.sent > 0, tried < Self.tries.count else { break }
                    let pause = Self.tries[tried]
                    tried += 1
                    progress(Progress(summary: summary, total: total, waitsFor: "the relay (\(outage)); trying again in \(pause) s"))
                    Thread.sleep(forTimeInterval: Double(pause))
                    continue
                }
                guard waits, try pausedAt() == nil, let next = try office.books.read({ try nextTurn($0) }) else { break }
                let pause = min(max(next.at.milliseconds - office.clock.now().milliseconds, 50), Self.leaseSeconds * 1000)
                progress(Progress(summary: summary, total: total, waitsFor: next.what))
                Thread.sleep(forTimeInterval: Double(pause) / 1000)
            }
        }
        try office.catchUp()
        summary.left = try waiting()
        summary.pausedAt = try pausedAt()
        return summary
    }

    /// Makes letters due whose next try is further away than any that we ever said: the clock was wrong then, or somebody wants them to wait.
    private func bringBack() throws {
        let now = office.clock.now()
        let limit = SQLValue.integer(now.adding(seconds: Self.longestWaitSeconds).milliseconds)
        let lost = try office.books.read { try $0.count("SELECT count(*) FROM letter WHERE ended_at IS NULL AND due_at > $1", limit) }
        guard lost > 0 else { return }
        try office.books.write { transaction in
            _ = try transaction.execute(
                "UPDATE letter SET due_at = $2 WHERE ended_at IS NULL AND due_at > $1", limit, .integer(now.milliseconds))
        }
    }

    /// Letters that are not at an end.
    private func waiting() throws -> Int {
        try office.books.read { try $0.count("SELECT count(*) FROM letter WHERE ended_at IS NULL") }
    }

    private func due() throws -> Int {
        let now = office.clock.now().milliseconds
        return try office.books.read { transaction in
            try transaction.count(
                "SELECT count(*) FROM letter WHERE ended_at IS NULL AND state <> 'sending' AND due_at <= $1", .integer(now))
        }
    }

    /// What a sender who has nothing more to do waits for: the lease of a sender that may be dead, or the slot of a letter that has not been
    /// tried yet. Nil: nothing.
    private func nextTurn(_ transaction: Transaction) throws -> (at: Instant, what: String)? {
        let now = office.clock.now()
        let slot = try transaction.first(
            "SELECT min(due_at) AS at FROM letter WHERE ended_at IS NULL AND state = 'queued' AND due_at <= $1",
            .integer(now.adding(seconds: 7200).milliseconds)
        ) { try $0.optionalInteger("at") }
        if let slot = slot.flatMap({ $0 }) { return (Instant(milliseconds: slot), "the next letter's turn at a domain that takes few") }
        // No lease is longer than one: what says so is taken as run out.
        let longest = now.adding(seconds: Self.leaseSeconds)
        let end = try transaction.first("SELECT max(lease_until) AS until FROM letter WHERE ended_at IS NULL AND state = 'sending'") {
            try $0.optionalInteger("until")
        }
        return end.flatMap { $0 }.map { (min(Instant(milliseconds: $0), longest), "letters that another sender has in hand") }
    }

    private func relay() throws -> SMTPServer {
        let smtp = office.configuration.smtp
        var password: SMTPPassword?
        if !smtp.passwordFile.isEmpty {
            let file = office.folder.path(smtp.passwordFile)
            let mode = (try? FileManager.default.attributesOfItem(atPath: file.path))?[.posixPermissions] as? Int ?? 0
            guard mode & 0o077 == 0 else {
                throw OfficeError(
                    .badInput, "\(file.path): the relay's password can be read by others than its owner.",
                    hint: "Close it with: chmod 0600 '\(file.path)'")
            }
            guard let data = FileManager.default.contents(atPath: file.path) else {
                throw OfficeError(
                    .badInput, "\(file.path): the relay's password cannot be read.", hint: "Correct smtp.password_file in uocava.yaml.")
            }
            password = SMTPPassword(String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines))
        }
        let server = SMTPServer(
            url: smtp.url, tls: smtp.requiresTLS ? .required : .none, user: smtp.user, password: password,
            mechanism: SMTPServer.Mechanism(rawValue: smtp.auth), caFile: smtp.caFile.isEmpty ? nil : office.folder.path(smtp.caFile).path,
            connectTimeout: min(10, smtp.timeoutSeconds), timeout: smtp.timeoutSeconds)
        do { try SMTPServer.validate(server) } catch let error as MailError {
            throw OfficeError(.badInput, "uocava.yaml, smtp: \(error.message)", hint: error.hint)
        }
        return server
    }

    // MARK: Pausing

    /// Since when the mail is paused; nil: it is not.
    package func pausedAt() throws -> Instant? {
        try office.books.read { transaction in
            try transaction.first("SELECT mail_paused_at FROM office WHERE id = 1") { try $0.optionalInteger("mail_paused_at") }
        }.flatMap { $0 }.map { Instant(milliseconds: $0) }
    }

    /// Stops all sending until ``resume()``, also that of senders at work: what they have in hand goes out, and nothing more.
    ///
    /// - Returns: since when it is paused; earlier where it was already.
    package func pause() throws -> Instant {
        let now = office.clock.now()
        return try office.books.write { transaction in
            let changed = try transaction.execute(
                "UPDATE office SET mail_paused_at = $1 WHERE id = 1 AND mail_paused_at IS NULL", .integer(now.milliseconds))
            if changed > 0 { try Journal.append([JournalEntry(.mailPaused)], at: now, in: transaction) }
            let since = try transaction.first("SELECT mail_paused_at FROM office WHERE id = 1") { try $0.integer("mail_paused_at") }
            return Instant(milliseconds: since ?? now.milliseconds)
        }
    }

    /// Lets letters go out again.
    ///
    /// - Returns: how many wait; nil where the mail was not paused.
    package func resume() throws -> Int? {
        let now = office.clock.now()
        return try office.books.write { transaction in
            let changed = try transaction.execute("UPDATE office SET mail_paused_at = NULL WHERE id = 1 AND mail_paused_at IS NOT NULL")
            guard changed > 0 else { return nil }
            try Journal.append([JournalEntry(.mailResumed)], at: now, in: transaction)
            return try transaction.count("SELECT count(*) FROM letter WHERE ended_at IS NULL")
        }
    }
}
