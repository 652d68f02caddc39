import Elections
import Storage

extension JournalCheck.History {
    /// An account as the journal tells of it.
    struct Account: Equatable {
        var role: String
        var jurisdictions: [String]
        var isDisabled = false
        var isEnrolled = false
    }

    /// Takes in a row about an envelope without a ballot of ours; what it says that cannot be comes back.
    mutating func takePiece(_ kind: String, at: Int64, voter: Int64?, _ facts: JSONValue) -> String? {
        guard kind.hasPrefix("piece_"), let id = facts["piece"]?.integerValue else { return nil }
        if kind == "piece_received" {
            let came = facts["received_at"]?.stringValue.flatMap { Instant(rfc3339: $0) }?.milliseconds
            let before = pieces.updateValue(
                Envelope(voter: voter, kind: facts["piece_kind"]?.stringValue ?? "", receivedAt: came ?? at, recordedAt: at), forKey: id)
            return before == nil ? nil : "The envelope came before."
        }
        guard let before = pieces[id], before.voter == voter else { return "It tells of an envelope that never came." }
        let isDecided = before.decision == "accepted" || before.decision == "rejected"
        guard isDecided == (kind == "piece_reversed") else {
            return "An envelope that is \(before.decision ?? "undecided") cannot be \(kind)."
        }
        let isReversed = kind == "piece_reversed"
        pieces[id]?.decision = isReversed ? nil : String(kind.dropFirst("piece_".count))
        pieces[id]?.reason = isReversed ? nil : facts["reason_code"]?.stringValue
        pieces[id]?.decidedAt = isReversed ? nil : at
        return nil
    }

    /// A ballot that was sent outside of the program.
    struct Transmission: Hashable {
        let election: Int64
        let voter: Int64
        let date: String
        let method: String
        let ballotNumber: String

        init(_ election: Int64, _ voter: Int64, _ facts: JSONValue) {
            self.election = election
            self.voter = voter
            date = facts["date"]?.stringValue ?? ""
            method = facts["method"]?.stringValue ?? ""
            ballotNumber = facts["ballot_number"]?.stringValue ?? ""
        }
    }

    /// Something that needed a second person, as the journal tells of it.
    struct Approval: Equatable {
        let voter: Int64?
        let kind: String
        let ballot: [UInt8]?
        let basis: String?
        let askedBy: String
        var outcome: String?
        var decidedBy: String?
    }

    /// Takes in a row about what needs a second person; what it says that cannot be comes back.
    mutating func takeApproval(_ kind: String, voter: Int64?, _ facts: JSONValue) -> String? {
        guard kind == "approval_asked" || kind == "approval_decided", let id = facts["approval"]?.integerValue else { return nil }
        let name = facts["by"]?.stringValue ?? ""
        if kind == "approval_asked" {
            let before = approvals.updateValue(
                Approval(
                    voter: voter, kind: facts["approval_kind"]?.stringValue ?? "",
                    ballot: facts["ballot"]?.stringValue.flatMap { bytes(hex: $0) }, basis: facts["basis"]?.stringValue, askedBy: name),
                forKey: id)
            return before == nil ? nil : "It was asked for before."
        }
        guard let before = approvals[id], before.outcome == nil else {
            return "It tells of an approval that nobody asked for, or a second one."
        }
        approvals[id]?.outcome = facts["outcome"]?.stringValue ?? ""
        approvals[id]?.decidedBy = name
        return facts["outcome"]?.stringValue == "approved" && name == before.askedBy
            ? "Somebody approved what they asked for themselves." : nil
    }

    /// Takes in a row about an account; what it says that cannot be comes back.
    mutating func takeStaff(_ kind: String, _ facts: JSONValue) -> String? {
        guard kind.hasPrefix("staff_"), let login = facts["login"]?.stringValue else { return nil }
        if kind == "staff_added" {
            defer {
                accounts[login] = Account(
                    role: facts["role"]?.stringValue ?? "",
                    jurisdictions: (facts["jurisdictions"]?.arrayValue ?? []).compactMap(\.stringValue).sorted())
            }
            return accounts[login] == nil ? nil : "The account \(Printable.escape(login)) was made before."
        }
        guard accounts[login] != nil else { return "It tells of an account that was never made." }
        switch kind {
        case "staff_disabled": accounts[login]?.isDisabled = true
        case "staff_enrolled": accounts[login]?.isEnrolled = true
        case "staff_reset":
            accounts[login]?.isDisabled = false
            accounts[login]?.isEnrolled = false
        default: break
        }
        return nil
    }
}

/// The desk's accounts against the journal, and the sums against what they are sums of.
struct DeskCheck {
    let notes: Audit.Notes

    func run(_ history: JournalCheck.History, _ books: Transaction) throws {
        try checkAccounts(history, books)
        try checkApprovals(history, books)
        try ReplacementCheck(notes: notes).run(history, books)
        try checkTransmissions(history, books)
        try checkTotals(books)
    }

    private func checkTransmissions(_ history: JournalCheck.History, _ books: Transaction) throws {
        var missing = history.transmissions
        try books.forEach("SELECT id, election, voter, date, method, ballot_number FROM transmission") { row in
            let facts: JSONValue = [
                "date": .string(try row.text("date")), "method": .string(try row.text("method")),
                "ballot_number": .string(try row.text("ballot_number"))
            ]
            let kept = JournalCheck.History.Transmission(try row.integer("election"), try row.integer("voter"), facts)
            if missing.remove(kept) == nil {
                notes.add(.journal, "transmission \(try row.integer("id"))", "The journal does not tell that this ballot was sent.")
            }
        }
        for gone in missing.sorted(by: { ($0.voter, $0.date) < ($1.voter, $1.date) }) {
            notes.add(.growth, "voter \(gone.voter)", "The journal tells that a ballot was sent on \(gone.date), but its row is gone.")
        }
    }

    private func checkApprovals(_ history: JournalCheck.History, _ books: Transaction) throws {
        var missing = Set(history.approvals.keys)
        try books.forEach("SELECT id, voter, kind, ballot, basis, asked_by, outcome, decided_by FROM approval") { row in
            let id = try row.integer("id")
            missing.remove(id)
            let kept = JournalCheck.History.Approval(
                voter: try row.optionalInteger("voter"), kind: try row.text("kind"), ballot: try row.optionalBlob("ballot"),
                basis: try row.optionalText("basis"), askedBy: try row.text("asked_by"),
                outcome: try row.optionalText("outcome"), decidedBy: try row.optionalText("decided_by"))
            if kept != history.approvals[id] {
                notes.add(.journal, "approval \(id)", "What was asked for, or who approved it, is not what the journal tells.")
            }
        }
        for id in missing.sorted() {
            notes.add(.growth, "approval \(id)", "The journal tells that it was asked for, but its row is gone.")
        }
    }

    /// Whoever writes an account into the file, or makes a clerk a supervisor there, contradicts the journal.
    private func checkAccounts(_ history: JournalCheck.History, _ books: Transaction) throws {
        var missing = Set(history.accounts.keys)
        try books.forEach(
            """
            SELECT login, role, everywhere, enrolled_at IS NOT NULL AS enrolled, disabled_at IS NOT NULL AS disabled,
                (SELECT group_concat(jurisdiction, char(10)) FROM (SELECT jurisdiction FROM staff_jurisdiction j WHERE j.staff = s.id
                    ORDER BY jurisdiction)) AS jurisdictions
            FROM staff s
            """
        ) { row in
            let login = try row.text("login")
            let subject = "account \(Printable.escape(login))"
            missing.remove(login)
            guard let told = history.accounts[login] else {
                return notes.add(.journal, subject, "The journal does not tell that it was made.")
            }
            let places = try row.optionalText("jurisdictions")?.split(separator: "\n").map(String.init).sorted() ?? []
            let kept = JournalCheck.History.Account(
                role: try row.text("role"), jurisdictions: places, isDisabled: try row.flag("disabled"),
                isEnrolled: try row.flag("enrolled"))
            let isEverywhere = try row.flag("everywhere")
            if kept != told || isEverywhere != told.jurisdictions.isEmpty {
                notes.add(.journal, subject, "Role, jurisdictions or state are not those that the journal tells of.")
            }
        }
        for login in missing.sorted() {
            notes.add(.growth, "account \(Printable.escape(login))", "The journal tells that it was made, but its row is gone.")
        }
    }

    private func checkTotals(_ books: Transaction) throws {
        try books.forEach(
            """
            SELECT e.code FROM election e LEFT JOIN election_total t ON t.election = e.id
            WHERE t.election IS NULL OR t.roll <> (SELECT count(*) FROM request r WHERE r.election = e.id)
                OR t.issued <> (SELECT count(*) FROM ballot b WHERE b.election = e.id)
                OR (t.pieces, t.returned, t.counted, t.rejected) IS NOT (SELECT count(*), count(p.ballot),
                    ifnull(sum(p.decision IS 'accepted'), 0), ifnull(sum(p.decision IS 'rejected'), 0)
                    FROM return_piece p WHERE p.election = e.id)
                OR (SELECT ifnull(sum(h.issued), 0) FROM half_hour_total h WHERE h.election = e.id) <> t.issued
                OR (SELECT ifnull(sum(h.pieces), 0) FROM half_hour_total h WHERE h.election = e.id) <> t.pieces
            UNION SELECT e.code FROM election e JOIN (
                SELECT election, status, n FROM status_total WHERE n > 0 EXCEPT SELECT election, status, count(*) FROM ballot GROUP BY 1, 2
                UNION SELECT election, status, count(*) FROM ballot GROUP BY 1, 2 EXCEPT SELECT election, status, n FROM status_total
            ) d ON d.election = e.id
            """
        ) { row in
            notes.add(.buckets, try row.text("code"), "The sums that the desk shows are not those of its ballots and envelopes.")
        }
    }
}
