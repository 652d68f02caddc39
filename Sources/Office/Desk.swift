package import Elections
import Foundation
import Keys
import Storage

/// The desk, as one person sees it: whatever staff do in the browser goes through here.
///
/// It is made for a session, and every way into the books begins with ``allow(_:)`` and with the elections of the person's own jurisdictions
/// (`election(_:in:)`, `elections(in:)`, `ballot`…): what belongs to another county is not there, whatever a page asks for.
package struct Desk: Sendable {
    let office: Office
    private let names: NameIndex
    /// Who it is.
    package let member: StaffMember
    private let actor: Actor

    /// The desk of somebody who is signed in.
    ///
    /// - Parameter address: where the request came from, for the journal.
    package init(_ office: Office, names: NameIndex, session: StaffDoor.Session, address: String) {
        self.office = office
        self.names = names
        member = session.member
        actor = Actor(session.member.login, from: address)
    }

    /// - Throws: ``OfficeError`` `notAllowed` where the role does not reach so far.
    func allow(_ power: StaffMember.Power) throws {
        guard member.role.has(power) else {
            throw OfficeError(
                .notAllowed, "This is not for the role of \(member.role.rawValue).",
                hint: power == .supervise ? "Ask a supervisor." : "Ask a clerk or a supervisor.")
        }
    }

    /// Does something that changes the books, in the person's name.
    func act<Result>(_ power: StaffMember.Power, _ body: () throws -> Result) throws -> Result {
        try allow(power)
        return try actor.doing(body)
    }

    // MARK: What is theirs

    /// The elections of the person's jurisdictions, in the order in which they came in.
    func elections(in transaction: Transaction) throws -> [KeptElection] {
        try ElectionBook.all(in: transaction).filter { member.scope.holds($0.definition.jurisdiction.id.text) }
    }

    /// An election by its row.
    ///
    /// - Throws: ``OfficeError`` `notFound` also where it is another county's: nobody learns that it is there.
    func election(_ id: Int64, in transaction: Transaction) throws -> KeptElection {
        guard let election = try ElectionBook.kept(id, in: transaction), member.scope.holds(election.definition.jurisdiction.id.text) else {
            throw OfficeError(.notFound, "There is no such election.", hint: "Go back to the start, and choose one there.")
        }
        return election
    }

    /// A voter's request in an election, with the record.
    ///
    /// - Throws: ``OfficeError`` `notFound` also where it is another county's.
    func request(election: Int64, voter: Int64, in transaction: Transaction) throws -> (election: KeptElection, record: VoterRecord) {
        let kept = try self.election(election, in: transaction)
        let record = try transaction.first(
            "SELECT id AS request, key_id, sealed, fingerprint FROM request WHERE election = $1 AND voter = $2", .integer(election),
            .integer(voter), decode: { try office.currentVoter($0) })
        guard let record else {
            throw OfficeError(.notFound, "There is no such voter in this election.", hint: "Find the voter again.")
        }
        return (kept, record)
    }

    // MARK: Finding

    /// A voter who was found.
    package struct Found: Sendable, Equatable {
        /// The election's row, for addresses.
        package let election: Int64
        /// The election's id.
        package let electionID: ElectionID
        /// The voter's row, for addresses.
        package let voter: Int64
        package let voterID: VoterID
        /// Family name first: `Garcia, Maria Elena`.
        package let name: String
        /// Where the standing ballot is; nil: none.
        package let status: BallotStatus?
    }

    /// What a search brought.
    package struct Finding: Sendable {
        /// By name and number, at most ``mostFound``.
        package let voters: [Found]
        /// Whether there are more, so that more letters are needed.
        package let hasMore: Bool
    }

    /// How many voters one search shows.
    package static let mostFound = 50

    /// Voters by number, the beginning of a name, e-mail address, return code or tracking code, in all elections that are theirs.
    package func find(_ text: String) throws -> Finding {
        try allow(.look)
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty, text.utf8.count <= 200 else { return Finding(voters: [], hasMore: false) }
        let elections = try office.books.read { try self.elections(in: $0) }
        let ids = Set(elections.map(\.id))
        // Exact things first: whoever is found by one is alone on the page.
        let exact = try office.books.read { books in
            try exactly(text, in: books).filter { ids.contains($0.election) }
        }
        let byName = exact.isEmpty ? try names.matches(text, elections: ids, most: Self.mostFound) : []
        let shown = byName.prefix(Self.mostFound)
        let voters = try office.books.read { books in
            let rows = try exact.compactMap { try found(where: "r.election = $1 AND r.voter = $2", $0.election, $0.voter, books) }
            return try rows + shown.compactMap { try found(where: "r.election = $1 AND r.id = $2", $0.election, $0.request, books) }
        }
        return Finding(
            voters: voters.sorted { ($0.name, $0.voterID.text, $0.election) < ($1.name, $1.voterID.text, $1.election) },
            hasMore: byName.count > Self.mostFound)
    }

    private struct Place: Hashable {
        let election: Int64
        let voter: Int64
    }

    private func exactly(_ text: String, in books: Transaction) throws -> Set<Place> {
        func place(_ row: ResultRow) throws -> Place { Place(election: try row.integer("election"), voter: try row.integer("voter")) }
        // CROSS: in this order, or SQLite walks through the index of all voters.
        var places = Set(
            try books.all(
                """
                SELECT r.election, r.voter FROM jurisdiction j CROSS JOIN voter v CROSS JOIN request r
                WHERE v.jurisdiction = j.id AND r.voter = v.id AND v.number_index = $1
                """, .blob(office.rollKeys.index("voter number", text)), decode: place))
        if text.contains("@") {
            places.formUnion(
                try books.all(
                    "SELECT election, voter FROM request WHERE email_index = $1 LIMIT 200",
                    .blob(office.rollKeys.index("e-mail", text.lowercased())), decode: place))
        }
        if let code = ReturnCode(text) {
            places.formUnion(
                try books.all(
                    "SELECT election, voter FROM ballot WHERE return_index = $1",
                    .blob(office.rollKeys.index("return code", code.text)), decode: place))
        } else if let code = TrackingCode(text) {
            places.formUnion(
                try books.all(
                    "SELECT election, voter FROM ballot WHERE tracking = $1", .blob(TrackingSecret(code).lookup), decode: place))
        }
        return places
    }

    func found(where condition: String, _ election: Int64, _ id: Int64, _ books: Transaction) throws -> Found? {
        try books.first(
            """
            SELECT r.election, e.code, r.voter, r.id AS request, r.key_id, r.sealed,
                (SELECT b.status FROM ballot b WHERE b.election = r.election AND b.voter = r.voter
                    AND b.status NOT IN ('replaced', 'cancelled')) AS status
            FROM request r JOIN election e ON e.id = r.election WHERE \(condition)
            """, .integer(election), .integer(id)
        ) { row in
            guard let record = try? office.voter(row) else { return nil }
            return Found(
                election: try row.integer("election"), electionID: ElectionID(try row.text("code")), voter: try row.integer("voter"),
                voterID: record.voterID, name: record.listName, status: try row.optionalText("status").flatMap(BallotStatus.init))
        }.flatMap { $0 }
    }
}

extension VoterRecord {
    /// The name as lists have it: `Garcia, Maria Elena Jr.`
    var listName: String {
        let given = [firstName, middleName, suffix].filter { !$0.isEmpty }.joined(separator: " ")
        return given.isEmpty ? lastName : "\(lastName), \(given)"
    }
}
