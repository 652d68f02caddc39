package import Elections
import Foundation
import Keys
import Mail
import Storage
import Synchronization

/// The mailroom: takes letters from the outbox, derives each one's link, writes it and hands it to the relay.
///
/// A letter's row is committed before it is sent and its answer after, each durably; a lease says who has it in hand. If we crash, the lease
/// runs out and the letter is sent again: at most one twice for each connection, none lost. A letter goes out only if its link is live.
package struct Mailroom: Sendable {
    private let office: Office
    /// How long a sender may have a letter in hand before another takes it for dead.
    static let leaseSeconds: Int64 = 60
    /// Letters that a connection takes at a time: far fewer than it sends in the time of a lease.
    private static let handful = 20

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

        /// Nothing sent yet.
        package init() {}

        /// `{sent, deferred, refused, left}`.
        package var json: JSONValue {
            [
                "sent": .integer(Int64(sent)), "deferred": .integer(Int64(deferred)), "refused": .integer(Int64(refused)),
                "left": .integer(Int64(left))
            ]
        }
    }

    // MARK: Sending

    /// Sends everything that is due and waits out the leases of dead senders; letters whose next try is later stay.
    ///
    /// - Parameters:
    ///   - waitForLeases: false in a service, which comes by again.
    ///   - progress: called with the summary so far and how many letters were waiting; from any thread.
    /// - Throws: ``OfficeError`` where the relay's settings cannot work.
    package func sendDue(
        waitForLeases: Bool = true, progress: @escaping @Sendable (Summary, Int) -> Void = { _, _ in }
    ) throws -> Summary {
        let total = try waiting()
        let run = SendRun(office: office, total: total, progress: progress)
        if total > 0 {
            // A letter goes out only if its link is live: without the counter, none is taken in hand.
            try office.needingCounter { _ = try office.readCounter { try $0.count("SELECT count(*) FROM link WHERE seq = 0") } }
            try LetterSender.check(in: office)
            let server = try relay()
            let writer = try LetterWriter()
            while true {
                // No more connections than letters: a relay counts them.
                let connections = max(1, min(office.configuration.smtp.connections, try due() / 2 + 1))
                let group = DispatchGroup()
                for number in 0..<connections {
                    let thread = Thread {
                        run.work(server: server, writer: writer, name: "\(ProcessInfo.processInfo.processIdentifier)/\(number)")
                        group.leave()
                    }
                    thread.name = "mailroom-\(number)"
                    group.enter()
                    thread.start()
                }
                group.wait()
                if run.outage != nil { break }
                if let failure = run.failure { throw failure }
                guard waitForLeases, let until = try office.books.read({ try leaseEnd($0) }) else { break }
                let pause = min(max(until.milliseconds - office.clock.now().milliseconds, 50), Self.leaseSeconds * 1000)
                Thread.sleep(forTimeInterval: Double(pause) / 1000)
            }
        }
        try office.catchUp()
        var summary = run.summary
        summary.outage = run.outage
        summary.left = try waiting()
        return summary
    }

    /// Letters that are not at an end.
    private func waiting() throws -> Int {
        try office.books.read { try $0.count("SELECT count(*) FROM letter WHERE state IN ('queued', 'sending', 'deferred')") }
    }

    private func due() throws -> Int {
        let now = office.clock.now().milliseconds
        return try office.books.read { transaction in
            try transaction.count(
                "SELECT count(*) FROM letter WHERE state IN ('queued', 'deferred') AND due_at <= $1", .integer(now))
        }
    }

    /// When the last lease of a letter in somebody's hand runs out; nil where nobody has one. No lease is longer than one: what says so is
    /// taken as run out.
    private func leaseEnd(_ transaction: Transaction) throws -> Instant? {
        let longest = office.clock.now().adding(seconds: Self.leaseSeconds)
        let end = try transaction.first("SELECT max(lease_until) AS until FROM letter WHERE state = 'sending'") {
            try $0.optionalInteger("until")
        }
        return end.flatMap { $0 }.map { min(Instant(milliseconds: $0), longest) }
    }

    private func relay() throws -> SMTPServer {
        let smtp = office.configuration.smtp
        var password: SMTPPassword?
        if !smtp.passwordFile.isEmpty {
            let file = office.folder.path(smtp.passwordFile)
            guard let data = FileManager.default.contents(atPath: file.path) else {
                throw OfficeError(
                    .badInput, "\(file.path): the relay's password cannot be read.", hint: "Correct smtp.password_file in uocava.yaml.")
            }
            password = SMTPPassword(String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines))
        }
        let server = SMTPServer(
            url: smtp.url, tls: smtp.requiresTLS ? .required : .none, user: smtp.user, password: password,
            caFile: smtp.caFile.isEmpty ? nil : office.folder.path(smtp.caFile).path)
        do { try SMTPServer.validate(server) } catch let error as MailError {
            throw OfficeError(.badInput, "uocava.yaml, smtp: \(error.message)", hint: error.hint)
        }
        return server
    }

    // MARK: Looking

    /// A letter as staff see it: no address, no link.
    package struct Line: Sendable {
        /// The letter's number.
        package let id: Int64
        /// The election that it is about.
        package let election: ElectionID
        /// The voter's number.
        package let voterID: VoterID
        /// A word of `LetterKind`, e.g. `ballot_ready`.
        package let kind: String
        /// `queued`, `sending`, `deferred`, `sent`, `refused` or `withdrawn`.
        package let state: String
        /// How often the relay was asked to take it.
        package let attempts: Int
        /// When it was put into the outbox.
        package let queuedAt: Instant
        /// When it is tried next; nil: it waits for nothing.
        package let dueAt: Instant?
        /// The relay's last words; nil: none yet.
        package let reply: String?

        /// As `uocava letters list --format json` prints it.
        package var json: JSONValue {
            [
                "letter": .integer(id), "election": .string(election.text), "voter_id": .string(voterID.text), "kind": .string(kind),
                "state": .string(state), "attempts": .integer(Int64(attempts)), "queued_at": .string(queuedAt.rfc3339),
                "due_at": .optional(dueAt?.rfc3339), "reply": .optional(reply)
            ]
        }
    }

    /// The letters, oldest first.
    ///
    /// - Parameters:
    ///   - election: only this election's.
    ///   - state: only those in this state, e.g. `deferred`.
    package func list(election: ElectionID? = nil, state: String? = nil) throws -> [Line] {
        let states = ["queued", "sending", "deferred", "sent", "refused", "withdrawn"]
        if let state, !states.contains(state) {
            throw OfficeError(
                .usage, "No letter is ever \"\(Printable.escape(state))\".", hint: "Use one of: \(states.joined(separator: ", ")).")
        }
        return try office.books.read { transaction in
            let kept = try election.map { try ElectionBook.find($0, in: transaction) }
            return try transaction.all(
                """
                SELECT l.id, e.code, l.kind, l.state, l.attempts, l.queued_at, l.due_at, l.reply, r.id AS request, r.key_id, r.sealed
                FROM letter l JOIN election e ON e.id = l.election JOIN request r ON r.election = l.election AND r.voter = l.voter
                WHERE ($1 IS NULL OR l.election = $1) AND ($2 IS NULL OR l.state = $2) ORDER BY l.id
                """, .integer(orNull: kept?.id), .text(orNull: state)
            ) { row in
                let record = try office.voter(row)
                let state = try row.text("state")
                let waits = state == "queued" || state == "deferred"
                return Line(
                    id: try row.integer("id"), election: ElectionID(try row.text("code")), voterID: record.voterID,
                    kind: try row.text("kind"), state: state, attempts: Int(try row.integer("attempts")),
                    queuedAt: Instant(milliseconds: try row.integer("queued_at")),
                    dueAt: waits ? Instant(milliseconds: try row.integer("due_at")) : nil, reply: try row.optionalText("reply"))
            }
        }
    }
}

/// The letters of one call, sent over several connections at once.
private final class SendRun: Sendable {
    private let office: Office
    private let total: Int
    private let progress: @Sendable (Mailroom.Summary, Int) -> Void
    private let state = Mutex(State())

    private struct State {
        var summary = Mailroom.Summary()
        var outage: String?
        var failure: (any Error)?
    }

    var summary: Mailroom.Summary { state.withLock { $0.summary } }
    var outage: String? { state.withLock { $0.outage } }
    var failure: (any Error)? { state.withLock { $0.failure } }

    init(office: Office, total: Int, progress: @escaping @Sendable (Mailroom.Summary, Int) -> Void) {
        self.office = office
        self.total = total
        self.progress = progress
    }

    private struct Letter {
        let id: Int64
        let election: Int64
        let voter: Int64
        let ballot: [UInt8]
        let link: [UInt8]
        let linkKey: String
        let kind: LetterKind
        let attempts: Int64
        /// Whether the books know a newer link.
        let isEnded: Bool
        let record: VoterRecord
    }

    /// One connection's work: takes a handful, sends it, until nothing is due.
    func work(server: SMTPServer, writer: LetterWriter, name: String) {
        do {
            let elections = try office.books.read { transaction in
                Dictionary(uniqueKeysWithValues: try ElectionBook.all(in: transaction).map { ($0.id, $0.definition) })
            }
            let connection = try SMTPConnection(server)
            defer { connection.close() }
            while outage == nil, failure == nil {
                let letters = try lease(name)
                if letters.isEmpty { return }
                for (position, letter) in letters.enumerated() {
                    guard let definition = elections[letter.election] else { continue }
                    let sender: LetterSender
                    do {
                        sender = try LetterSender(of: definition, office.configuration.smtp)
                    } catch {
                        // Its election came after the senders were checked. None of these was sent.
                        try giveBack(letters[position...].map(\.id), as: name)
                        throw error
                    }
                    let goOn = try send(letter, definition, writer, from: sender, over: connection, as: name)
                    if !goOn {
                        // The relay is out, which is no fault of the letters: they wait as they were.
                        try giveBack(letters[position...].map(\.id), as: name)
                        return
                    }
                }
            }
        } catch {
            state.withLock { if $0.failure == nil { $0.failure = error } }
        }
    }

    private func lease(_ name: String) throws -> [Letter] {
        try office.books.write { transaction in
            // Not before the lock is held: whoever had it meanwhile leased for longer than we would, and that is no planted lease.
            let now = office.clock.now()
            let ids = try transaction.all(
                """
                UPDATE letter SET state = 'sending', leased_by = $2, lease_until = $3 WHERE id IN
                    (SELECT id FROM letter WHERE state IN ('queued', 'sending', 'deferred') AND
                        ((state <> 'sending' AND due_at <= $1) OR (state = 'sending' AND (lease_until <= $1 OR lease_until > $4)))
                     ORDER BY due_at, id LIMIT 20)
                RETURNING id
                """, .integer(now.milliseconds), .text(name), .integer(now.adding(seconds: Mailroom.leaseSeconds).milliseconds),
                // No lease of ours ends so late, also where the clock was set back a little.
                .integer(now.adding(seconds: 2 * Mailroom.leaseSeconds).milliseconds)
            ) { try $0.integer("id") }
            return try ids.compactMap { id in
                let letter = try transaction.first(
                    """
                    SELECT b.election, b.voter, l.ballot, l.link, l.kind, l.attempts, k.key_id AS link_key, k.ended_at IS NOT NULL AS ended,
                        r.id AS request, r.key_id, r.sealed, r.fingerprint
                    FROM letter l JOIN link k ON k.id = l.link AND k.ballot = l.ballot JOIN ballot b ON b.id = l.ballot
                    JOIN request r ON r.election = b.election AND r.voter = b.voter WHERE l.id = $1
                    """, .integer(id)
                ) { row in
                    Letter(
                        id: id, election: try row.integer("election"), voter: try row.integer("voter"), ballot: try row.blob("ballot"),
                        link: try row.blob("link"), linkKey: try row.text("link_key"),
                        kind: LetterKind(rawValue: try row.text("kind")) ?? .ballotReady, attempts: try row.integer("attempts"),
                        isEnded: try row.flag("ended"), record: try office.currentVoter(row))
                }
                if letter == nil {
                    // Its link is another ballot's, or gone: the audit names it. It must not come back to us at once.
                    try transaction.execute(
                        "UPDATE letter SET state = 'deferred', due_at = $2, leased_by = NULL, lease_until = NULL WHERE id = $1",
                        .integer(id),
                        .integer(now.adding(seconds: 3600).milliseconds))
                }
                return letter
            }
        }
    }

    private func giveBack(_ letters: [Int64], as name: String) throws {
        try office.books.write { transaction in
            for letter in letters {
                try transaction.execute(
                    """
                    UPDATE letter SET state = CASE WHEN attempts = 0 THEN 'queued' ELSE 'deferred' END, leased_by = NULL, lease_until = NULL
                    WHERE id = $1 AND state = 'sending' AND leased_by = $2
                    """, .integer(letter), .text(name))
            }
        }
    }

    /// Sends one letter and records what came of it; false where the relay is out.
    private func send(
        _ letter: Letter, _ definition: ElectionDefinition, _ writer: LetterWriter, from sender: LetterSender,
        over connection: SMTPConnection, as name: String
    ) throws -> Bool {
        let live = try office.needingCounter {
            try office.readCounter { transaction in
                try transaction.count("SELECT count(*) FROM link WHERE id = $1 AND state = 'live'", .blob(letter.link)) == 1
            }
        }
        guard live else {
            if letter.isEnded {
                try record(letter, as: name, state: "withdrawn", event: nil, reply: nil, dueIn: nil)
                state.withLock { $0.summary.withdrawn += 1 }
            } else {
                // Whoever holds the counter can end links there; that must not make voters lose their letters.
                try record(
                    letter, as: name, state: "deferred", event: .letterDeferred,
                    reply: "its link is not live at the counter: `uocava audit` says more", dueIn: backoff(letter.attempts))
                state.withLock { $0.summary.deferred += 1 }
            }
            return true
        }
        let recipient: MailAddress
        do {
            recipient = try MailAddress(letter.record.email, name: letter.record.fullName)
        } catch let error as MailError {
            try record(letter, as: name, state: "refused", event: .letterRefused, reply: error.message, dueIn: nil)
            state.withLock { $0.summary.refused += 1 }
            return true
        }
        let message = try write(letter, definition, writer, from: sender, to: recipient)
        // If we crash from here on before the answer is recorded, this letter is sent once more when its lease has run out.
        switch connection.send(message.bytes, from: sender.from.address, to: recipient.address) {
        case .accepted(let reply):
            try record(letter, as: name, state: "sent", event: .letterSent, reply: reply, dueIn: nil)
            state.withLock { $0.summary.sent += 1 }
        case .deferred(_, let reply):
            try record(letter, as: name, state: "deferred", event: .letterDeferred, reply: reply, dueIn: backoff(letter.attempts))
            state.withLock { $0.summary.deferred += 1 }
        case .refused(_, let reply):
            try record(letter, as: name, state: "refused", event: .letterRefused, reply: reply, dueIn: nil)
            state.withLock { $0.summary.refused += 1 }
        case .unreachable(let reason):
            state.withLock { $0.outage = reason }
            return false
        }
        progress(summary, total)
        return true
    }

    /// One letter, with its link.
    private func write(
        _ letter: Letter, _ definition: ElectionDefinition, _ writer: LetterWriter, from sender: LetterSender, to recipient: MailAddress
    ) throws -> MailMessage {
        let token = try office.linkKeys.token(linkID: letter.link, keyID: letter.linkKey)
        let word = definition.identityQuestion == .none ? try office.linkKeys.word(linkID: letter.link, keyID: letter.linkKey) : nil
        let contents = LetterWriter.Contents(
            kind: letter.kind, language: letter.record.language, voterName: letter.record.fullName,
            link: "\(office.configuration.publicSite.url)/b/\(token.text)", word: word, definition: definition, test: office.isTest)
        let written = try writer.write(contents)
        return MailMessage(
            from: sender.from, to: recipient, replyTo: sender.replyTo, subject: written.subject, date: office.clock.now().seconds,
            messageID: "\(hex(SystemRandom.bytes(16)))@\(sender.from.address.split(separator: "@").last ?? "localhost")",
            language: written.language, text: written.text)
    }

    /// One minute, two, four, … up to two hours, each a fifth more or less so that letters deferred together do not come back together.
    private func backoff(_ attempts: Int64) -> Int64 {
        let seconds = min(Int64(60) << min(attempts, 7), 7200)
        let fifth = max(seconds / 5, 1)
        let random = SystemRandom.bytes(2).reduce(Int64(0)) { $0 << 8 | Int64($1) }
        return seconds - fifth + random % (2 * fifth + 1)
    }

    /// The letter's new state and the journal's row, in one transaction; only while the lease is ours.
    private func record(
        _ letter: Letter, as name: String, state: String, event: EventKind?, reply: String?, dueIn: Int64?
    ) throws {
        let now = office.clock.now()
        try office.books.write { transaction in
            let ours = try transaction.execute(
                """
                UPDATE letter SET state = $3, attempts = attempts + 1, reply = $4, leased_by = NULL, lease_until = NULL,
                    due_at = coalesce($5, due_at), ended_at = CASE WHEN $5 IS NULL THEN $6 ELSE NULL END
                WHERE id = $1 AND state = 'sending' AND leased_by = $2
                """, .integer(letter.id), .text(name), .text(state), .text(orNull: reply),
                .integer(orNull: dueIn.map { now.adding(seconds: $0).milliseconds }), .integer(now.milliseconds))
            guard ours == 1, let event else { return }
            var facts: [String: JSONValue] = ["letter": .integer(letter.id), "link": .string(hex(letter.link))]
            if let reply { facts["reply"] = .string(reply) }
            _ = try BallotBook.record(event, ballot: letter.ballot, at: now, facts: facts, in: transaction)
            if event == .letterRefused {
                try ExceptionList.add(
                    .letterRefused, voter: letter.voter, election: letter.election,
                    detail: "The letter was refused: \(Self.withoutFullStop(reply ?? "no reason given")). Telephone, or write by post.",
                    at: now, in: transaction)
            }
        }
    }

    /// A reply in the middle of a sentence; relays and addresses' faults end in a full stop or not.
    private static func withoutFullStop(_ text: String) -> String {
        text.hasSuffix(".") ? String(text.dropLast()) : text
    }
}
