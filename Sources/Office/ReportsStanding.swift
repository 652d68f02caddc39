package import Elections
import Foundation
import Keys
import Storage

/// Where one ballot stands; or a voter without one, and why.
package struct BallotStanding: Sendable, Equatable {
    /// The voter's number; nil where the row of the roll has none that can be read.
    package let voterID: VoterID?
    /// The ballot's id, in hexadecimal; nil: the voter has none.
    package let ballot: String?
    /// The code on its envelope.
    package let returnCode: ReturnCode?
    /// The ballot style; nil: none was issued.
    package let style: StyleID?
    /// nil: no ballot was issued.
    package let status: BallotStatus?
    /// Why it was rejected or could not be delivered; without a ballot, the bucket of ``Reconciliation/Bucket``. Nil where there is
    /// nothing to say.
    package let reason: String?
    /// What happened to it, in the journal's order.
    package let timeline: [Step]

    /// One step of a ballot's way.
    package struct Step: Sendable, Equatable {
        /// What happened.
        package let event: EventKind
        /// When it happened.
        package let at: Instant
    }

    /// The word for a voter without a ballot.
    package static let notIssued = "not_issued"

    /// As `uocava status --format json` prints it.
    package var json: JSONValue {
        [
            "voter_id": .optional(voterID?.text), "ballot": .optional(ballot), "return_code": .optional(returnCode?.text),
            "style": .optional(style?.text), "status": .string(status?.rawValue ?? Self.notIssued), "reason": .optional(reason),
            "timeline": .array(timeline.map { ["event": .string($0.event.rawValue), "at": .string($0.at.rfc3339)] })
        ]
    }
}

extension [BallotStanding] {
    /// One object a ballot.
    package var json: JSONValue { .array(map(\.json)) }

    /// For the terminal or a spreadsheet; of the timeline the last step's time.
    package var table: ReportTable {
        ReportTable(
            columns: ["voter_id", "status", "style", "return_code", "reason", "since"],
            rows: map {
                [
                    .optional($0.voterID?.text), .string($0.status?.rawValue ?? BallotStanding.notIssued), .optional($0.style?.text),
                    .optional($0.returnCode?.text), .optional($0.reason), .optional($0.timeline.last?.at.rfc3339)
                ]
            })
    }
}

extension Reports {
    /// Where ballots stand.
    ///
    /// - Parameter who: a voter's number, or the return or tracking code of a ballot; nil: everyone on the roll, in its order.
    /// - Returns: every ballot of the voters asked for, replaced ones too, and one entry for each voter without a standing one.
    /// - Throws: ``OfficeError`` `notFound` for the election, the voter or the code.
    package func status(election id: ElectionID, of who: String? = nil) throws -> [BallotStanding] {
        var standings: [BallotStanding] = []
        guard let who else {
            try forEachStanding(election: id) { standings.append($0) }
            return standings
        }
        let election = try election(id)
        let name = who.trimmingCharacters(in: .whitespaces)
        let found = try office.books.read { try find(name, in: election, $0) }
        switch found {
        case .voter(let voter, let request):
            let ballots = try office.books.read { try self.ballots(of: voter, in: election, $0) }
            standings = ballots.map(\.standing)
            if !ballots.contains(where: \.stands), let request {
                try Issuing(office).classify(election, .requests([request], heldRows: [])) { voters in
                    standings += voters.map(Self.withoutBallot)
                }
            }
        case .ballot(let ballot):
            standings = try office.books.read { try self.ballot(ballot, in: election, $0).map(\.standing) }
        case .held(let standing): standings = [standing]
        case nil:
            // A tracking code is its voter's secret: it is not repeated where a log may keep it.
            let shown = Returns.isTracking(name) ? "This tracking code" : Printable.quote(name)
            throw OfficeError(
                .notFound, "\(shown) is no voter and no code of \(id).",
                hint: "Give the voter's number as the roll has it, or the code from the envelope (R-…) or the cover page (T-…).")
        }
        return standings
    }

    /// Hands every standing of an election to `body`, in the order of the roll: memory does not grow with it. Voters whose rows are held
    /// back and ballots whose voter is not on the roll come last.
    package func forEachStanding(election id: ElectionID, _ body: (BallotStanding) throws -> Void) throws {
        let election = try election(id)
        try Issuing(office).classify(election) { voters in
            let ballots = try office.books.read { transaction in
                try voters.map { try self.ballots(of: $0.voter, in: election, transaction) }
            }
            for (voter, own) in zip(voters, ballots) {
                for ballot in own { try body(ballot.standing) }
                if !own.contains(where: \.stands) { try body(Self.withoutBallot(voter)) }
            }
        }
        let rest = try office.books.read { transaction in
            try ballotsWithoutVoter(in: election, transaction).map(\.standing) + held(in: election, transaction)
        }
        try rest.forEach(body)
    }

    static func withoutBallot(_ voter: Issuing.Classified) -> BallotStanding {
        BallotStanding(
            voterID: voter.record.voterID, ballot: nil, returnCode: nil, style: voter.decision.style, status: nil,
            reason: Reconciliation.bucket(of: voter).rawValue, timeline: [])
    }

    // MARK: Looking up

    private enum Subject {
        case voter(Int64, request: Int64?)
        case ballot([UInt8])
        case held(BallotStanding)
    }

    private func find(_ name: String, in election: KeptElection, _ transaction: Transaction) throws -> Subject? {
        let number = office.rollKeys.index("voter number", name)
        let voter = try transaction.first(
            """
            SELECT v.id, r.id AS request FROM voter v LEFT JOIN request r ON r.voter = v.id AND r.election = $1
            WHERE v.jurisdiction = $2 AND v.number_index = $3 AND (r.id IS NOT NULL
                OR EXISTS (SELECT 1 FROM ballot b WHERE b.election = $1 AND b.voter = v.id))
            """, .integer(election.id), .text(election.definition.jurisdiction.id.text), .blob(number)
        ) { Subject.voter(try $0.integer("id"), request: try $0.optionalInteger("request")) }
        if let voter { return voter }
        let held = try transaction.first(
            "SELECT id, key_id, sealed FROM held_row WHERE election = $1 AND number_index = $2 AND cleared_at IS NULL",
            .integer(election.id), .blob(number), decode: heldStanding)
        if let held { return .held(held) }
        var ballot: [UInt8]?
        if let code = ReturnCode(name) {
            ballot = try transaction.first(
                "SELECT id FROM ballot WHERE election = $1 AND return_index = $2", .integer(election.id),
                .blob(office.rollKeys.index("return code", code.text)), decode: { try $0.blob("id") })
        } else if let code = TrackingCode(name) {
            ballot = try transaction.first(
                "SELECT id FROM ballot WHERE election = $1 AND tracking = $2", .integer(election.id),
                .blob(TrackingSecret(code).lookup), decode: { try $0.blob("id") })
        }
        return ballot.map(Subject.ballot)
    }

    private func heldStanding(_ row: ResultRow) throws -> BallotStanding {
        BallotStanding(
            voterID: office.heldNumber(try row.blob("sealed"), row: try row.integer("id"), keyID: try row.text("key_id")), ballot: nil,
            returnCode: nil, style: nil, status: nil, reason: Bucket.held.rawValue, timeline: [])
    }

    /// Voters who are on no roll because their rows are held back.
    private func held(in election: KeptElection, _ transaction: Transaction) throws -> [BallotStanding] {
        try transaction.all(
            "SELECT h.id, h.key_id, h.sealed \(HeldRows.alone) ORDER BY h.id", .integer(election.id),
            .text(election.definition.jurisdiction.id.text), decode: heldStanding)
    }

    // MARK: Ballots

    private struct KeptBallot {
        /// Whether it is neither replaced nor cancelled.
        let stands: Bool
        let standing: BallotStanding
    }

    /// `$1` is the election; a condition follows.
    private static let ballots = """
        SELECT b.id AS ballot, b.voter, b.status, b.key_id AS ballot_key, b.sealed AS ballot_sealed, s.code, r.id AS request, r.key_id, r.sealed
        FROM ballot b JOIN ballot_style s ON s.id = b.style LEFT JOIN request r ON r.election = b.election AND r.voter = b.voter
        WHERE b.election = $1
        """
    private static let inOrder = "ORDER BY b.voter, b.sequence"

    private func ballots(of voter: Int64, in election: KeptElection, _ transaction: Transaction) throws -> [KeptBallot] {
        try transaction.all(
            "\(Self.ballots) AND b.voter = $2 \(Self.inOrder)", .integer(election.id), .integer(voter), decode: kept(election, transaction))
    }

    /// Ballots of voters who are not on the roll: there are none where the books are whole.
    private func ballotsWithoutVoter(in election: KeptElection, _ transaction: Transaction) throws -> [KeptBallot] {
        try transaction.all(
            "\(Self.ballots) AND r.id IS NULL \(Self.inOrder)", .integer(election.id), decode: kept(election, transaction))
    }

    private func ballot(_ id: [UInt8], in election: KeptElection, _ transaction: Transaction) throws -> [KeptBallot] {
        try transaction.all("\(Self.ballots) AND b.id = $2", .integer(election.id), .blob(id), decode: kept(election, transaction))
    }

    private func kept(_ election: KeptElection, _ transaction: Transaction) -> (ResultRow) throws -> KeptBallot {
        { row in
            let id = try row.blob("ballot")
            let status = BallotStatus(rawValue: try row.text("status"))
            let history = try history(of: id, transaction)
            let secrets = try? BallotSecrets(
                sealed: try row.blob("ballot_sealed"), keyID: try row.text("ballot_key"), ballot: id, keys: office.rollKeys)
            let number =
                try row.optionalInteger("request") == nil
                ? try office.voterNumber(try row.integer("voter"), election: election.id, in: transaction) : try? office.voter(row).voterID
            return KeptBallot(
                stands: status != .replaced && status != .cancelled,
                standing: BallotStanding(
                    voterID: number, ballot: hex(id), returnCode: secrets?.returnCode, style: StyleID(try row.text("code")), status: status,
                    reason: history.reason(of: status), timeline: history.steps))
        }
    }

    /// What the journal says of a ballot.
    private struct History {
        var steps: [BallotStanding.Step] = []
        /// Why it was rejected, by the last decision that rejected it.
        var rejection: String?
        /// Why its letter did not arrive, by the last that did not.
        var reply: String?

        /// Each status has its own reason: a letter that came back says nothing of why a ballot was rejected.
        func reason(of status: BallotStatus?) -> String? {
            switch status {
            case .rejected: rejection
            case .undeliverable: reply
            default: nil
            }
        }
    }

    private func history(of ballot: [UInt8], _ transaction: Transaction) throws -> History {
        var history = History()
        let rows = try transaction.all(
            "SELECT at, kind, canonical FROM journal WHERE ballot = $1 ORDER BY seq", .blob(ballot)
        ) {
            (
                at: Instant(milliseconds: try $0.integer("at")), kind: EventKind(rawValue: try $0.text("kind")),
                canonical: try $0.blob("canonical")
            )
        }
        for row in rows {
            guard let kind = row.kind else { continue }
            var at = row.at
            switch kind {
            case .received:
                // An envelope came when it came, not when somebody got round to scanning it.
                at = try JSONValue.parse(row.canonical)["received_at"]?.stringValue.flatMap(Instant.init(rfc3339:)) ?? at
            case .rejected:
                let facts = try JSONValue.parse(row.canonical)
                let word = facts["reason_code"]?.stringValue
                history.rejection = word == "other" ? office.openNote(facts["reason"], ballot: ballot).map { "other:\($0)" } ?? word : word
            case .letterRefused, .letterBounced: history.reply = try JSONValue.parse(row.canonical)["reply"]?.stringValue
            default: break
            }
            history.steps.append(BallotStanding.Step(event: kind, at: at))
        }
        return history
    }
}
