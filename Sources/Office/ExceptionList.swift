import Elections
import Storage

/// What a person must look at: one open line for a voter and a kind, cleared when the reason is gone, never deleted.
package enum ExceptionList {
    /// Why a voter is on the list.
    package enum Kind: String, Sendable, CaseIterable {
        /// A row of the roll could not be read and is held back.
        case held
        /// The e-mail address changed after a link was sent and before it was used.
        case needsNewLink = "needs_new_link"
        /// The voter would now get another ballot style than the one issued.
        case styleChanged = "style_changed"
        /// The voter became protected after a ballot was issued.
        case nowProtected = "now_protected"
        /// The style was corrected after this voter's ballot was issued.
        case styleRevised = "style_revised"
        case noEmail = "no_email"
        case styleUnresolved = "style_unresolved"
        case packetMissing = "packet_missing"
        case unprintable
        case protected
        /// A line of the address could not be printed; the voter writes it in by hand.
        case addressByHand = "address_by_hand"
        /// The relay refused the letter: telephone or write by post.
        case letterRefused = "letter_refused"
        /// The letter came back: telephone or write by post.
        case letterBounced = "letter_bounced"
        /// Too many wrong answers: the link was retired.
        case linkRetired = "link_retired"
        /// The counter reported what cannot have happened.
        case counterEvent = "counter_event"

        /// The kinds that `issue` finds and clears by itself.
        static func of(_ bucket: Bucket) -> Kind? {
            switch bucket {
            case .noEmail: .noEmail
            case .styleUnresolved: .styleUnresolved
            case .packetMissing: .packetMissing
            case .unprintable: .unprintable
            case .protected: .protected
            case .issued, .alreadyIssued, .byMail, .notEligible, .held: nil
            }
        }
    }

    /// Puts a voter on the list; a line that is open already keeps its date and gets the new detail.
    static func add(_ kind: Kind, voter: Int64, election: Int64, detail: String, at moment: Instant, in transaction: Transaction) throws {
        let known = try transaction.execute(
            "UPDATE exception SET detail = $4 WHERE election = $1 AND voter = $2 AND kind = $3 AND cleared_at IS NULL",
            .integer(election), .integer(voter), .text(kind.rawValue), .text(detail))
        guard known == 0 else { return }
        try transaction.execute(
            "INSERT INTO exception (election, voter, kind, detail, since) VALUES ($1, $2, $3, $4, $5)", .integer(election),
            .integer(voter), .text(kind.rawValue), .text(detail), .integer(moment.milliseconds))
        try journal(.exceptionOpened, kind, election: election, voter: voter, at: moment, in: transaction)
    }

    /// Takes a voter off the list.
    static func clear(_ kinds: [Kind], voter: Int64, election: Int64, at moment: Instant, in transaction: Transaction) throws {
        for kind in kinds {
            let cleared = try transaction.execute(
                "UPDATE exception SET cleared_at = $4 WHERE election = $1 AND voter = $2 AND kind = $3 AND cleared_at IS NULL",
                .integer(election), .integer(voter), .text(kind.rawValue), .integer(moment.milliseconds))
            if cleared > 0 { try journal(.exceptionCleared, kind, election: election, voter: voter, at: moment, in: transaction) }
        }
    }

    /// Puts a row of the roll on the list that could not be read.
    static func hold(_ row: Int64, election: Int64, detail: String, at moment: Instant, in transaction: Transaction) throws {
        try transaction.execute(
            "INSERT INTO exception (election, held_row, kind, detail, since) VALUES ($1, $2, $3, $4, $5)", .integer(election),
            .integer(row), .text(Kind.held.rawValue), .text(detail), .integer(moment.milliseconds))
        try journal(.exceptionOpened, .held, election: election, heldRow: row, at: moment, in: transaction)
    }

    /// Takes a row of the roll off the list: a newer one came.
    static func unhold(_ row: Int64, election: Int64, at moment: Instant, in transaction: Transaction) throws {
        let cleared = try transaction.execute(
            "UPDATE exception SET cleared_at = $2 WHERE held_row = $1 AND cleared_at IS NULL", .integer(row), .integer(moment.milliseconds))
        if cleared > 0 { try journal(.exceptionCleared, .held, election: election, heldRow: row, at: moment, in: transaction) }
    }

    /// Whoever takes somebody off the list by hand contradicts the journal. The detail may quote a relay or a roll, and stays out.
    private static func journal(
        _ entry: JournalEntry.Kind, _ kind: Kind, election: Int64, voter: Int64? = nil, heldRow: Int64? = nil, at moment: Instant,
        in transaction: Transaction
    ) throws {
        var facts: [String: JSONValue] = ["exception": .string(kind.rawValue)]
        if let heldRow { facts["held_row"] = .integer(heldRow) }
        try Journal.append([JournalEntry(entry, election: election, voter: voter, facts: facts)], at: moment, in: transaction)
    }
}
