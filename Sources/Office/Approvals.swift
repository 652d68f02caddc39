package import Elections
import Foundation
import Keys
import Storage

/// What only happens with two people: one asks, and a supervisor who is somebody else says yes.
package struct Approvals: Sendable {
    private let office: Office

    /// Opens the list in an office.
    package init(_ office: Office) { self.office = office }

    /// What is asked for.
    package enum Kind: String, Sendable, CaseIterable {
        /// A new link within 72 hours of a change of the address: whoever changed it would get the ballot.
        case newLink = "new_link"
        /// To take a decision on an envelope back.
        case reversal
        /// To replace a ballot that its voter has opened.
        case replacement
        /// To issue ballots to everyone who is due, from the roll and the styles as they are.
        case batch
    }

    /// Something that waits for a second person.
    package struct Waiting: Sendable {
        /// Its row.
        package let id: Int64
        package let kind: Kind
        /// The rows of the election and of the voter; a batch has none.
        package let election: Int64
        package let voter: Int64?
        /// The envelope's row, of a reversal.
        package let piece: Int64?
        /// The ballot's id, of a replacement.
        package let ballot: [UInt8]?
        /// Why, in the words of who asked.
        package let reason: String
        /// Who asked, and when.
        package let askedBy: String
        package let askedAt: Instant
    }

    /// How many hours a new link needs a second person after a change of the address.
    static let addressHours: Int64 = 72

    // MARK: Whether one is needed

    /// Whether a roll brought another address for a ballot's voter within the last 72 hours.
    func hasNewAddress(_ ballot: [UInt8], at now: Instant, in transaction: Transaction) throws -> Bool {
        // The letter that told the old address counts as well: the column is younger than it.
        try transaction.count(
            """
            SELECT EXISTS (SELECT 1 FROM ballot b JOIN request r ON r.election = b.election AND r.voter = b.voter
                    WHERE b.id = $1 AND r.email_changed_at > $2)
                OR EXISTS (SELECT 1 FROM letter WHERE ballot = $1 AND kind = 'address_changed' AND queued_at > $2)
            """, .blob(ballot), .integer(now.adding(seconds: -Self.addressHours * 3600).milliseconds)) > 0
    }

    /// Whether there is anybody else who could approve: a supervisor with an account that works, for this jurisdiction.
    ///
    /// An office of one person, who has the keys and the command line, is not kept from its work.
    func hasSecondPerson(besides name: String, for jurisdiction: String) throws -> Bool {
        try Staff(office).all().contains {
            $0.role.has(.supervise) && $0.isEnrolled && $0.disabledAt == nil && $0.login != name && $0.scope.holds(jurisdiction)
        }
    }

    // MARK: Asking

    /// Writes down what somebody asks for; asked again while it waits, it is the same.
    ///
    /// - Throws: ``OfficeError`` `broken` where nobody is at work.
    func ask(
        _ kind: Kind, election: Int64, voter: Int64?, piece: Int64? = nil, ballot: [UInt8]? = nil, basis: String? = nil, reason: String,
        at now: Instant, in transaction: Transaction
    ) throws {
        guard let actor = Actor.current else { throw OfficeError(.broken, "Nobody asks.") }
        let box = office.rollKeys.seal(Array(reason.utf8), table: "approval", id: RowID.bytes(voter ?? 0))
        let id = try transaction.first(
            """
            INSERT INTO approval (election, voter, piece, ballot, basis, kind, key_id, sealed, asked_by, asked_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            ON CONFLICT (election, ifnull(voter, 0), kind, ifnull(piece, 0)) WHERE outcome IS NULL DO NOTHING RETURNING id
            """, .integer(election), .integer(orNull: voter), .integer(orNull: piece), .blob(orNull: ballot), .text(orNull: basis),
            .text(kind.rawValue), .text(box.keyID), .blob(box.sealed), .text(actor.name), .integer(now.milliseconds),
            decode: { try $0.integer("id") })
        guard let id else { return }
        var facts: [String: JSONValue] = ["approval": .integer(id), "approval_kind": .string(kind.rawValue)]
        if let piece { facts["piece"] = .integer(piece) }
        if let basis { facts["basis"] = .string(basis) }
        try Journal.append(
            [JournalEntry(.approvalAsked, election: election, voter: voter, ballot: ballot, facts: facts)], at: now, in: transaction)
    }

    // MARK: Looking

    /// What waits in these jurisdictions, oldest first.
    package func waiting(within scope: StaffMember.Scope) throws -> [Waiting] {
        try office.books.read { transaction in
            try transaction.all(
                """
                SELECT a.id, a.kind, a.election, a.voter, a.piece, a.ballot, a.key_id, a.sealed, a.asked_by, a.asked_at, e.jurisdiction
                FROM approval a JOIN election e ON e.id = a.election WHERE a.outcome IS NULL ORDER BY a.id
                """
            ) { row -> Waiting? in
                guard scope.holds(try row.text("jurisdiction")), let kind = Kind(rawValue: try row.text("kind")) else { return nil }
                let voter = try row.optionalInteger("voter")
                let reason = try? office.rollKeys.open(
                    try row.blob("sealed"), table: "approval", id: RowID.bytes(voter ?? 0), keyID: try row.text("key_id"))
                return Waiting(
                    id: try row.integer("id"), kind: kind, election: try row.integer("election"), voter: voter,
                    piece: try row.optionalInteger("piece"), ballot: try row.optionalBlob("ballot"),
                    reason: reason.map { String(decoding: $0, as: UTF8.self) } ?? "",
                    askedBy: try row.text("asked_by"), askedAt: Instant(milliseconds: try row.integer("asked_at")))
            }.compactMap { $0 }
        }
    }

    // MARK: Deciding

    /// Says yes: what was asked for is done, in the transaction that writes the yes down.
    ///
    /// - Throws: ``OfficeError`` `notFound` where it does not wait, `notAllowed` for who asked, or what stands in the way of the thing itself.
    package func approve(_ id: Int64, within scope: StaffMember.Scope) throws {
        let wanted = try find(id, within: scope)
        try checkSecond(wanted)
        let now = office.clock.now()
        guard let kept = try office.books.read({ try ElectionBook.kept(wanted.election, in: $0) }) else { throw Self.nothing }
        switch wanted.kind {
        case .newLink:
            let number = try office.books.read { transaction in
                try wanted.voter.flatMap { try office.voterNumber($0, election: wanted.election, in: transaction) }
            }
            guard let number else { throw OfficeError(.broken, "The voter of approval \(id) is gone.", hint: "Run `uocava audit`.") }
            try LinkDesk(office).makeLink(for: number, in: kept, reason: wanted.reason) { try settle(wanted, "approved", at: now, in: $0) }
        case .reversal:
            try Returns(office, within: scope).reverseNow(piece: wanted.piece ?? 0, reason: wanted.reason) {
                try settle(wanted, "approved", at: now, in: $0)
            }
        case .replacement:
            guard let voter = wanted.voter, let ballot = wanted.ballot else { throw Self.nothing }
            try office.catchUp()
            try office.books.write { transaction in
                try settle(wanted, "approved", at: now, in: transaction)
                try BallotDesk(office).queueApproved(ballot, voter: voter, in: kept, reason: wanted.reason, in: transaction)
            }
        case .batch: try office.books.write { try settle(wanted, "approved", at: now, in: $0) }
        }
    }

    /// Says no, or takes back what one asked for oneself.
    ///
    /// - Throws: ``OfficeError`` `notFound` where it does not wait.
    package func refuse(_ id: Int64, within scope: StaffMember.Scope) throws {
        let wanted = try find(id, within: scope)
        let outcome = wanted.askedBy == Actor.current?.name ? "withdrawn" : "refused"
        try office.books.write { try settle(wanted, outcome, at: office.clock.now(), in: $0) }
    }

    private func find(_ id: Int64, within scope: StaffMember.Scope) throws -> Waiting {
        guard let wanted = try waiting(within: scope).first(where: { $0.id == id }) else { throw Self.nothing }
        return wanted
    }

    static let nothing = OfficeError(
        .notFound, "This does not wait for anybody any more.", hint: "Somebody may have decided it. Look at the list.")

    private func checkSecond(_ wanted: Waiting) throws {
        guard let name = Actor.current?.name, name != wanted.askedBy else {
            throw OfficeError(.notAllowed, "You asked for this: another person must approve it.", hint: "Ask another supervisor.")
        }
    }

    /// The database itself refuses a yes of who asked.
    private func settle(_ wanted: Waiting, _ outcome: String, at now: Instant, in transaction: Transaction) throws {
        try settle(wanted.id, election: wanted.election, voter: wanted.voter, outcome, at: now, in: transaction)
    }

    /// The same by its row.
    func settle(
        _ id: Int64, election: Int64, voter: Int64?, _ outcome: String, at now: Instant, in transaction: Transaction
    ) throws {
        let changed = try transaction.execute(
            "UPDATE approval SET outcome = $2, decided_by = $3, decided_at = $4 WHERE id = $1 AND outcome IS NULL", .integer(id),
            .text(outcome), .text(Actor.current?.name ?? ""), .integer(now.milliseconds))
        guard changed == 1 else { throw Self.nothing }
        try Journal.append(
            [
                JournalEntry(
                    .approvalDecided, election: election, voter: voter,
                    facts: ["approval": .integer(id), "outcome": .string(outcome)])
            ], at: now, in: transaction)
    }
}
