package import Elections
import Foundation
import Keys
import Storage

/// Deciding about what came back, and taking a decision back.
extension Returns {
    /// What somebody decides about an envelope.
    package enum Decision: Sendable, Equatable {
        case accept
        case reject(RejectionReason)
        case hold

        /// The event and the word in `return_piece`: the same.
        var event: EventKind {
            switch self {
            case .accept: .accepted
            case .reject: .rejected
            case .hold: .held
            }
        }
    }

    /// Decides about a ballot that came back. A ballot on hold may still be accepted or rejected; nothing else is changed once decided.
    ///
    /// - Parameter code: the return code on the envelope.
    /// - Returns: where the ballot stands now.
    /// - Throws: ``OfficeError`` `badInput` for a reason in words that may not stand in a letter; `notFound` for an unknown code; `notAllowed`
    ///   where it has not come back, is decided, was replaced, came too late, or another envelope of the voter counts or is waited for.
    package func decide(_ code: String, _ decision: Decision) throws -> BallotStatus {
        try decide(decision) { try piece(code, in: $0) }
    }

    /// The same for an envelope without a code, by its voter.
    ///
    /// - Throws: ``OfficeError`` `notFound` where none is written down, else as ``decide(_:_:)-(String,_)``.
    package func decide(_ kind: ReturnRules.Kind, of number: VoterID, election id: ElectionID, _ decision: Decision) throws -> BallotStatus
    {
        try decide(decision) { try piece(kind, of: number, election: id, in: $0) }
    }

    /// The same for an envelope by its row.
    func decide(piece: Int64, _ decision: Decision) throws -> BallotStatus { try decide(decision) { _ in piece } }

    private func piece(_ code: String, in transaction: Transaction) throws -> Int64 {
        guard let ballot = try find(code, in: transaction) else { throw Self.unknown(code) }
        let piece = try transaction.first("SELECT id FROM return_piece WHERE ballot = $1", .blob(ballot.id)) { try $0.integer("id") }
        guard let piece else {
            let code = ReturnCode(code)?.text ?? Printable.escape(code)
            throw OfficeError(
                .notAllowed, "\(code) has not been received yet, so there is nothing to decide.",
                hint: "Write it down first: uocava returns receive \(code)")
        }
        return piece
    }

    private func piece(_ kind: ReturnRules.Kind, of number: VoterID, election id: ElectionID, in transaction: Transaction) throws -> Int64 {
        let election = try ElectionBook.find(id, in: transaction)
        let piece = try transaction.first(
            """
            SELECT p.id FROM return_piece p JOIN voter v ON v.id = p.voter
            WHERE p.election = $1 AND v.jurisdiction = $2 AND v.number_index = $3 AND p.kind = $4 ORDER BY p.ballot IS NOT NULL, p.id DESC
            """, .integer(election.id), .text(election.definition.jurisdiction.id.text),
            .blob(office.rollKeys.index("voter number", number.text)), .text(kind.rawValue), decode: { try $0.integer("id") })
        guard let piece else {
            throw OfficeError(
                .notFound, "No such envelope of \(Printable.quote(number.text)) is written down in \(election.definition.id).",
                hint: "Write it down first: uocava returns receive --voter \(Printable.escape(number.text)) --kind \(kind.rawValue)")
        }
        return piece
    }

    private func decide(_ decision: Decision, about find: (Transaction) throws -> Int64) throws -> BallotStatus {
        if case .reject(.other(let words)) = decision, let problem = LetterLint.problem(inReason: words) {
            throw OfficeError(.badInput, "The voter cannot be told this reason: \(problem.what).", hint: problem.hint)
        }
        try office.catchUp()
        let now = office.clock.now()
        let status = try office.books.write { transaction in
            let envelope = try self.envelope(try find(transaction), in: transaction)
            if let before = envelope.decision, before != "held" || decision == .hold { throw Self.decided(before, decision) }
            if decision == .accept, let bar = envelope.bar(now: now) { throw Self.barred(bar, envelope) }
            return try decide(envelope, decision, at: now, in: transaction)
        }
        try office.catchUp()
        return status
    }

    private func envelope(_ piece: Int64, in transaction: Transaction) throws -> ReturnEnvelopes.Found {
        guard let found = try ReturnEnvelopes(office).find(piece, in: transaction),
            scope.holds(found.election.definition.jurisdiction.id.text)
        else { throw OfficeError(.notFound, "There is no such envelope.", hint: "Go back to the list, and choose one there.") }
        return found
    }

    func decide(
        _ envelope: ReturnEnvelopes.Found, _ decision: Decision, at now: Instant, in transaction: Transaction
    ) throws -> BallotStatus {
        let word = decision.event.rawValue
        var facts: [String: JSONValue] = ["piece": .integer(envelope.piece)]
        var reasonWord: String?
        if case .reject(let reason) = decision {
            let word = Self.word(reason)
            reasonWord = word
            facts["reason_code"] = .string(word)
            facts["reason"] = office.sealedNote(
                reason.sentence(language: try language(of: envelope, in: transaction)),
                ballot: envelope.ballot ?? RowID.bytes(envelope.voter))
        }
        // Of two who decide at once, one is first.
        let changed = try transaction.execute(
            """
            UPDATE return_piece SET decision = $2, reason = $3, decided_at = $4 WHERE id = $1 AND (decision IS NULL OR decision = 'held')
            """, .integer(envelope.piece), .text(word), .text(orNull: reasonWord), .integer(now.milliseconds))
        guard changed == 1 else { throw Self.decided("decided", decision) }
        guard let ballot = envelope.ballot else {
            try Journal.append(
                [JournalEntry(.piece(decision.event), election: envelope.election.id, voter: envelope.voter, facts: facts)], at: now,
                in: transaction)
            return decision == .accept ? .accepted : decision == .hold ? .held : .rejected
        }
        let owner = LetterBook.Owner(ballot: ballot, voter: envelope.voter, election: envelope.election.id)
        switch try BallotBook.record(decision.event, ballot: ballot, at: now, facts: facts, in: transaction) {
        case .moved(let status), .noted(let status):
            let letters = LetterBook(office, at: now, in: transaction)
            switch decision {
            case .accept: try letters.notify(.accepted, owner)
            case .reject(let reason): try letters.notify(.rejected, owner, detail: LetterDetail(reason: reason.text))
            case .hold: break
            }
            return status
        case .impossible(let status):
            throw OfficeError(
                .notAllowed, "The ballot in this envelope is \(status.rawValue), so there is nothing to decide.",
                hint: "The voter has another ballot, or none: `uocava status` shows it.")
        case .unknown: throw OfficeError(.broken, "Envelope \(envelope.piece) has no ballot.", hint: "Run `uocava audit`.")
        }
    }

    private func language(of envelope: ReturnEnvelopes.Found, in transaction: Transaction) throws -> String {
        guard let ballot = envelope.ballot else { return "en" }
        return try transaction.first(
            "SELECT l.language FROM ballot b JOIN base l ON l.style = b.style AND l.hash = b.base WHERE b.id = $1", .blob(ballot),
            decode: { try $0.text("language") }) ?? "en"
    }

    // MARK: Taking back

    /// Takes a decision back: the envelope waits again; or asks a second person, where the office wants two (`staff.second_person`).
    ///
    /// - Parameter reason: why, in words; kept sealed.
    /// - Throws: ``OfficeError`` `notAllowed` where nothing is decided, or another envelope of the voter counts meanwhile.
    @discardableResult
    package func reverse(_ code: String, reason: String) throws -> Reversal {
        try reverse(reason: reason) { try piece(code, in: $0) }
    }

    /// The same for an envelope without a code, by its voter.
    @discardableResult
    package func reverse(_ kind: ReturnRules.Kind, of number: VoterID, election id: ElectionID, reason: String) throws -> Reversal {
        try reverse(reason: reason) { try piece(kind, of: number, election: id, in: $0) }
    }

    /// The same for an envelope by its row.
    func reverse(piece: Int64, reason: String) throws -> Reversal { try reverse(reason: reason) { _ in piece } }

    /// What came of it.
    package enum Reversal: Sendable, Equatable {
        /// The envelope waits for a decision again.
        case reversed
        /// A supervisor other than who asked must approve it first.
        case waits
    }

    private func reverse(reason: String, about find: (Transaction) throws -> Int64) throws -> Reversal {
        guard office.configuration.staff.secondPerson.contains(.reversal) else {
            try reverseNow(reason: reason, about: find)
            return .reversed
        }
        let now = office.clock.now()
        try office.books.write { transaction in
            let envelope = try self.envelope(try find(transaction), in: transaction)
            guard envelope.decision == "accepted" || envelope.decision == "rejected" else { throw Self.undecided }
            try Approvals(office).ask(
                .reversal, election: envelope.election.id, voter: envelope.voter, piece: envelope.piece, reason: reason, at: now,
                in: transaction)
        }
        return .waits
    }

    private static let undecided = OfficeError(
        .notAllowed, "Nothing is decided about this envelope, so there is nothing to take back.", hint: "Nothing was changed.")

    /// Takes it back, whoever must have said yes.
    ///
    /// - Parameter more: what belongs into the same transaction.
    func reverseNow(piece: Int64, reason: String, with more: (Transaction) throws -> Void) throws {
        try reverseNow(reason: reason, about: { _ in piece }, with: more)
    }

    private func reverseNow(
        reason: String, about find: (Transaction) throws -> Int64, with more: (Transaction) throws -> Void = { _ in }
    ) throws {
        guard !reason.allSatisfy(\.isWhitespace) else {
            throw OfficeError(.badInput, "To take a decision back needs a reason.", hint: "Others will ask.")
        }
        try office.catchUp()
        let now = office.clock.now()
        try office.books.write { transaction in
            let envelope = try self.envelope(try find(transaction), in: transaction)
            let changed = try transaction.execute(
                """
                UPDATE return_piece SET decision = NULL, reason = NULL, decided_at = NULL
                WHERE id = $1 AND (decision = 'accepted' OR decision = 'rejected')
                """, .integer(envelope.piece))
            guard changed == 1 else { throw Self.undecided }
            try more(transaction)
            let owner = envelope.ballot ?? RowID.bytes(envelope.voter)
            let facts: [String: JSONValue] = ["piece": .integer(envelope.piece), "reason": office.sealedNote(reason, ballot: owner)]
            guard let ballot = envelope.ballot else {
                try Journal.append(
                    [JournalEntry(.piece(.reversed), election: envelope.election.id, voter: envelope.voter, facts: facts)], at: now,
                    in: transaction)
                return
            }
            let outcome = try BallotBook.record(.reversed, ballot: ballot, at: now, facts: facts, in: transaction)
            guard case .moved = outcome else {
                throw OfficeError(.notAllowed, "The ballot in this envelope was replaced or cancelled.", hint: "Nothing was changed.")
            }
            try LetterBook(office, at: now, in: transaction).withdrawDecision(
                to: LetterBook.Owner(ballot: ballot, voter: envelope.voter, election: envelope.election.id))
        }
        try office.catchUp()
    }

    // MARK: Refusing

    private static func decided(_ before: String, _ decision: Decision) -> OfficeError {
        if before == decision.event.rawValue {
            return OfficeError(.notAllowed, "It is already \(before).", hint: "Nothing was changed.")
        }
        return OfficeError(
            .notAllowed, "It is already \(before); a decision stays as it is.",
            hint: "To change it, a supervisor takes it back first: uocava returns reverse CODE --reason TEXT")
    }

    /// What stands in the way, in words.
    static func barred(_ bar: ReturnRules.Bar, _ envelope: ReturnEnvelopes.Found) -> OfficeError {
        let deadline = envelope.deadline.long(language: "en")
        let (message, hint): (String, String) =
            switch bar {
            case .late:
                (
                    "It came after the voter's deadline, \(deadline).",
                    "Reject it as not-timely. Where a court or the law moved the deadline, correct it in election.yaml and import that again."
                )
            case .anotherCounts:
                ("Another ballot of this voter is accepted already: one vote counts.", "Keep this envelope; hold or reject it.")
            case .void: ("The ballot in this envelope was replaced or cancelled: it does not count.", "Keep the envelope; reject it.")
            case .regularCame:
                (
                    "The voter's regular ballot came in time, so the write-in ballot does not count (52 USC 20303(b)(3)).",
                    "Reject it: \"other:the regular ballot was received\"."
                )
            case .regularMayCome:
                (
                    "A write-in ballot waits until the voter's deadline, \(deadline): the regular ballot may still come.",
                    "It stays on hold. Decide about it after that."
                )
            case .emailedCame: ("The voter's e-mailed ballot came, and that is the one that counts here.", "Reject this one.")
            case .emailedMayCome:
                (
                    "The voter's e-mailed ballot may still come until \(deadline), and would be the one that counts.",
                    "Leave this one on hold until then."
                )
            }
        return OfficeError(.notAllowed, message, hint: hint)
    }
}
