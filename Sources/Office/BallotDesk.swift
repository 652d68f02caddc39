package import Elections
import Foundation
import Keys
import Storage

/// The desk for ballots that must not stand as they are: one is cancelled at once, one is replaced by the next `uocava issue`, which alone has
/// the signing key.
package struct BallotDesk: Sendable {
    private let office: Office

    /// Opens the desk in an office.
    package init(_ office: Office) { self.office = office }

    /// What came of asking for a replacement.
    package enum Outcome: Sendable, Equatable {
        /// The next `uocava issue` makes it; the ballot that stands is good until then.
        case queued
        /// The voter has opened the ballot, and the office wants a second person for that.
        case waits
    }

    /// A replacement that the next `uocava issue` makes.
    package struct Waiting: Sendable {
        /// Its row.
        package let id: Int64
        /// Why, in the words of who asked.
        package let reason: String
        /// Who asked, or approved it where that was needed, and when.
        package let queuedBy: String
        package let queuedAt: Instant
    }

    // MARK: Replacing

    /// Queues a ballot in place of the voter's last one, whether that stands or was cancelled.
    ///
    /// - Parameters:
    ///   - voter: the voter's number.
    ///   - reason: why, in a clerk's words; kept sealed.
    /// - Throws: ``OfficeError`` `notFound` for a voter without a ballot; `notAllowed` where it came back, where a replacement waits already,
    ///   or where the links closed.
    @discardableResult
    package func replace(_ voter: VoterID, election id: ElectionID, reason: String) throws -> Outcome {
        try replace(voter, in: try office.books.read { try ElectionBook.find(id, in: $0) }, reason: reason)
    }

    /// The same in an election that was looked up.
    func replace(_ voter: VoterID, in election: KeptElection, reason: String) throws -> Outcome {
        try Self.check(reason, for: "A replacement")
        // A claim that nobody has told the books of yet decides whether a second person is needed.
        try office.catchUp()
        let now = office.clock.now()
        guard now < election.definition.deadlines.linksClose.instant(in: election.definition.timeZone) else {
            throw OfficeError(
                .notAllowed, "The links of \(election.definition.id) have closed, so no other ballot can be issued.",
                hint: "The voter can still return the ballot that they have, if they do it in time.")
        }
        return try office.books.write { transaction in
            let last = try self.last(of: voter, in: election, transaction)
            try checkReplaceable(last, voter, election)
            let waiting = try transaction.count(
                """
                SELECT (SELECT count(*) FROM replacement WHERE election = $1 AND voter = $2 AND outcome IS NULL)
                    + (SELECT count(*) FROM approval WHERE election = $1 AND voter = $2 AND kind = 'replacement' AND outcome IS NULL)
                """, .integer(election.id), .integer(last.voter))
            guard waiting == 0 else {
                throw OfficeError(
                    .notAllowed, "A replacement of \(Printable.escape(voter.text))'s ballot is waiting already.",
                    hint:
                        "`uocava issue --election \(election.definition.id)` makes it, once a second person has approved it where one must."
                )
            }
            if office.configuration.staff.secondPerson.contains(.replacement), last.status == .claimed || last.status == .delivered {
                try Approvals(office).ask(
                    .replacement, election: election.id, voter: last.voter, ballot: last.id, reason: reason, at: now, in: transaction)
                return .waits
            }
            try queue(last.id, voter: last.voter, election: election.id, reason: reason, at: now, in: transaction)
            return .queued
        }
    }

    /// Queues what a second person said yes to.
    ///
    /// - Throws: ``OfficeError`` where the ballot came back meanwhile.
    func queueApproved(_ ballot: [UInt8], voter: Int64, in election: KeptElection, reason: String, in transaction: Transaction) throws {
        guard let last = try last(of: voter, election.id, transaction), last.id == ballot else {
            throw OfficeError(.notAllowed, "The voter has another ballot by now.", hint: "Refuse this, and look at the voter's page.")
        }
        try checkReplaceable(last, nil, election)
        try queue(ballot, voter: voter, election: election.id, reason: reason, at: office.clock.now(), in: transaction)
    }

    private func queue(
        _ ballot: [UInt8], voter: Int64, election: Int64, reason: String, at now: Instant, in transaction: Transaction
    ) throws {
        let box = office.rollKeys.seal(Array(reason.utf8), table: "replacement", id: ballot)
        let id = try transaction.first(
            """
            INSERT INTO replacement (election, voter, ballot, key_id, sealed, queued_by, queued_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (election, voter) WHERE outcome IS NULL DO NOTHING RETURNING id
            """, .integer(election), .integer(voter), .blob(ballot), .text(box.keyID), .blob(box.sealed),
            .text(Actor.current?.name ?? ""), .integer(now.milliseconds), decode: { try $0.integer("id") })
        guard let id else { throw OfficeError(.notAllowed, "A replacement of this ballot is waiting already.") }
        try Journal.append(
            [
                JournalEntry(
                    .replacementQueued, election: election, voter: voter, ballot: ballot,
                    facts: ["replacement": .integer(id), "reason": office.sealedNote(reason, ballot: ballot)])
            ], at: now, in: transaction)
    }

    /// Takes a replacement back that nobody has made yet.
    ///
    /// - Throws: ``OfficeError`` `notFound` where none waits; `tryAgain` while ballots are being issued.
    package func withdraw(_ voter: VoterID, election id: ElectionID) throws {
        try withdraw(voter, in: try office.books.read { try ElectionBook.find(id, in: $0) })
    }

    /// The same in an election that was looked up.
    func withdraw(_ voter: VoterID, in election: KeptElection) throws {
        // A run that has begun makes what it found waiting.
        let lock = try office.lock("issue", busy: "Ballots are being issued at this moment.")
        defer { withExtendedLifetime(lock) {} }
        let now = office.clock.now()
        try office.books.write { transaction in
            let last = try self.last(of: voter, in: election, transaction)
            let row = try transaction.first(
                "SELECT id, ballot FROM replacement WHERE election = $1 AND voter = $2 AND outcome IS NULL", .integer(election.id),
                .integer(last.voter)
            ) { (id: try $0.integer("id"), ballot: try $0.blob("ballot")) }
            guard let row else {
                throw OfficeError(
                    .notFound, "No replacement of \(Printable.escape(voter.text))'s ballot is waiting.",
                    hint: "`uocava status \(Printable.escape(voter.text)) --election \(election.definition.id)` shows what happened.")
            }
            try Self.end(
                row.id, "withdrawn", of: LetterBook.Owner(ballot: row.ballot, voter: last.voter, election: election.id), at: now,
                in: transaction)
        }
    }

    /// Ends a replacement without a ballot, and tells the journal.
    static func end(_ replacement: Int64, _ outcome: String, of owner: LetterBook.Owner, at now: Instant, in transaction: Transaction)
        throws
    {
        let ended = try transaction.execute(
            "UPDATE replacement SET outcome = $2, ended_at = $3 WHERE id = $1 AND outcome IS NULL", .integer(replacement), .text(outcome),
            .integer(now.milliseconds))
        guard ended == 1 else { throw OfficeError(.tryAgain, "This replacement has just ended.") }
        try Journal.append(
            [
                JournalEntry(
                    .replacementEnded, election: owner.election, voter: owner.voter, ballot: owner.ballot,
                    facts: ["replacement": .integer(replacement), "outcome": .string(outcome)])
            ], at: now, in: transaction)
    }

    /// The replacement that waits for a voter; nil: none.
    func waiting(_ voter: Int64, election: Int64, in transaction: Transaction) throws -> Waiting? {
        try transaction.first(
            "SELECT id, ballot, key_id, sealed, queued_by, queued_at FROM replacement WHERE election = $1 AND voter = $2 AND outcome IS NULL",
            .integer(election), .integer(voter)
        ) { row in
            let reason = try? office.rollKeys.open(
                try row.blob("sealed"), table: "replacement", id: try row.blob("ballot"), keyID: try row.text("key_id"))
            return Waiting(
                id: try row.integer("id"), reason: reason.map { String(decoding: $0, as: UTF8.self) } ?? "",
                queuedBy: try row.text("queued_by"), queuedAt: Instant(milliseconds: try row.integer("queued_at")))
        }
    }

    // MARK: Cancelling

    /// Cancels a voter's ballot: from this moment its link opens nothing and its envelope does not count. The voter is told, and gets no other
    /// ballot unless somebody asks for a replacement.
    ///
    /// - Parameter reason: why, in a clerk's words; kept sealed.
    /// - Throws: ``OfficeError`` `notFound` for a voter without a ballot; `notAllowed` where it came back or stands no more.
    package func cancel(_ voter: VoterID, election id: ElectionID, reason: String) throws {
        try cancel(voter, in: try office.books.read { try ElectionBook.find(id, in: $0) }, reason: reason)
    }

    /// The same in an election that was looked up.
    func cancel(_ voter: VoterID, in election: KeptElection, reason: String) throws {
        try Self.check(reason, for: "A cancellation")
        // A link that is being made for the ballot would come alive after this.
        let lock = try office.lock("links", wait: 30, busy: "Another process is making links.")
        defer { withExtendedLifetime(lock) {} }
        try office.catchUp()
        let now = office.clock.now()
        try office.books.write { transaction in
            let last = try self.last(of: voter, in: election, transaction)
            guard last.status != .cancelled, !Self.isBack(last.status) else { throw Self.cannot("cancelled", last, voter, election) }
            let owner = LetterBook.Owner(ballot: last.id, voter: last.voter, election: election.id)
            let outcome = try BallotBook.record(
                .cancelled, ballot: last.id, at: now, facts: ["reason": office.sealedNote(reason, ballot: last.id)], in: transaction)
            guard case .moved = outcome else { throw Self.cannot("cancelled", last, voter, election) }
            try Self.retire(owner, office, at: now, in: transaction)
            try Self.tell(.cancelled, owner, office, at: now, in: transaction)
        }
        // Where the counter cannot be used now, whoever catches up next does it.
        try office.catchUp()
    }

    /// What goes with a ballot that stands no more: its link, its waiting letters, and what it was on the exception list for.
    static func retire(_ owner: LetterBook.Owner, _ office: Office, at now: Instant, in transaction: Transaction) throws {
        try transaction.execute(
            "UPDATE link SET ended_at = $2 WHERE ballot = $1 AND ended_at IS NULL", .blob(owner.ballot), .integer(now.milliseconds))
        try LetterBook(office, at: now, in: transaction).withdrawLinks(to: owner)
        try CounterTasks.add(.endLinks, ballot: owner.ballot, in: transaction)
        try ExceptionList.clear(
            [.needsNewLink, .linkRetired, .letterRefused, .letterBounced, .styleChanged, .styleRevised, .nowProtected, .addressByHand],
            voter: owner.voter, election: owner.election, at: now, in: transaction)
    }

    /// Tells a voter what became of a ballot that they know of: its letter went out, or they have opened it.
    static func tell(
        _ kind: LetterKind, _ owner: LetterBook.Owner, _ office: Office, at now: Instant, in transaction: Transaction
    ) throws {
        let isKnown = try transaction.count(
            """
            SELECT EXISTS (SELECT 1 FROM letter WHERE ballot = $1 AND (state = 'sent' OR state = 'sending') AND link IS NOT NULL)
                OR EXISTS (SELECT 1 FROM journal WHERE ballot = $1 AND kind = 'claimed')
            """, .blob(owner.ballot))
        if isKnown > 0 { try LetterBook(office, at: now, in: transaction).notify(kind, owner) }
    }

    // MARK: Which ballot

    private struct Last {
        let id: [UInt8]
        let voter: Int64
        let status: BallotStatus
    }

    private static func check(_ reason: String, for what: String) throws {
        guard !reason.allSatisfy(\.isWhitespace) else {
            throw OfficeError(.usage, "\(what) needs a reason.", hint: "For example: --reason \"The wrong precinct on the roll\"")
        }
    }

    /// Whether the paper is back: what happens to it then is decided about the envelope.
    static func isBack(_ status: BallotStatus) -> Bool {
        switch status {
        case .received, .held, .accepted, .rejected: true
        case .issued, .sent, .undeliverable, .claimed, .delivered, .replaced, .cancelled: false
        }
    }

    private func checkReplaceable(_ last: Last, _ voter: VoterID?, _ election: KeptElection) throws {
        if Self.isBack(last.status) { throw Self.cannot("replaced", last, voter, election) }
    }

    private static func cannot(_ what: String, _ last: Last, _ voter: VoterID?, _ election: KeptElection) -> OfficeError {
        let name = voter.map { Printable.escape($0.text) } ?? "the voter"
        return OfficeError(
            .notAllowed, "The ballot of \(name) is \(last.status.rawValue): it cannot be \(what).",
            hint: isBack(last.status)
                ? "Its envelope is here. Decide about that instead."
                : "`uocava status \(name) --election \(election.definition.id)` shows what happened.")
    }

    /// The voter's last ballot.
    private func last(of voter: VoterID, in election: KeptElection, _ transaction: Transaction) throws -> Last {
        let row = try transaction.first(
            """
            SELECT v.id FROM voter v JOIN request r ON r.voter = v.id AND r.election = $3
            WHERE v.jurisdiction = $1 AND v.number_index = $2
            """, .text(election.definition.jurisdiction.id.text), .blob(office.rollKeys.index("voter number", voter.text)),
            .integer(election.id), decode: { try $0.integer("id") })
        guard let row else {
            throw OfficeError(
                .notFound, "There is no voter \(Printable.quote(voter.text)) in \(election.definition.id).",
                hint: "Give the voter's number as the roll has it; `uocava status --election \(election.definition.id)` lists all.")
        }
        guard let last = try last(of: row, election.id, transaction) else {
            throw OfficeError(
                .notFound, "\(Printable.escape(voter.text)) has no ballot in \(election.definition.id).",
                hint: "`uocava status \(Printable.escape(voter.text)) --election \(election.definition.id)` says why.")
        }
        return last
    }

    private func last(of voter: Int64, _ election: Int64, _ transaction: Transaction) throws -> Last? {
        try transaction.first(
            "SELECT id, status FROM ballot WHERE election = $1 AND voter = $2 ORDER BY sequence DESC LIMIT 1",
            .integer(election), .integer(voter)
        ) { row in
            Last(id: try row.blob("id"), voter: voter, status: BallotStatus(rawValue: try row.text("status")) ?? .cancelled)
        }
    }
}
