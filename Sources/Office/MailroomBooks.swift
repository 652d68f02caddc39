import Elections
import Keys
import Mail
import Storage

/// A letter that a sender has in hand. A class, because it goes from hand to hand and holds the whole record of a voter.
final class LetterInHand: Sendable {
    let id: Int64
    /// Whose it is.
    let owner: LetterBook.Owner
    /// Whom it goes to.
    let address: String
    /// The part behind the `@`, in lower case.
    let domain: String
    let link: Link?
    let kind: LetterKind
    let attempts: Int64
    let queuedAt: Instant
    /// What only this letter knows.
    let detail: LetterDetail
    /// Of the ballot, for the notices that lead to its tracking page; nil in other letters.
    let tracking: TrackingCode?
    /// Whether the voter has opened the ballot, or it has come back or is void, by the books.
    let isOpened: Bool
    let record: VoterRecord

    struct Link: Sendable {
        let id: [UInt8]
        let keyID: String
        /// Whether the books know a newer one.
        let isEnded: Bool
    }

    init(
        id: Int64, owner: LetterBook.Owner, link: Link?, kind: LetterKind, attempts: Int64, queuedAt: Instant, detail: LetterDetail,
        tracking: TrackingCode?, isOpened: Bool, record: VoterRecord
    ) {
        self.id = id
        self.owner = owner
        self.link = link
        self.kind = kind
        self.attempts = attempts
        self.queuedAt = queuedAt
        self.detail = detail
        self.tracking = tracking
        self.isOpened = isOpened
        self.record = record
        let address = detail.address ?? record.email
        self.address = address
        domain = String(address[(address.lastIndex(of: "@").map { address.index(after: $0) } ?? address.endIndex)...]).lowercased()
    }
}

/// What is sealed into a letter's row.
struct LetterDetail: Sendable, Equatable {
    /// Where it goes, if not to the address on the roll.
    var address: String?
    /// Why a ballot was rejected, as ``RejectionReason/text``.
    var reason: String?

    init(address: String? = nil, reason: String? = nil) {
        self.address = address
        self.reason = reason
    }

    func sealed(for letter: Int64, keys: RollKeys) -> (sealed: [UInt8], keyID: String) {
        var members: [String: JSONValue] = [:]
        if let address { members["address"] = .string(address) }
        if let reason { members["reason"] = .string(reason) }
        return keys.seal(JSONValue.object(members).canonical, table: "letter", id: RowID.bytes(letter))
    }

    init(sealed: [UInt8], keyID: String, letter: Int64, keys: RollKeys) throws {
        let value = try JSONValue.parse(try keys.open(sealed, table: "letter", id: RowID.bytes(letter), keyID: keyID))
        self.init(address: value["address"]?.stringValue, reason: value["reason"]?.stringValue)
    }
}

/// What came of a letter that was in hand.
enum LetterAnswer: Sendable, Equatable {
    case sent(reply: String)
    /// Tried again after so many seconds.
    case deferred(reply: String, seconds: Int64)
    /// For good; `fault` is a word of `RefusalClass`, `expired`, or `address` where the address on the roll cannot be one.
    case refused(reply: String, fault: String)
    /// Its link was replaced: the letter with the new one goes out instead.
    case withdrawn

    var state: String {
        switch self {
        case .sent: "sent"
        case .deferred: "deferred"
        case .refused: "refused"
        case .withdrawn: "withdrawn"
        }
    }

    /// What the journal says of it as of a ballot; nil: a withdrawal is no event of one.
    var event: EventKind? {
        switch self {
        case .sent: .letterSent
        case .deferred: .letterDeferred
        case .refused: .letterRefused
        case .withdrawn: nil
        }
    }

    /// Whether the relay says that the voter's address cannot be reached, rather than that it does not like us or the letter.
    var blamesAddress: Bool {
        guard case .refused(_, let fault) = self else { return false }
        return fault == RefusalClass.address.rawValue || fault == RefusalClass.mailbox.rawValue
    }

    var reply: String? {
        switch self {
        case .sent(let reply), .deferred(let reply, _), .refused(let reply, _): reply
        case .withdrawn: nil
        }
    }
}

/// A letter that was in hand and goes back; nothing of it was sent.
struct ReturnedLetter: Sendable {
    let id: Int64
    /// When it may be taken again; nil: at once.
    let dueAt: Instant?
    /// Why it cannot be written; nil: nothing is wrong with it.
    let fault: String?
}

/// The outbox as one sender works on it: which letters it has in hand, and what came of them.
///
/// A row is committed as `sending` with a lease before its letter leaves, and its answer after. Whoever dies leaves a lease that runs out.
struct MailroomBooks: Sendable {
    let office: Office
    /// Who has the letters in hand; another name for each sender that ever was.
    let sender: String

    init(_ office: Office) {
        self.office = office
        sender = hex(SystemRandom.bytes(8))
    }

    // MARK: Taking

    /// Takes letters that are due in hand, oldest first; none while the mail is paused.
    func lease(_ limit: Int, in transaction: Transaction) throws -> [Int64] {
        // Not before the lock is held: whoever had it meanwhile leased for longer than we would, and that is no planted lease.
        let now = office.clock.now()
        return try transaction.all(
            """
            UPDATE letter SET state = 'sending', leased_by = $2, lease_until = $3 WHERE id IN
                (SELECT id FROM letter WHERE ended_at IS NULL AND due_at <= $1 AND
                    (leased_by IS NULL OR leased_by <> $2) AND
                    (state <> 'sending' OR lease_until IS NULL OR lease_until <= $1 OR lease_until > $4)
                    AND (SELECT mail_paused_at FROM office WHERE id = 1) IS NULL
                 ORDER BY due_at, id LIMIT $5)
            RETURNING id
            """, .integer(now.milliseconds), .text(sender), .integer(Self.leaseEnd(now)),
            // No lease of ours ends so late, also where the clock was set back a little.
            .integer(now.adding(seconds: 2 * Mailroom.leaseSeconds).milliseconds), .integer(Int64(limit))
        ) { try $0.integer("id") }.sorted()
    }

    /// Reads what is in letters that are in hand.
    ///
    /// - Returns: the letters, and those that cannot be written as the books stand, with the reason; the audit says more of them, and they
    ///   must not come back at once.
    func read(_ ids: [Int64]) throws -> (letters: [LetterInHand], returned: [ReturnedLetter]) {
        try office.books.read { transaction in
            let statement = try transaction.prepare(Self.content)
            var letters: [LetterInHand] = []
            var returned: [ReturnedLetter] = []
            for id in ids {
                var fault = "its voter, ballot and link do not belong together: run uocava audit"
                do {
                    if let letter = try read(id, with: statement) {
                        letters.append(letter)
                        continue
                    }
                } catch let error where error is OfficeError || error is KeysError || error is Problem {
                    // One record that somebody changed must not keep the others from their letters.
                    fault = "its record was changed: run uocava audit"
                }
                returned.append(ReturnedLetter(id: id, dueAt: office.clock.now().adding(seconds: 3600), fault: fault))
            }
            return (letters, returned)
        }
    }

    private static let content = """
        SELECT l.election, l.voter, l.ballot, l.link, l.kind, l.attempts, l.queued_at, l.key_id AS letter_key, l.sealed AS letter_sealed,
            k.key_id AS link_key, k.ended_at IS NOT NULL AS ended, b.key_id AS ballot_key, b.sealed AS ballot_sealed, b.status,
            r.id AS request, r.key_id, r.sealed, r.fingerprint
        FROM letter l JOIN request r ON r.election = l.election AND r.voter = l.voter
            JOIN ballot b ON b.id = l.ballot AND b.election = l.election AND b.voter = l.voter LEFT JOIN link k ON k.id = l.link
        WHERE l.id = $1 AND (l.link IS NULL OR k.ballot = l.ballot)
        """

    /// - Returns: nil where the row's parts are of different voters or ballots.
    private func read(_ id: Int64, with statement: PreparedStatement) throws -> LetterInHand? {
        try statement.first(.integer(id)) { row in
            guard let kind = LetterKind(rawValue: try row.text("kind")) else { return nil }
            let ballot = try row.blob("ballot")
            var detail = LetterDetail()
            if let sealed = try row.optionalBlob("letter_sealed") {
                detail = try LetterDetail(sealed: sealed, keyID: try row.text("letter_key"), letter: id, keys: office.rollKeys)
            }
            // Only what was said to an old address may go anywhere but to the roll's, and that must.
            guard (kind == .addressChanged) == (detail.address != nil) else { return nil }
            var tracking: TrackingCode?
            if !kind.hasBallotLink, kind != .addressChanged {
                tracking =
                    try BallotSecrets(
                        sealed: try row.blob("ballot_sealed"), keyID: try row.text("ballot_key"), ballot: ballot, keys: office.rollKeys
                    ).trackingCode
            }
            return LetterInHand(
                id: id,
                owner: LetterBook.Owner(ballot: ballot, voter: try row.integer("voter"), election: try row.integer("election")),
                link: try row.optionalBlob("link").map {
                    LetterInHand.Link(id: $0, keyID: try row.text("link_key"), isEnded: try row.flag("ended"))
                },
                kind: kind, attempts: try row.integer("attempts"), queuedAt: Instant(milliseconds: try row.integer("queued_at")),
                detail: detail, tracking: tracking,
                isOpened: BallotStatus(rawValue: try row.text("status"))?.isUnclaimed == false,
                record: try office.currentVoter(row))
        }.flatMap { $0 }
    }

    private static func leaseEnd(_ now: Instant) -> Int64 { now.adding(seconds: Mailroom.leaseSeconds).milliseconds }

    /// Makes the leases of these letters run from now on; whoever is slow is not dead.
    ///
    /// - Returns: the letters that are not ours any more.
    func renew(_ letters: [Int64], in transaction: Transaction) throws -> [Int64] {
        let until = Self.leaseEnd(office.clock.now())
        return try letters.filter { letter in
            try transaction.execute(
                "UPDATE letter SET lease_until = $3 WHERE id = $1 AND state = 'sending' AND leased_by = $2", .integer(letter),
                .text(sender),
                .integer(until)) == 0
        }
    }

    /// Puts letters back into the outbox.
    func giveBack(_ letters: [ReturnedLetter], in transaction: Transaction) throws {
        for letter in letters {
            try transaction.execute(
                """
                UPDATE letter SET state = CASE WHEN attempts = 0 AND $4 IS NULL THEN 'queued' ELSE 'deferred' END, leased_by = NULL,
                    lease_until = NULL, due_at = coalesce($3, due_at), reply = coalesce($4, reply)
                WHERE id = $1 AND state = 'sending' AND leased_by = $2
                """, .integer(letter.id), .text(sender), .integer(orNull: letter.dueAt?.milliseconds), .text(orNull: letter.fault))
        }
    }

    // MARK: Answers

    /// The letters' new states and the journal's rows, in the caller's transaction; each only while its lease is ours.
    ///
    /// - Returns: false for those whose lease is not, of which nothing was written.
    func record(_ answers: [(letter: LetterInHand, answer: LetterAnswer)], in transaction: Transaction) throws -> [Bool] {
        let now = office.clock.now()
        let book = LetterBook(office, at: now, in: transaction)
        let update = try transaction.prepare(
            """
            UPDATE letter SET state = $3, attempts = attempts + ($3 <> 'withdrawn'), reply = $4, refusal = $7, leased_by = NULL, lease_until = NULL,
                due_at = coalesce($5, due_at), ended_at = CASE WHEN $5 IS NULL THEN $6 ELSE NULL END
            WHERE id = $1 AND state = 'sending' AND leased_by = $2
            """)
        var entries: [JournalEntry] = []
        let kept = try answers.map { letter, answer in
            guard try set(letter, answer, at: now, with: update) else { return false }
            guard let event = answer.event else {
                entries.append(LetterBook.withdrawn(letter.id, letter.kind, link: letter.link?.id, of: letter.owner))
                return true
            }
            var facts = LetterBook.facts(of: letter.id, letter.kind, link: letter.link?.id)
            if let reply = answer.reply { facts["reply"] = .string(reply) }
            if case .refused(_, let fault) = answer { facts["fault"] = .string(fault) }
            if let entry = try book.change(event, letter.kind, of: letter.owner, facts) { entries.append(entry) }
            return true
        }
        try Journal.append(entries, at: now, in: transaction)
        for (isKept, (letter, answer)) in zip(kept, answers) {
            // An old address that does not work any more is what one expects.
            guard isKept, case .refused(let reply, _) = answer, letter.kind != .addressChanged else { continue }
            try ExceptionList.add(
                .letterRefused, voter: letter.owner.voter, election: letter.owner.election,
                detail:
                    "The letter was refused: \(reply.isEmpty ? "no reason given" : LetterBook.withoutFullStop(reply)). Telephone, or write by post.",
                at: now, in: transaction)
        }
        return kept
    }

    private func set(_ letter: LetterInHand, _ answer: LetterAnswer, at now: Instant, with update: PreparedStatement) throws -> Bool {
        var dueAt: Instant?
        var fault: String?
        switch answer {
        case .deferred(_, let seconds): dueAt = now.adding(seconds: seconds)
        case .refused(_, let word): fault = word
        case .sent, .withdrawn: break
        }
        return try update.execute(
            .integer(letter.id), .text(sender), .text(answer.state), .text(orNull: answer.reply), .integer(orNull: dueAt?.milliseconds),
            .integer(now.milliseconds), .text(orNull: fault)) == 1
    }
}
