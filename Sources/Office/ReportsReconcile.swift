package import Elections
import Keys
import Storage

/// Roll, ballots, packets, links, letters, claims and envelopes set against each other: who has not been served, and where the books
/// contradict.
package struct Reconciliation: Sendable, Equatable {
    /// Where a voter is counted. Everyone on the roll is in exactly one of these.
    package enum Bucket: Sendable, Hashable, CaseIterable {
        /// A bucket of `issue`. `issued` are those with a standing ballot, whenever it was issued; `alreadyIssued` stays 0.
        case issue(Elections.Bucket)
        /// Has no ballot, and would get one if `issue` ran now.
        case due

        package var rawValue: String {
            switch self {
            case .issue(let bucket): bucket.rawValue
            case .due: "due"
            }
        }

        /// Those of `issue` in their order, then `due`.
        package static var allCases: [Bucket] { Elections.Bucket.allCases.map(Bucket.issue) + [.due] }
    }

    /// A voter whom no ballot has reached, and for whom somebody could do something; voters by mail are served otherwise.
    package struct NotServed: Sendable, Equatable {
        /// The voter's number; nil where a row of the roll is held back that has none.
        package let voterID: VoterID?
        /// The voter's bucket; or of a voter with a ballot `letter_refused`, or `letter_waiting` where it is more than a day old.
        package let reason: String
        /// Why, in words.
        package let detail: String
    }

    /// A place where the books contradict each other.
    package struct Mismatch: Sendable, Equatable {
        /// What is wrong.
        package enum Kind: String, Sendable, CaseIterable {
            /// Voters or requests that the journal knows and the roll does not, or the other way round.
            case roll
            /// A ballot that the journal knows and the books do not, or the other way round; or one whose columns were changed.
            case ballot
            /// The packet at the counter is missing, belongs to another ballot, or was changed.
            case packet
            /// The voter's ballot style is not the one that precinct, party and class lead to, or the base is not that style's.
            case style
            /// The status is not what the journal leads to.
            case status
            /// The links at the counter are not those in the books.
            case link
            /// A ballot has no letter, or a letter was sent that the journal does not know.
            case letter
            /// The counter and the journal disagree about a claim.
            case claim
            /// The counter and the journal disagree about a delivery.
            case delivery
            /// An envelope is missing, or one is there that cannot be.
            case returned
            /// The numbers of a batch do not add up.
            case batch
            /// An interrupted run left packets or links at the counter.
            case leftover
        }

        /// What is wrong.
        package let kind: Kind
        /// The voter's number, where it can be told.
        package let voterID: VoterID?
        /// The ballot's id, in hexadecimal.
        package let ballot: String?
        /// What is wrong, in a clerk's words.
        package let detail: String
    }

    /// How far the ballots have come; each counts once for each step it has taken.
    package struct Totals: Sendable, Equatable {
        /// Voters on the roll, held rows included.
        package var roll = 0
        /// Ballots that stand.
        package var issued = 0
        /// Ballots with a letter that the relay took.
        package var mailed = 0
        /// Ballots whose packet was opened.
        package var claimed = 0
        /// Ballots whose file was served to its end.
        package var delivered = 0
        /// Ballots whose envelope came.
        package var returned = 0
        /// Ballots that count.
        package var accepted = 0
        /// Ballots that do not count.
        package var rejected = 0

        var pairs: [(String, Int)] {
            [
                ("roll", roll), ("issued", issued), ("mailed", mailed), ("claimed", claimed), ("delivered", delivered),
                ("returned", returned), ("accepted", accepted), ("rejected", rejected)
            ]
        }
    }

    /// The election.
    package let election: ElectionID
    /// How many voters each bucket has; they add up to the roll.
    package var buckets: [Bucket: Int] = [:]
    /// How far the ballots have come.
    package var totals = Totals()
    /// Voters without a ballot that somebody could do something about.
    package var notServed: [NotServed] = []
    /// Where the books contradict each other; empty: they agree.
    package var mismatches: [Mismatch] = []

    /// Whether the counter could not be compared as a whole.
    private(set) var isCounterUnread = false

    init(_ election: ElectionID) { self.election = election }

    /// Whether the books agree. Voters may still be without a ballot.
    package var agrees: Bool { mismatches.isEmpty }

    /// `{election, buckets, totals, not_served, mismatches}`.
    package var json: JSONValue {
        [
            "election": .string(election.text),
            "buckets": .object(Dictionary(uniqueKeysWithValues: Bucket.allCases.map { ($0.rawValue, .number(buckets[$0] ?? 0)) })),
            "totals": .object(Dictionary(uniqueKeysWithValues: totals.pairs.map { ($0.0, .number($0.1)) })),
            "not_served": .array(
                notServed.map {
                    ["voter_id": .optional($0.voterID?.text), "reason": .string($0.reason), "detail": .string($0.detail)]
                }),
            "mismatches": .array(
                mismatches.map {
                    [
                        "kind": .string($0.kind.rawValue), "voter_id": .optional($0.voterID?.text), "ballot": .optional($0.ballot),
                        "detail": .string($0.detail)
                    ]
                })
        ]
    }

    /// Everything below each other: what it is (`bucket`, `total`, `not_served`, `mismatch`), whose, how many, why.
    package var table: ReportTable {
        var rows: [[JSONValue]] = Bucket.allCases.map { ["bucket", .string($0.rawValue), .null, .number(buckets[$0] ?? 0), ""] }
        rows += totals.pairs.map { ["total", .string($0.0), .null, .number($0.1), ""] }
        rows += notServed.map { ["not_served", .string($0.reason), .optional($0.voterID?.text), .null, .string($0.detail)] }
        rows += mismatches.map { ["mismatch", .string($0.kind.rawValue), .optional($0.voterID?.text), .null, .string($0.detail)] }
        return ReportTable(columns: ["section", "kind", "voter_id", "count", "detail"], rows: rows)
    }

    /// Says, once, that the counter could not be compared.
    mutating func note(_ trouble: CounterTrouble) {
        isCounterUnread = true
        let detail = "What the counter holds could not be compared with the books. \(trouble)"
        guard !mismatches.contains(where: { $0.detail == detail }) else { return }
        mismatches.append(Mismatch(kind: .packet, voterID: nil, ballot: nil, detail: detail))
    }

    /// Where a voter counts: a standing ballot outweighs everything that would keep the voter from a new one.
    static func bucket(of voter: Issuing.Classified) -> Bucket {
        if voter.issued { return .issue(.issued) }
        return voter.decision.bucket == .issued ? .due : .issue(voter.decision.bucket)
    }
}

extension Reports {
    /// Sets roll, issued, mailed, delivered and returned against each other.
    ///
    /// Every ballot is looked at: its rows in the books, the journal and the counter, its sealed packet, its links, letters, claims and
    /// envelopes. Where voters and clerks are at work meanwhile, a difference is looked at twice before it is reported.
    /// - Throws: ``OfficeError`` `notFound` for the election.
    package func reconcile(election id: ElectionID) throws -> Reconciliation {
        let election = try election(id)
        var result = Reconciliation(id)
        do {
            try reconcileRoll(election, &result)
        } catch let error where error is KeysError || error is Problem {
            // A damaged record must not hide what the ballots have to tell.
            result.mismatches.append(
                Reconciliation.Mismatch(
                    kind: .roll, voterID: nil, ballot: nil,
                    detail: "The roll cannot be read to its end, and the buckets are incomplete: a voter's sealed record does not open. "
                        + "`uocava audit` names it."))
        }
        let journal = try reconcileBallots(election, &result)
        try reconcileBatches(election, journal, &result)
        try reconcileOrphans(election, &result)
        do { try reconcileCounter(election, &result) } catch let trouble as CounterTrouble { result.note(trouble) }
        result.totals.roll = result.buckets.values.reduce(0, +)
        return result
    }

    // MARK: The roll

    /// Puts everyone into a bucket, and asks of every standing ballot whether its style still is the voter's.
    private func reconcileRoll(_ election: KeptElection, _ result: inout Reconciliation) throws {
        let (resolver, onWorklist) = try office.books.read { transaction in
            (
                StyleResolver(try ElectionBook.styles(of: election.id, in: transaction).values.map(\.style)),
                Set(
                    try transaction.all(
                        """
                        SELECT voter FROM exception WHERE election = $1 AND voter IS NOT NULL AND cleared_at IS NULL
                        AND kind IN ('style_changed', 'style_revised')
                        """, .integer(election.id), decode: { try $0.integer("voter") }))
            )
        }
        try Issuing(office).classify(election) { voters in
            let standing = try office.books.read { try standingBallots(election, of: voters, $0) }
            for voter in voters {
                let bucket = Reconciliation.bucket(of: voter)
                result.buckets[bucket, default: 0] += 1
                if !voter.issued, bucket != .issue(.byMail) {
                    result.notServed.append(
                        Reconciliation.NotServed(
                            voterID: voter.record.voterID, reason: bucket.rawValue,
                            detail: bucket == .due ? "a ballot can be issued now" : voter.decision.reason))
                }
                guard let issued = standing[voter.voter] else { continue }
                if let (reason, detail) = unmailed(issued) {
                    result.notServed.append(
                        Reconciliation.NotServed(voterID: voter.record.voterID, reason: reason, detail: detail))
                }
                guard !onWorklist.contains(voter.voter) else { continue }
                let scope = election.definition.scope(of: voter.record.voterClass)
                let detail: String
                switch resolver.resolve(voter.record, scope: scope) {
                case .success(issued.style): continue
                case .success(let other): detail = "the roll leads to \(other)"
                case .failure(let unresolved): detail = unresolved.reason
                }
                result.mismatches.append(
                    Reconciliation.Mismatch(
                        kind: .style, voterID: voter.record.voterID, ballot: hex(issued.ballot),
                        detail: "The voter has a ballot of the style \(issued.style), but \(detail)."))
            }
        }
        let held = try office.books.read { transaction in
            try transaction.all(
                "SELECT h.id, h.key_id, h.sealed, h.line \(HeldRows.alone) ORDER BY h.id", .integer(election.id),
                .text(election.definition.jurisdiction.id.text)
            ) { row in
                Reconciliation.NotServed(
                    voterID: office.heldNumber(try row.blob("sealed"), row: try row.integer("id"), keyID: try row.text("key_id")),
                    reason: Reconciliation.Bucket.issue(.held).rawValue,
                    detail: "line \(try row.integer("line")) of the roll cannot be read")
            }
        }
        if !held.isEmpty { result.buckets[.issue(.held), default: 0] += held.count }
        result.notServed += held
    }

    private struct StandingBallot {
        let ballot: [UInt8]
        let style: StyleID
        let status: BallotStatus?
        let statusAt: Instant
    }

    private func standingBallots(
        _ election: KeptElection, of voters: [Issuing.Classified], _ transaction: Transaction
    ) throws -> [Int64: StandingBallot] {
        var standing: [Int64: StandingBallot] = [:]
        for voter in voters where voter.issued {
            standing[voter.voter] = try transaction.first(
                """
                SELECT b.id, s.code, b.status, b.status_at FROM ballot b JOIN ballot_style s ON s.id = b.style
                WHERE b.election = $1 AND b.voter = $2 AND b.status NOT IN ('replaced', 'cancelled')
                """, .integer(election.id), .integer(voter.voter)
            ) { row in
                StandingBallot(
                    ballot: try row.blob("id"), style: StyleID(try row.text("code")),
                    status: BallotStatus(rawValue: try row.text("status")), statusAt: Instant(milliseconds: try row.integer("status_at")))
            }
        }
        return standing
    }

    /// Why a ballot that was issued has not reached its voter; nil where its letter went out, or still may on its own.
    private func unmailed(_ ballot: StandingBallot) -> (reason: String, detail: String)? {
        switch ballot.status {
        case .undeliverable: ("letter_refused", "the letter was refused or came back: telephone, or write by post")
        case .issued where ballot.statusAt.adding(seconds: 86_400) < office.clock.now():
            ("letter_waiting", "the letter waits since \(ballot.statusAt.rfc3339): uocava letters send")
        default: nil
        }
    }

    // MARK: Numbers

    /// What the journal says about batches and rolls, gathered while its ballots are walked.
    struct JournalNumbers {
        /// Ballots by batch, one for each `issued` row.
        var issued: [Int64: Int] = [:]
        /// What a batch said at its end.
        var finished: [Int64: Int] = [:]
        /// How many voters came onto the roll.
        var newVoters = 0
        /// The last row that was looked at.
        var position: Int64 = 0

        /// The rows that count, of an election (`$1`) and behind a row (`$2`).
        static let rows = """
            FROM journal WHERE election = $1 AND seq > $2 AND kind IN ('issued', 'batch_finished', 'roll_imported') ORDER BY seq
            """

        /// Takes a row in.
        mutating func add(kind: String, facts: JSONValue) {
            let batch = facts["batch"]?.integerValue
            switch kind {
            case "batch_finished":
                if let batch { finished[batch] = Int(facts["buckets"]?["issued"]?.integerValue ?? 0) }
            case "roll_imported": newVoters += Int(facts["new"]?.integerValue ?? 0)
            default:
                if let batch { issued[batch, default: 0] += 1 }
            }
        }
    }

    private func reconcileBatches(_ election: KeptElection, _ journal: JournalNumbers, _ result: inout Reconciliation) throws {
        func mismatch(_ kind: Reconciliation.Mismatch.Kind, _ detail: String) {
            result.mismatches.append(Reconciliation.Mismatch(kind: kind, voterID: nil, ballot: nil, detail: detail))
        }
        try office.books.read { transaction in
            // What was issued or imported since the walk: these numbers belong to one moment.
            var journal = journal
            try transaction.forEach("SELECT kind, canonical \(JournalNumbers.rows)", .integer(election.id), .integer(journal.position)) {
                journal.add(kind: try $0.text("kind"), facts: (try? JSONValue.parse(try $0.blob("canonical"))) ?? .null)
            }
            var ballots: [Int64: Int] = [:]
            try transaction.forEach(
                "SELECT batch, count(*) AS ballots FROM ballot WHERE election = $1 GROUP BY batch", .integer(election.id)
            ) { ballots[try $0.integer("batch")] = Int(try $0.integer("ballots")) }
            var said: [Int64: Int] = [:]
            try transaction.forEach(
                "SELECT id, issued FROM batch WHERE election = $1 AND finished_at IS NOT NULL", .integer(election.id)
            ) { said[try $0.integer("id")] = Int(try $0.integer("issued")) }
            for batch in Set(ballots.keys).union(journal.issued.keys).union(journal.finished.keys).union(said.keys).sorted() {
                let (books, journalled) = (ballots[batch] ?? 0, journal.issued[batch] ?? 0)
                if books != journalled {
                    mismatch(.batch, "Batch \(batch): the journal tells of \(counted(journalled, "ballot")), the books hold \(books).")
                } else if let finished = journal.finished[batch], finished != books {
                    mismatch(.batch, "Batch \(batch) ended with \(counted(finished, "ballot")) issued, the books hold \(books).")
                }
                if let said = said[batch], said != journal.finished[batch] ?? 0 {
                    mismatch(.batch, "Batch \(batch) says \(counted(said, "ballot")), the journal says \(journal.finished[batch] ?? 0).")
                }
            }
            let roll = try transaction.count("SELECT count(*) FROM request WHERE election = $1", .integer(election.id))
            if roll != journal.newVoters {
                mismatch(.roll, "By the journal \(counted(journal.newVoters, "voter")) came onto the roll; \(roll) are on it.")
            }
        }
    }

    // MARK: Rows without their counterpart

    private func reconcileOrphans(_ election: KeptElection, _ result: inout Reconciliation) throws {
        var found: [Reconciliation.Mismatch] = []
        try office.books.read { transaction in
            func note(_ kind: Reconciliation.Mismatch.Kind, _ row: ResultRow, _ detail: String) throws {
                let voter = try office.voterNumber(try row.integer("voter"), election: election.id, in: transaction)
                found.append(
                    Reconciliation.Mismatch(
                        kind: kind, voterID: voter, ballot: try row.optionalBlob("ballot").map { hex($0) }, detail: detail))
            }
            try transaction.forEach(
                """
                SELECT b.id AS ballot, b.voter FROM ballot b WHERE b.election = $1 AND NOT EXISTS
                    (SELECT 1 FROM journal j WHERE j.ballot = b.id AND j.kind = 'issued' AND j.election = b.election)
                """, .integer(election.id)
            ) { try note(.ballot, $0, "The books hold a ballot that the journal does not know.") }
            try transaction.forEach(
                """
                SELECT b.id AS ballot, b.voter FROM ballot b WHERE b.election = $1 AND NOT EXISTS
                    (SELECT 1 FROM request r WHERE r.election = b.election AND r.voter = b.voter)
                """, .integer(election.id)
            ) { try note(.roll, $0, "A ballot was issued to somebody who is no longer on the roll.") }
            try transaction.forEach(
                """
                SELECT p.ballot, p.voter FROM return_piece p LEFT JOIN ballot b ON b.id = p.ballot
                WHERE p.election = $1 AND p.ballot IS NOT NULL AND (b.id IS NULL OR b.voter <> p.voter OR b.election <> p.election)
                """, .integer(election.id)
            ) { try note(.returned, $0, "An envelope is in the books under another voter or election than its ballot.") }
            try transaction.forEach(
                """
                SELECT p.voter, NULL AS ballot FROM return_piece p WHERE p.election = $1 AND p.decision = 'accepted'
                GROUP BY p.voter HAVING count(*) > 1
                """, .integer(election.id)
            ) { try note(.returned, $0, "More than one envelope of this voter is accepted.") }
        }
        result.mismatches += found
    }
}
