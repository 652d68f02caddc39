import Elections
import Storage

/// Envelopes as the books have them, with what the rules must know of each.
struct ReturnEnvelopes {
    private let office: Office

    init(_ office: Office) { self.office = office }

    /// An envelope, and the voter's others.
    struct Found {
        let piece: Int64
        let election: KeptElection
        let voter: Int64
        let ballot: [UInt8]?
        /// `accepted`, `rejected` or `held`; nil: not decided.
        let decision: String?
        let envelope: ReturnRules.Envelope
        let others: [ReturnRules.Envelope]
        /// The voter's own.
        let deadline: LocalTime
        let expectsEmailed: Bool

        /// What stands in the way of accepting it.
        func bar(now: Instant) -> ReturnRules.Bar? {
            ReturnRules.bar(
                toAccepting: envelope, others: others, deadline: deadline.instant(in: election.definition.timeZone), now: now,
                twoBallots: election.definition.twoBallots, expectsEmailed: expectsEmailed)
        }
    }

    private struct Row {
        let id: Int64
        let ballot: [UInt8]?
        let decision: String?
        let envelope: ReturnRules.Envelope
    }

    /// An envelope by its row; nil: there is none.
    func find(_ piece: Int64, in transaction: Transaction) throws -> Found? {
        let place = try transaction.first("SELECT election, voter FROM return_piece WHERE id = $1", .integer(piece)) {
            (election: try $0.integer("election"), voter: try $0.integer("voter"))
        }
        guard let place, let election = try ElectionBook.kept(place.election, in: transaction) else { return nil }
        let rows = try transaction.all(
            """
            SELECT p.id, p.ballot, p.kind, p.received_at, p.decision, b.status FROM return_piece p LEFT JOIN ballot b ON b.id = p.ballot
            WHERE p.election = $1 AND p.voter = $2 ORDER BY p.id
            """, .integer(place.election), .integer(place.voter), decode: row)
        guard let own = rows.first(where: { $0.id == piece }) else { return nil }
        let record = try transaction.first(
            "SELECT id AS request, key_id, sealed FROM request WHERE election = $1 AND voter = $2", .integer(place.election),
            .integer(place.voter), decode: { try office.voter($0) })
        let isOverseas = record.map(election.definition.isOverseas) ?? true
        let isWaitedFor = try transaction.count(
            """
            SELECT count(*) FROM ballot b WHERE b.election = $1 AND b.voter = $2 AND b.status NOT IN ('replaced', 'cancelled')
                AND NOT EXISTS (SELECT 1 FROM return_piece p WHERE p.ballot = b.id)
            """, .integer(place.election), .integer(place.voter))
        return Found(
            piece: piece, election: election, voter: place.voter, ballot: own.ballot, decision: own.decision, envelope: own.envelope,
            others: rows.filter { $0.id != piece }.map(\.envelope),
            deadline: election.definition.deadlines.receipt(overseas: isOverseas), expectsEmailed: isWaitedFor > 0)
    }

    private func row(_ row: ResultRow) throws -> Row {
        let ballot = try row.optionalBlob("ballot")
        let status = try row.optionalText("status")
        let decision = try row.optionalText("decision")
        return Row(
            id: try row.integer("id"), ballot: ballot, decision: decision,
            envelope: ReturnRules.Envelope(
                id: try row.integer("id"), kind: ReturnRules.Kind(rawValue: try row.text("kind")) ?? .ballot,
                receivedAt: Instant(milliseconds: try row.integer("received_at")), isEmailed: ballot != nil,
                isVoid: status == "replaced" || status == "cancelled",
                decision: decision == "accepted" ? .accepted : decision == "rejected" ? .rejected : nil))
    }
}
