package import Elections
import Keys
package import Storage

/// One line of the journal before it is written.
package struct JournalEntry: Sendable {
    /// What the journal records besides the events of a ballot (`EventKind`); each kind's facts are named here.
    package enum Kind: Sendable, Equatable {
        /// Something happened to a ballot; facts as given by the desk that records it.
        case ballot(EventKind)
        /// The office was made. `test`.
        case officeMade
        /// An election or a new definition of it came in. `code`, `definition` and `texts` (SHA-256), and where there are any the office's own
        /// PDFs: `inserts` {path: {sha256, length, pages, repaired}}.
        case electionImported
        /// A ballot style's revision came in, or new pages around its ballot. `style`, `revision`, `name`, `party`, `scope`, `precincts`,
        /// `files` {language: SHA-256}, `lengths` {language: bytes}, `bases` {language/paper/instructions: {sha256, plan}}: all that are in use
        /// from then on, `repaired`.
        case styleImported
        /// A ballot style is not in the election's folder any more. `style`, `revision`.
        case styleWithdrawn
        /// A roll came in. `file` (SHA-256), `new`, `changed`, `unchanged`, `refused`, `roll` (``IssueBasis``'s hash of all of it).
        case rollImported
        /// Ballots were issued. `batch`, `buckets`, `total`, and the `approval` where a second person had to say yes.
        case batchFinished
        /// Leftovers of an interrupted run were cleared away. `packets`, `links`, and how much above the marks was not the office's:
        /// `foreign_packets`, `foreign_links`. With a ballot: the `link` of a replacement that was `finished` or `ended`.
        case interruptedCleared
        /// A protected voter's ballot was released for issuing.
        case released
        /// A link was retired after too many wrong answers. `link`.
        case linkRetired
        /// A line came onto the list of what a person must look at. `exception`, and `held_row` where it is about a row of a roll.
        case exceptionOpened
        /// A line of that list was cleared. As above.
        case exceptionCleared
        /// The counter reported something that cannot have happened. `counter_kind`, `counter_seq`, `link`, `why`; without a ballot, of links
        /// that are not ours: `events`, `first`.
        case counterEventRefused
        /// Something happened to a letter without a link to the ballot, which says nothing of the ballot. `event` (as of a ballot), `letter`,
        /// `letter_kind`, and where there is one `reply`.
        case noticeLetter
        /// A letter will not go out: its link opens nothing any more, or the voter needs it no more. `letter`, `letter_kind`, `link`.
        case letterWithdrawn
        /// Something came back for a letter that moves no ballot: for the moment only, automatic, or for a link that is no longer the voter's.
        /// `letter`, `bounce`, `status` (RFC 3463).
        case bounceNoted
        /// Somebody stopped all sending.
        case mailPaused
        /// Letters go out again.
        case mailResumed
        /// Something happened to an envelope without a ballot of ours in it: `received`, `held`, `accepted`, `rejected` or `reversed`. `piece`,
        /// `piece_kind` and `received_at` of one that came, `reason_code` and `reason` as of a ballot.
        case piece(EventKind)
        /// A ballot was sent to a voter outside of the program. `date`, `method`, `ballot_number`.
        case transmitted
        /// Somebody asked for what needs a second person. `approval`, `approval_kind`, `piece` of a reversal, `basis` of a batch.
        case approvalAsked
        /// The second person said yes or no, or the first thought better of it. `approval`, `outcome`.
        case approvalDecided
        /// The next `issue` makes a ballot in place of this one. `replacement`, `reason` (sealed).
        case replacementQueued
        /// A replacement ended without a ballot. `replacement`, `outcome`: `withdrawn`, or `overtaken` by the old one's envelope.
        case replacementEnded
        /// Somebody wrote down what others should know of a voter. `note`, sealed.
        case noted
        /// Somebody may sign in at the desk. `login`, `role`, `jurisdictions` (empty: all).
        case staffAdded
        /// Somebody chose a password and showed a first code. `login`.
        case staffEnrolled
        /// Somebody gets a new password and a new secret for codes, and begins anew. `login`.
        case staffReset
        /// Somebody may no longer sign in. `login`.
        case staffDisabled
        /// Somebody signed in. `login`, `with`: `code`, `recovery_code`, `invitation`.
        case signedIn
        /// Somebody ended a session. `login`.
        case signedOut
        /// An account rests after wrong sign-ins. `login`, `failures`.
        case signInRests

        /// The word in the journal.
        package var word: String {
            switch self {
            case .ballot(let event): event.rawValue
            case .officeMade: "office_made"
            case .electionImported: "election_imported"
            case .styleImported: "style_imported"
            case .styleWithdrawn: "style_withdrawn"
            case .rollImported: "roll_imported"
            case .batchFinished: "batch_finished"
            case .interruptedCleared: "interrupted_cleared"
            case .released: "released"
            case .linkRetired: "link_retired"
            case .exceptionOpened: "exception_opened"
            case .exceptionCleared: "exception_cleared"
            case .counterEventRefused: "counter_event_refused"
            case .noticeLetter: "notice_letter"
            case .letterWithdrawn: "letter_withdrawn"
            case .bounceNoted: "bounce_noted"
            case .mailPaused: "mail_paused"
            case .mailResumed: "mail_resumed"
            case .piece(let event): "piece_\(event.rawValue)"
            case .transmitted: "transmitted"
            case .approvalAsked: "approval_asked"
            case .approvalDecided: "approval_decided"
            case .replacementQueued: "replacement_queued"
            case .replacementEnded: "replacement_ended"
            case .noted: "noted"
            case .staffAdded: "staff_added"
            case .staffEnrolled: "staff_enrolled"
            case .staffReset: "staff_reset"
            case .staffDisabled: "staff_disabled"
            case .signedIn: "signed_in"
            case .signedOut: "signed_out"
            case .signInRests: "sign_in_rests"
            }
        }
    }

    /// What happened.
    package let kind: Kind
    /// The row of the election, if it is about one.
    package let election: Int64?
    /// The row of the voter, if it is about one: a number without meaning outside this office.
    package let voter: Int64?
    /// The ballot's id, 16 bytes, if it is about one.
    package let ballot: [UInt8]?
    /// Nothing personal: the journal may be shown to anybody who audits.
    package let facts: [String: JSONValue]

    /// An entry; its number, time and hash come when it is appended.
    package init(
        _ kind: Kind, election: Int64? = nil, voter: Int64? = nil, ballot: [UInt8]? = nil, facts: [String: JSONValue] = [:]
    ) {
        self.kind = kind
        self.election = election
        self.voter = voter
        self.ballot = ballot
        self.facts = facts
    }
}

/// Everything that happened, in order, each row carrying the hash of the one before: what was written cannot be changed without every later
/// hash changing too.
package enum Journal {
    /// The hash before the first row.
    static let beginning = [UInt8](repeating: 0, count: 32)

    /// Writes entries behind the last row, in the caller's transaction: they are there if and only if what they tell of is.
    package static func append(_ entries: [JournalEntry], at moment: Instant, in transaction: Transaction) throws {
        guard !entries.isEmpty else { return }
        let last = try transaction.first("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1") {
            (seq: try $0.integer("seq"), hash: try $0.blob("hash"))
        }
        var seq = last?.seq ?? 0
        var hash = last?.hash ?? beginning
        let at = moment.rfc3339
        let insert = try transaction.prepare(
            "INSERT INTO journal (seq, at, kind, election, voter, ballot, canonical, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        for entry in entries {
            seq += 1
            let canonical = canonical(entry, seq: seq, at: at)
            hash = link(after: hash, canonical)
            try insert.execute(
                .integer(seq), .integer(moment.milliseconds), .text(entry.kind.word), .integer(orNull: entry.election),
                .integer(orNull: entry.voter), .blob(orNull: entry.ballot), .blob(canonical), .blob(hash))
        }
    }

    /// The hash of a row: SHA-256 over the hash of the row before and the row's canonical bytes.
    static func link(after previous: [UInt8], _ canonical: [UInt8]) -> [UInt8] { SHA256.hash(previous, canonical) }

    /// What a row says, as canonical JSON (sorted keys, no white space); the columns beside it are copies for look-ups. `by` and `from` name
    /// the ``Actor``, where it is one.
    private static func canonical(_ entry: JournalEntry, seq: Int64, at: String) -> [UInt8] {
        var members = entry.facts
        members["seq"] = .integer(seq)
        members["at"] = .string(at)
        members["kind"] = .string(entry.kind.word)
        if let election = entry.election { members["election"] = .integer(election) }
        if let voter = entry.voter { members["voter"] = .integer(voter) }
        if let ballot = entry.ballot { members["ballot"] = .string(hex(ballot)) }
        if let actor = Actor.current {
            members["by"] = .string(actor.name)
            if let address = actor.address { members["from"] = .string(address) }
        }
        return JSONValue.object(members).canonical
    }
}

/// What can happen to a ballot, done once: the guarded change of status and the journal row that tells of it, in one transaction.
enum BallotBook {
    /// What came of an event.
    enum Outcome: Equatable {
        /// The status moved.
        case moved(BallotStatus)
        /// It is written down and changes nothing, such as a letter's answer that comes after the claim.
        case noted(BallotStatus)
        /// It cannot happen to a ballot that stands there; nothing was written.
        case impossible(BallotStatus)
        /// There is no such ballot.
        case unknown
    }

    /// Records an event of a ballot.
    ///
    /// The status moves by one guarded `UPDATE`: two clerks who decide at once, or a claim and a refusal of its letter, cannot both win.
    static func record(
        _ event: EventKind, ballot: [UInt8], at moment: Instant, facts: [String: JSONValue] = [:], in transaction: Transaction
    ) throws -> Outcome {
        let owner = try transaction.first("SELECT election, voter FROM ballot WHERE id = $1", .blob(ballot)) {
            LetterBook.Owner(ballot: ballot, voter: try $0.integer("voter"), election: try $0.integer("election"))
        }
        guard let owner else { return .unknown }
        let (outcome, entry) = try change(event, of: owner, at: moment, facts: facts, in: transaction)
        if let entry { try Journal.append([entry], at: moment, in: transaction) }
        return outcome
    }

    /// Changes the status alone, and leaves it to the caller to write the entry in the same transaction: many at once cost less.
    ///
    /// - Parameter owner: whose ballot it is, by its row.
    /// - Returns: the entry of what happened; nil where nothing did.
    static func change(
        _ event: EventKind, of owner: LetterBook.Owner, at moment: Instant, facts: [String: JSONValue], in transaction: Transaction
    ) throws -> (outcome: Outcome, entry: JournalEntry?) {
        let entry = JournalEntry(.ballot(event), election: owner.election, voter: owner.voter, ballot: owner.ballot, facts: facts)
        if let next = event.brings, !event.sources.isEmpty {
            // The words are our own enumeration's, never input: they may stand in the text.
            let sources = event.sources.map { "status = '\($0.rawValue)'" }.joined(separator: " OR ")
            let moved = try transaction.execute(
                "UPDATE ballot SET status = $2, status_at = $3 WHERE id = $1 AND (\(sources))", .blob(owner.ballot), .text(next.rawValue),
                .integer(moment.milliseconds))
            if moved == 1 { return (.moved(next), entry) }
        }
        let standing = try transaction.first("SELECT status FROM ballot WHERE id = $1", .blob(owner.ballot)) { try $0.text("status") }
        guard let standing, let status = BallotStatus(rawValue: standing) else { return (.unknown, nil) }
        guard event.status(after: status) != nil else { return (.impossible(status), nil) }
        return (.noted(status), entry)
    }
}

/// Bytes as lower-case hexadecimal.
func hex(_ bytes: some Collection<UInt8>) -> String {
    func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
    return String(unsafeUninitializedCapacity: bytes.count * 2) { text in
        var place = 0
        for byte in bytes {
            text[place] = digit(byte >> 4)
            text[place + 1] = digit(byte & 15)
            place += 2
        }
        return place
    }
}
