import Elections
import Keys
import Storage

/// Puts letters into the outbox, and what becomes of them into the journal.
struct LetterBook {
    private let office: Office
    private let now: Instant
    private let transaction: Transaction

    init(_ office: Office, at now: Instant, in transaction: Transaction) {
        self.office = office
        self.now = now
        self.transaction = transaction
    }

    /// Whose letter it is: rows of the books.
    struct Owner: Sendable {
        let ballot: [UInt8]
        let voter: Int64
        let election: Int64
    }

    /// Queues a letter; the journal's row is in the same transaction. A second one of its kind for the same link is left alone.
    ///
    /// - Parameter link: of the kinds that lead to the ballot; nil in the others.
    /// - Returns: false where there was one already.
    @discardableResult
    func queue(_ kind: LetterKind, link: [UInt8]? = nil, to owner: Owner, detail: LetterDetail = LetterDetail()) throws -> Bool {
        let id = try transaction.first(
            """
            INSERT INTO letter (election, voter, ballot, link, kind, state, queued_at, due_at) VALUES ($1, $2, $3, $4, $5, 'queued', $6, $6)
            ON CONFLICT (link, kind) DO NOTHING RETURNING id
            """, .integer(owner.election), .integer(owner.voter), .blob(owner.ballot), .blob(orNull: link), .text(kind.rawValue),
            .integer(now.milliseconds), decode: { try $0.integer("id") })
        guard let id else { return false }
        var sealed: [UInt8]?
        if detail != LetterDetail() {
            // The seal is bound to the row's number, which is known only now.
            let box = detail.sealed(for: id, keys: office.rollKeys)
            sealed = box.sealed
            try transaction.execute(
                "UPDATE letter SET sealed = $2, key_id = $3 WHERE id = $1", .integer(id), .blob(box.sealed), .text(box.keyID))
        }
        try Journal.append([Self.queued(id, kind, link: link, to: owner, sealed: sealed)], at: now, in: transaction)
        return true
    }

    /// The journal's entry of a letter that was put into the outbox: all that its row may say, so that the audit finds a row that was planted
    /// or changed.
    ///
    /// - Parameter sealed: the row's sealed part, of which the journal keeps the hash.
    static func queued(_ letter: Int64, _ kind: LetterKind, link: [UInt8]?, to owner: Owner, sealed: [UInt8]? = nil) -> JournalEntry {
        var facts = facts(of: letter, kind, link: link)
        if let sealed { facts["sealed"] = .string(hex(SHA256.hash(sealed))) }
        return entry(.letterQueued, kind, of: owner, facts)
    }

    /// What the journal's rows about one letter have in common.
    static func facts(of letter: Int64, _ kind: LetterKind, link: [UInt8]?) -> [String: JSONValue] {
        var facts: [String: JSONValue] = ["letter": .integer(letter), "letter_kind": .string(kind.rawValue)]
        if let link { facts["link"] = .string(hex(link)) }
        return facts
    }

    /// The journal's entry of a letter that will not go out, because its link opens nothing any more or the voter needs it no more.
    static func withdrawn(_ letter: Int64, _ kind: LetterKind, link: [UInt8]?, of owner: Owner) -> JournalEntry {
        JournalEntry(
            .letterWithdrawn, election: owner.election, voter: owner.voter, ballot: owner.ballot,
            facts: facts(of: letter, kind, link: link))
    }

    /// Withdraws the letters with a link to a ballot; those that a sender has in hand find their link dead.
    func withdrawLinks(to owner: Owner) throws { try withdraw("link IS NOT NULL", to: owner) }

    /// Withdraws what would tell a voter of a decision that was taken back.
    func withdrawDecision(to owner: Owner) throws { try withdraw("(kind = 'accepted' OR kind = 'rejected')", to: owner) }

    private func withdraw(_ condition: String, to owner: Owner) throws {
        let letters = try transaction.all(
            """
            UPDATE letter SET state = 'withdrawn', ended_at = $2, lease_until = NULL, leased_by = NULL
            WHERE ballot = $1 AND \(condition) AND state IN ('queued', 'deferred') RETURNING id, kind, link
            """, .blob(owner.ballot), .integer(now.milliseconds)
        ) { (id: try $0.integer("id"), kind: LetterKind(rawValue: try $0.text("kind")), link: try $0.optionalBlob("link")) }
        let entries = letters.compactMap { letter in letter.kind.map { Self.withdrawn(letter.id, $0, link: letter.link, of: owner) } }
        try Journal.append(entries, at: now, in: transaction)
    }

    /// Queues a notice to a voter's address on the roll; voters without one get none.
    func notify(_ kind: LetterKind, _ owner: Owner, detail: LetterDetail = LetterDetail()) throws {
        let hasAddress = try transaction.count(
            "SELECT count(*) FROM request WHERE election = $1 AND voter = $2 AND email_index IS NOT NULL", .integer(owner.election),
            .integer(owner.voter))
        if hasAddress > 0 { try queue(kind, to: owner, detail: detail) }
    }

    /// Writes what happened to a letter.
    func note(_ event: EventKind, _ kind: LetterKind, of owner: Owner, _ facts: [String: JSONValue]) throws {
        if let entry = try change(event, kind, of: owner, facts) { try Journal.append([entry], at: now, in: transaction) }
    }

    /// The journal's entry of what happened to a letter, which the caller writes; the ballot's status has changed by then.
    func change(_ event: EventKind, _ kind: LetterKind, of owner: Owner, _ facts: [String: JSONValue]) throws -> JournalEntry? {
        if kind.hasBallotLink { return try BallotBook.change(event, of: owner, at: now, facts: facts, in: transaction).entry }
        return Self.entry(event, kind, of: owner, facts)
    }

    /// What becomes of a notice says nothing of the ballot, which stands where it stood, and has a kind of row of its own.
    private static func entry(_ event: EventKind, _ kind: LetterKind, of owner: Owner, _ facts: [String: JSONValue]) -> JournalEntry {
        if kind.hasBallotLink {
            return JournalEntry(.ballot(event), election: owner.election, voter: owner.voter, ballot: owner.ballot, facts: facts)
        }
        var facts = facts
        facts["event"] = .string(event.rawValue)
        return JournalEntry(.noticeLetter, election: owner.election, voter: owner.voter, ballot: owner.ballot, facts: facts)
    }

    /// A reply in the middle of a sentence; relays and addresses' faults end in a full stop or not.
    static func withoutFullStop(_ text: String) -> String { text.hasSuffix(".") ? String(text.dropLast()) : text }
}
