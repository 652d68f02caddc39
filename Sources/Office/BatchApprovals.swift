import Elections
import Keys
import Storage

/// The second person's yes to a batch, where the office wants one (`staff.second_person: [batch]`).
///
/// It is given for the election, the styles, the roll, who is released and what is to be replaced, as they are: once one of them has changed,
/// another yes is needed. A batch that was interrupted goes on with the same one, unless it had replaced a
/// ballot by then.
struct BatchApprovals {
    private let office: Office
    private let election: KeptElection
    /// Keyed indices of the protected voters whom the run itself releases.
    private let releasing: Set<[UInt8]>

    init(_ office: Office, for election: KeptElection, releasing: Set<[UInt8]>) {
        self.office = office
        self.election = election
        self.releasing = releasing
    }

    /// The row of a yes that holds for what would be issued now; nil: there is none.
    ///
    /// Only what the journal tells counts: whoever writes a yes into the table, or another basis to it, gets no batch for that.
    func given(in books: Transaction) throws -> Int64? {
        let basis = try basis(in: books)
        var history = JournalCheck.History()
        try books.forEach(
            """
            SELECT kind, voter, canonical FROM journal WHERE kind IN ('approval_asked', 'approval_decided') AND election = $1 ORDER BY seq
            """, .integer(election.id)
        ) { row in
            let facts = (try? JSONValue.parse(try row.blob("canonical"))) ?? .null
            // A row that cannot be is the audit's to name, and no yes.
            _ = history.takeApproval(try row.text("kind"), voter: try row.optionalInteger("voter"), facts)
        }
        let given = history.approvals.filter { _, told in
            told.kind == Approvals.Kind.batch.rawValue && told.outcome == "approved" && told.basis == basis
                && told.decidedBy != told.askedBy
        }
        return try given.keys.sorted().first { id in
            try books.count("SELECT count(*) FROM batch WHERE approval = $1 AND finished_at IS NOT NULL", .integer(id)) == 0
        }
    }

    /// One hash over what a batch would be issued from.
    private func basis(in books: Transaction) throws -> String {
        var released = Set(
            try books.all(
                "SELECT v.number_index FROM request r JOIN voter v ON v.id = r.voter WHERE r.election = $1 AND r.released_at IS NOT NULL",
                .integer(election.id), decode: { try $0.blob("number_index") }))
        released.formUnion(releasing)
        let replaced = try Replacement.waiting(in: election.id, books).values.map(\.id).sorted()
        let basis: JSONValue = [
            "from": .string(try IssueBasis(of: election.id, in: books).fingerprint(of: election.id)),
            "released": .array(released.map(hex).sorted().map(JSONValue.string)), "replaced": .array(replaced.map(JSONValue.integer))
        ]
        return hex(SHA256.hash(basis.canonical))
    }

    /// Asks for one; who asks again for the same changes nothing, and what was asked before something changed is withdrawn.
    func ask(_ result: Issuing.Result) throws {
        let now = office.clock.now()
        let approvals = Approvals(office)
        try office.books.write { books in
            let basis = try basis(in: books)
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
