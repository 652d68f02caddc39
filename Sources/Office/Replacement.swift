import Elections
import Storage

/// A ballot that `issue` makes in place of another, from the queue of ``BallotDesk``.
struct Replacement: Sendable {
    /// Its row.
    let id: Int64
    /// The ballot that it takes the place of.
    let ballot: LetterBook.Owner

    /// Those that wait in an election, by voter. A row that the journal does not tell of, or that it tells is over, was written by hand, and
    /// nobody gets a ballot for it; neither does who has sent the old one back.
    static func waiting(in election: Int64, _ books: Transaction) throws -> [Int64: Replacement] {
        let rows = try all(in: election, books).filter { !$0.isBack }.map(\.replacement)
        return Dictionary(rows.map { ($0.ballot.voter, $0) }, uniquingKeysWith: { first, _ in first })
    }

    private static func all(in election: Int64, _ books: Transaction) throws -> [(replacement: Replacement, isBack: Bool)] {
        try books.all(
            """
            SELECT p.id, p.voter, p.ballot, b.status FROM replacement p JOIN ballot b ON b.id = p.ballot
            WHERE p.election = $1 AND p.outcome IS NULL AND b.voter = p.voter AND b.election = p.election
                AND EXISTS (SELECT 1 FROM journal j WHERE j.kind = 'replacement_queued' AND j.voter = p.voter AND j.at = p.queued_at
                    AND j.ballot = p.ballot)
                AND NOT EXISTS (SELECT 1 FROM journal k WHERE k.ballot = p.ballot AND k.kind = 'replacement_ended' AND k.at >= p.queued_at)
                AND NOT EXISTS (SELECT 1 FROM ballot n WHERE n.election = b.election AND n.voter = b.voter AND n.sequence > b.sequence)
            ORDER BY p.id
            """, .integer(election)
        ) { row in
            (
                Replacement(
                    id: try row.integer("id"),
                    ballot: LetterBook.Owner(ballot: try row.blob("ballot"), voter: try row.integer("voter"), election: election)),
                BallotDesk.isBack(BallotStatus(rawValue: try row.text("status")) ?? .cancelled)
            )
        }
    }

    /// Ends those whose old ballot came back: the office decides about that one.
    static func endOvertaken(in election: Int64, at now: Instant, _ books: Transaction) throws {
        for row in try all(in: election, books) where row.isBack {
            try BallotDesk.end(row.replacement.id, "overtaken", of: row.replacement.ballot, at: now, in: books)
        }
    }

    /// Sets the old ballot aside, so that the new one can be written.
    ///
    /// - Returns: the journal's entries, which the caller writes; nil where the old one's envelope came meanwhile, and the replacement is over.
    func setAside(_ office: Office, for made: [UInt8], at now: Instant, in books: Transaction) throws -> [JournalEntry]? {
        let word = try books.first("SELECT status FROM ballot WHERE id = $1", .blob(ballot.ballot)) { try $0.text("status") }
        guard let status = word.flatMap(BallotStatus.init), !BallotDesk.isBack(status) else {
            try BallotDesk.end(id, "overtaken", of: ballot, at: now, in: books)
            return nil
        }
        // One that was cancelled is void already.
        guard status != .cancelled else { return [] }
        let (outcome, entry) = try BallotBook.change(
            .replaced, of: ballot, at: now, facts: ["follower": .string(hex(made))], in: books)
        guard case .moved = outcome, let entry else {
            throw OfficeError(
                .broken, "Ballot \(hex(ballot.ballot)) cannot be replaced: it is \(status.rawValue).", hint: "Run `uocava audit`.")
        }
        try BallotDesk.retire(ballot, office, at: now, in: books)
        try BallotDesk.tell(.replaced, ballot, office, at: now, in: books)
        return [entry]
    }

    /// Writes down which ballot it became.
    func end(_ made: [UInt8], at now: Instant, in books: Transaction) throws {
        try books.execute(
            "UPDATE replacement SET outcome = 'issued', made = $2, ended_at = $3 WHERE id = $1 AND outcome IS NULL", .integer(id),
            .blob(made), .integer(now.milliseconds))
    }
}
