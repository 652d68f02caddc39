package import Elections
package import Foundation
import Keys
import Storage

extension Desk {
    // MARK: Envelopes

    /// Writes down an envelope by the code on it; `zone` is that of its office's clock.
    ///
    /// - Throws: ``OfficeError`` `notAllowed` for a role that does not handle envelopes.
    package func receive(_ code: String) throws -> (scan: Returns.Received, zone: TimeZone) {
        try act(.handle) {
            // Whatever came off the scanner is shown again: no more of it than a code has.
            let code = String(code.trimmingCharacters(in: .whitespacesAndNewlines).prefix(60))
            let received = try Returns(office, within: member.scope).receive([Returns.Scan(code: code)])
            guard let first = received.first else { throw OfficeError(.broken, "A scan has no result.") }
            let zone = try office.books.read { books in
                let index = ReturnCode(code).map { office.rollKeys.index("return code", $0.text) } ?? []
                let election = try books.first("SELECT election FROM ballot WHERE return_index = $1", .blob(index)) {
                    try $0.integer("election")
                }
                return try elections(in: books).first { $0.id == election }?.definition.timeZone
            }
            return (first, zone ?? .gmt)
        }
    }

    /// How many envelopes came today, on the walls of the offices whose elections are theirs.
    package func cameToday() throws -> Int {
        try allow(.look)
        return try office.books.read { books in
            try elections(in: books).reduce(0) { sum, election in
                let zone = election.definition.timeZone
                let today = office.clock.now().civilDate(in: zone)
                let start = LocalTime(date: today, hour: 0, minute: 0).map { $0.instant(in: zone).milliseconds } ?? 0
                return sum
                    + (try books.count(
                        "SELECT sum(pieces) FROM half_hour_total WHERE election = $1 AND half_hour >= $2", .integer(election.id),
                        .integer(start / 1_800_000)))
            }
        }
    }

    // MARK: Deciding

    /// An envelope that waits for a decision.
    package struct Waiting: Sendable {
        /// Its row, the election's and the voter's, for addresses.
        package let piece: Int64
        package let election: Int64
        package let voter: Int64
        package let voterID: VoterID
        /// Family name first.
        package let name: String
        package let returnCode: String?
        /// `ballot` or `fwab`.
        package let kind: String
        package let receivedAt: Instant
        package let isHeld: Bool
        /// Why it may not be accepted now, and what to do; nil: it may.
        package let bar: OfficeError?
        /// By which day it must have been posted to count, where the State goes by postmarks.
        package let postmark: CivilDate?
        /// The office's zone.
        package let zone: TimeZone
    }

    /// How many are shown at once.
    package static let mostWaiting = 50

    /// Envelopes without a decision, and those on hold, in the order in which they came; and how many there are in all.
    package func waiting() throws -> (shown: [Waiting], all: Int) {
        try allow(.look)
        try office.catchUp()
        return try office.books.read { books in
            var shown: [Waiting] = []
            var all = 0
            for election in try elections(in: books) {
                all += try books.count(
                    "SELECT count(*) FROM return_piece WHERE election = $1 AND (decision IS NULL OR decision = 'held')",
                    .integer(election.id))
                guard shown.count < Self.mostWaiting else { continue }
                shown += try books.all(
                    """
                    SELECT p.id, p.voter, p.ballot, p.kind, p.received_at, p.decision, r.id AS request, r.key_id, r.sealed,
                        b.key_id AS ballot_key, b.sealed AS ballot_sealed
                    FROM return_piece p JOIN request r ON r.election = p.election AND r.voter = p.voter LEFT JOIN ballot b ON b.id = p.ballot
                    WHERE p.election = $1 AND (p.decision IS NULL OR p.decision = 'held') ORDER BY p.id LIMIT $2
                    """, .integer(election.id), .integer(Int64(Self.mostWaiting - shown.count))
                ) { try waiting($0, election, books) }
            }
            return (shown, all)
        }
    }

    private func waiting(_ row: ResultRow, _ election: KeptElection, _ books: Transaction) throws -> Waiting {
        let record = try office.voter(row)
        let definition = election.definition
        let receivedAt = Instant(milliseconds: try row.integer("received_at"))
        var code: String?
        if let ballot = try row.optionalBlob("ballot"), let sealed = try row.optionalBlob("ballot_sealed") {
            code = try BallotSecrets(sealed: sealed, keyID: try row.text("ballot_key"), ballot: ballot, keys: office.rollKeys).returnCode
                .text
        }
        let piece = try row.integer("id")
        let now = office.clock.now()
        let bar = try ReturnEnvelopes(office).find(piece, in: books).flatMap { found in
            found.bar(now: now).map { Returns.barred($0, found) }
        }
        return Waiting(
            piece: piece, election: election.id, voter: try row.integer("voter"), voterID: record.voterID,
            name: record.listName, returnCode: code, kind: try row.text("kind"), receivedAt: receivedAt,
            isHeld: try row.optionalText("decision") == "held", bar: bar, postmark: definition.deadlines.postmark,
            zone: definition.timeZone)
    }

    /// Decides about an envelope.
    ///
    /// - Parameter piece: its row.
    /// - Throws: ``OfficeError`` as `Returns.decide` does.
    package func decide(_ piece: Int64, _ decision: Returns.Decision) throws {
        try act(.handle) {
            _ = try Returns(office, within: member.scope).decide(piece: piece, decision)
        }
    }

    /// Takes a decision back.
    ///
    /// - Throws: ``OfficeError`` as `Returns.reverse` does.
    @discardableResult
    package func reverse(_ piece: Int64, reason: String) throws -> Returns.Reversal {
        try act(.supervise) { try Returns(office, within: member.scope).reverse(piece: piece, reason: try Self.written(reason)) }
    }

    /// Writes down an envelope without a code, from a voter who was looked up.
    ///
    /// - Throws: ``OfficeError`` as `Returns.receive` does.
    package func receive(_ kind: ReturnRules.Kind, of voter: Int64, election: Int64) throws -> Returns.Received {
        try act(.handle) {
            let (kept, record) = try office.books.read { try request(election: election, voter: voter, in: $0) }
            return try Returns(office, within: member.scope).receive(kind, of: record.voterID, in: kept, receivedAt: nil)
        }
    }

    // MARK: Lists

    /// A line of the exception list and where it belongs.
    package struct OpenException: Sendable {
        /// The election's row, for addresses, and its id.
        package let election: Int64
        package let electionID: ElectionID
        /// The voter's row; nil where a row of the roll could not be read.
        package let voter: Int64?
        package let line: ExceptionLine
        package let zone: TimeZone
    }

    /// The open lines of the exception lists that are theirs, oldest first.
    ///
    /// - Parameters:
    ///   - kind: only these; nil: all.
    ///   - most: how many at most, one more where there are more; nil: all.
    package func exceptions(election: Int64? = nil, kind: String? = nil, most: Int? = nil) throws -> [OpenException] {
        try allow(.look)
        return try office.books.read { books in
            let own = try elections(in: books).filter { election == nil || $0.id == election }
            return try own.flatMap { kept in
                try books.all(
                    """
                    SELECT e.voter, e.held_row, e.kind, e.detail, e.since, h.key_id, h.sealed
                    FROM exception e LEFT JOIN held_row h ON h.id = e.held_row
                    WHERE e.election = $1 AND e.cleared_at IS NULL AND ($2 IS NULL OR e.kind = $2) ORDER BY e.since, e.id LIMIT $3
                    """, .integer(kept.id), .text(orNull: kind), .integer(Int64(most.map { $0 + 1 } ?? Int(Int32.max)))
                ) { row in
                    let voter = try row.optionalInteger("voter")
                    return OpenException(
                        election: kept.id, electionID: kept.definition.id, voter: voter,
                        line: try office.exceptionLine(row, election: kept.id, in: books), zone: kept.definition.timeZone)
                }
            }
        }
    }

    /// The accounts whose jurisdictions are theirs too.
    package func colleagues() throws -> [StaffMember] {
        try allow(.look)
        return try Staff(office).all().filter { colleague in
            switch (member.scope, colleague.scope) {
            case (.everywhere, _): true
            case (.only, .everywhere): true
            case (.only(let mine), .only(let theirs)): !mine.isDisjoint(with: theirs)
            }
        }
    }

    /// Where a ballot's voter is, by the ballot's id in hexadecimal.
    ///
    /// - Throws: ``OfficeError`` `notFound` also where it is another county's.
    package func place(ofBallot id: String) throws -> (election: Int64, voter: Int64) {
        try allow(.look)
        return try office.books.read { books in
            let found = try bytes(hex: id).flatMap { id in
                try books.first("SELECT election, voter FROM ballot WHERE id = $1", .blob(id)) {
                    (election: try $0.integer("election"), voter: try $0.integer("voter"))
                }
            }
            guard let found, try elections(in: books).contains(where: { $0.id == found.election }) else {
                throw OfficeError(.notFound, "There is no such ballot.", hint: "Find the voter.")
            }
            return found
        }
    }
}
