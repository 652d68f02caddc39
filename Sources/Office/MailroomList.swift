package import Elections
import Keys
import Storage

extension Mailroom {
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
        /// When it was sent, refused or withdrawn; nil: not yet.
        package let endedAt: Instant?
        /// The relay's last words; nil: none yet.
        package let reply: String?
        /// Of a refused letter, by which kind of fault: a word of `RefusalClass`, or `expired`.
        package let refusal: String?
        /// What came back for it: `hard`, `soft`, `auto_reply` or `complaint`; nil: nothing.
        package let bounce: String?
        /// When that was read.
        package let bouncedAt: Instant?

        /// As `uocava letters list --format json` prints it.
        package var json: JSONValue {
            [
                "letter": .integer(id), "election": .string(election.text), "voter_id": .string(voterID.text), "kind": .string(kind),
                "state": .string(state), "attempts": .integer(Int64(attempts)), "queued_at": .string(queuedAt.rfc3339),
                "due_at": .optional(dueAt?.rfc3339), "ended_at": .optional(endedAt?.rfc3339), "reply": .optional(reply),
                "refusal": .optional(refusal), "bounce": .optional(bounce), "bounced_at": .optional(bouncedAt?.rfc3339)
            ]
        }
    }

    /// Which letters to list; everything that is given must hold.
    package struct Filter: Sendable {
        /// Of this election.
        package var election: ElectionID?
        /// In this state.
        package var state: String?
        /// Of this kind.
        package var kind: String?
        /// To this voter.
        package var voter: VoterID?
        /// With this bounce; `any`: with one.
        package var bounce: String?
        /// Put into the outbox at this moment or later.
        package var since: Instant?
        /// The newest so many; nil: all.
        package var newest: Int?

        /// Everything.
        package init() {}
    }

    /// The letters, oldest first.
    ///
    /// - Throws: ``OfficeError`` `usage` for a word that no letter ever has, `notFound` for the election or the voter.
    package func list(_ filter: Filter) throws -> [Line] {
        try Self.check(filter.state, among: ["queued", "sending", "deferred", "sent", "refused", "withdrawn"], "No letter is ever")
        try Self.check(filter.kind, among: LetterKind.allCases.map(\.rawValue), "There is no kind of letter called")
        try Self.check(filter.bounce, among: ["hard", "soft", "auto_reply", "complaint", "any"], "There is no kind of bounce called")
        return try office.books.read { transaction in
            let kept = try filter.election.map { try ElectionBook.find($0, in: transaction) }
            let number = filter.voter.map { office.rollKeys.index("voter number", $0.text) }
            if let number, let voter = filter.voter {
                guard try transaction.count("SELECT count(*) FROM voter WHERE number_index = $1", .blob(number)) > 0 else {
                    throw OfficeError(.notFound, "There is no voter \(Printable.quote(voter.text)) in this office.")
                }
            }
            let lines = try transaction.all(
                """
                SELECT l.id, e.code, l.kind, l.state, l.attempts, l.queued_at, l.due_at, l.ended_at, l.reply, l.refusal, l.bounce, l.bounced_at,
                    r.id AS request, r.key_id, r.sealed
                FROM letter l JOIN election e ON e.id = l.election JOIN request r ON r.election = l.election AND r.voter = l.voter
                    JOIN voter v ON v.id = l.voter
                WHERE ($1 IS NULL OR l.election = $1) AND ($2 IS NULL OR l.state = $2) AND ($3 IS NULL OR l.kind = $3)
                    AND ($4 IS NULL OR v.number_index = $4) AND ($5 IS NULL OR l.bounce = $5 OR ($5 = 'any' AND l.bounce IS NOT NULL))
                    AND ($6 IS NULL OR l.queued_at >= $6)
                ORDER BY l.id DESC LIMIT $7
                """, .integer(orNull: kept?.id), .text(orNull: filter.state), .text(orNull: filter.kind), .blob(orNull: number),
                .text(orNull: filter.bounce), .integer(orNull: filter.since?.milliseconds), .integer(filter.newest.map(Int64.init) ?? -1),
                decode: line)
            return lines.reversed()
        }
    }

    private static func check(_ word: String?, among known: [String], _ what: String) throws {
        guard let word, !known.contains(word) else { return }
        throw OfficeError(.usage, "\(what) \"\(Printable.escape(word))\".", hint: "Use one of: \(known.joined(separator: ", ")).")
    }

    private func line(_ row: ResultRow) throws -> Line {
        let record = try office.voter(row)
        let state = try row.text("state")
        let waits = state == "queued" || state == "deferred"
        return Line(
            id: try row.integer("id"), election: ElectionID(try row.text("code")), voterID: record.voterID,
            kind: try row.text("kind"), state: state, attempts: Int(try row.integer("attempts")),
            queuedAt: Instant(milliseconds: try row.integer("queued_at")),
            dueAt: waits ? Instant(milliseconds: try row.integer("due_at")) : nil,
            endedAt: try row.optionalInteger("ended_at").map { Instant(milliseconds: $0) }, reply: try row.optionalText("reply"),
            refusal: try row.optionalText("refusal"), bounce: try row.optionalText("bounce"),
            bouncedAt: try row.optionalInteger("bounced_at").map { Instant(milliseconds: $0) })
    }
}
