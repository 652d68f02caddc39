import Elections
import Storage

/// The second person's yes to a batch, where the office wants one (`staff.second_person: [batch]`).
///
/// It is given for the election, the styles and the roll as they are: once one of them has changed, another yes is needed. A batch that was
/// interrupted goes on with the same one.
struct BatchApprovals {
    private let office: Office

    init(_ office: Office) { self.office = office }

    /// The row of a yes that holds for what would be issued now; nil: there is none.
    ///
    /// Whoever writes a yes into the table by hand gets no batch for it: the journal must tell of it.
    func given(for election: KeptElection) throws -> Int64? {
        try office.books.read { books in
            let basis = try IssueBasis(of: election.id, in: books).fingerprint(of: election.id)
            let approvals = try books.all(
                """
                SELECT a.id, a.asked_by, a.decided_by, j.canonical FROM approval a JOIN journal j
                    ON j.kind = 'approval_decided' AND j.election = a.election AND j.at = a.decided_at
                WHERE a.election = $1 AND a.kind = 'batch' AND a.outcome = 'approved' AND a.basis = $2
                    AND NOT EXISTS (SELECT 1 FROM batch b WHERE b.approval = a.id AND b.finished_at IS NOT NULL)
                ORDER BY a.id
                """, .integer(election.id), .text(basis)
            ) { row -> Int64? in
                let id = try row.integer("id")
                let facts = (try? JSONValue.parse(try row.blob("canonical"))) ?? .null
                let isTold =
                    try facts["approval"]?.integerValue == id && facts["outcome"]?.stringValue == "approved"
                    && facts["by"]?.stringValue == row.optionalText("decided_by") && row.text("asked_by") != row.optionalText("decided_by")
                return isTold ? id : nil
            }
            return approvals.compactMap { $0 }.first
        }
    }

    /// Asks for one; who asks again for the same changes nothing, and what was asked before the roll or a style changed is withdrawn.
    func ask(for election: KeptElection, _ result: Issuing.Result) throws {
        let now = office.clock.now()
        let approvals = Approvals(office)
        try office.books.write { books in
            let basis = try IssueBasis(of: election.id, in: books).fingerprint(of: election.id)
            let stale = try books.first(
                "SELECT id FROM approval WHERE election = $1 AND kind = 'batch' AND outcome IS NULL AND basis <> $2",
                .integer(election.id), .text(basis), decode: { try $0.integer("id") })
            if let stale { try approvals.settle(stale, election: election.id, voter: nil, "withdrawn", at: now, in: books) }
            try approvals.ask(
                .batch, election: election.id, voter: nil, basis: basis,
                reason: "\(counted(result.buckets[.issued] ?? 0, "voter")) would get a ballot, of \(result.total) on the roll.", at: now,
                in: books)
        }
    }
}
