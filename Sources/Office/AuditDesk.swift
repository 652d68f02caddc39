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
        try checkTotals(books)
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
