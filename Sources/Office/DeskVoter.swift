package import Elections
import Foundation
import Keys
import Storage

extension Desk {
    /// Everything about a voter in an election.
    package struct VoterPage: Sendable {
        /// The rows, for addresses, and what the office said of the election.
        package let election: Int64
        package let voter: Int64
        package let definition: ElectionDefinition
        /// The record of the roll; of a protected voter without addresses, except for a supervisor.
        package let record: VoterRecord
        /// Whether addresses were left out.
        package let isVeiled: Bool
        /// Every ballot, the newest first.
        package let ballots: [Ballot]
        package let letters: [Letter]
        /// Envelopes, oldest first.
        package let pieces: [Piece]
        package let exceptions: [ExceptionLine]
        /// A ballot that the next `uocava issue` makes in place of the last one; nil: none.
        package let replacement: BallotDesk.Waiting?
        /// Whether a protected voter's ballot may be issued: somebody released it.
        package let isReleased: Bool
        /// Everything that the journal tells of this voter's ballots, newest first.
        package let history: [Step]
        /// The other elections whose roll the voter is on, those that are theirs.
        package let elsewhere: [Found]

        /// The ballot that stands.
        package var standing: Ballot? { ballots.first { $0.status != .replaced && $0.status != .cancelled } }
    }

    /// A ballot of a voter.
    package struct Ballot: Sendable {
        /// The id, in hexadecimal.
        package let id: String
        package let status: BallotStatus
        package let style: StyleID
        package let revision: Int64
        /// On its declaration and envelope.
        package let returnCode: String
        package let issuedAt: Instant
    }

    /// A letter to a voter.
    package struct Letter: Sendable {
        /// A word of `LetterKind`.
        package let kind: String
        package let state: String
        package let queuedAt: Instant
        package let endedAt: Instant?
        /// The relay's last words.
        package let reply: String?
        package let bounce: String?
    }

    /// An envelope that came.
    package struct Piece: Sendable {
        /// Its row, `ballot` or `fwab`, and when it came.
        package let id: Int64
        package let kind: String
        package let receivedAt: Instant
        /// `accepted`, `rejected` or `held`; nil: not decided.
        package let decision: String?
        /// Why it was rejected.
        package let reason: String?
    }

    /// A row of the journal.
    package struct Step: Sendable {
        /// When it was written down.
        package let at: Instant
        /// A word of the journal.
        package let kind: String
        /// Who did it; nil: the office by itself, or the voter.
        package let by: String?
        /// What else is worth reading: the reason of a new link, of a rejection, of a note.
        package let words: String?
    }

    /// What is known of a voter in an election.
    ///
    /// - Throws: ``OfficeError`` `notFound` also where either is another county's.
    package func voter(_ voter: Int64, election: Int64) throws -> VoterPage {
        try allow(.look)
        try office.catchUp()
        return try office.books.read { books in
            var (kept, record) = try request(election: election, voter: voter, in: books)
            let isVeiled = record.protected && !member.role.has(.supervise)
            if isVeiled {
                record.email = ""
                record.phone = ""
                record.residence = VoterRecord.Residence()
                record.mailing = []
                record.mailingCountry = ""
            }
            let places = try elections(in: books).filter { $0.id != election }
            return VoterPage(
                election: election, voter: voter, definition: kept.definition, record: record, isVeiled: isVeiled,
                ballots: try ballots(of: voter, election, books), letters: try letters(to: voter, election, books),
                pieces: try pieces(of: voter, election, books), exceptions: try exceptions(of: voter, record, election, books),
                replacement: try BallotDesk(office).waiting(voter, election: election, in: books),
                isReleased: try books.count(
                    "SELECT count(*) FROM request WHERE election = $1 AND voter = $2 AND released_at IS NOT NULL", .integer(election),
                    .integer(voter)) > 0,
                history: try history(of: voter, election, books),
                elsewhere: try places.compactMap { try found(where: "r.election = $1 AND r.voter = $2", $0.id, voter, books) })
        }
    }

    private func ballots(of voter: Int64, _ election: Int64, _ books: Transaction) throws -> [Ballot] {
        try books.all(
            """
            SELECT b.id, b.status, b.issued_at, b.key_id, b.sealed, s.code, s.revision FROM ballot b JOIN ballot_style s ON s.id = b.style
            WHERE b.election = $1 AND b.voter = $2 ORDER BY b.sequence DESC
            """, .integer(election), .integer(voter)
        ) { row in
            let id = try row.blob("id")
            let secrets = try BallotSecrets(
                sealed: try row.blob("sealed"), keyID: try row.text("key_id"), ballot: id, keys: office.rollKeys)
            return Ballot(
                id: hex(id), status: BallotStatus(rawValue: try row.text("status")) ?? .cancelled, style: StyleID(try row.text("code")),
                revision: try row.integer("revision"), returnCode: secrets.returnCode.text,
                issuedAt: Instant(milliseconds: try row.integer("issued_at")))
        }
    }

    private func letters(to voter: Int64, _ election: Int64, _ books: Transaction) throws -> [Letter] {
        try books.all(
            """
            SELECT l.kind, l.state, l.queued_at, l.ended_at, l.reply, l.bounce FROM ballot b JOIN letter l ON l.ballot = b.id
            WHERE b.election = $1 AND b.voter = $2 ORDER BY l.id
            """, .integer(election), .integer(voter)
        ) { row in
            Letter(
                kind: try row.text("kind"), state: try row.text("state"), queuedAt: Instant(milliseconds: try row.integer("queued_at")),
                endedAt: try row.optionalInteger("ended_at").map { Instant(milliseconds: $0) }, reply: try row.optionalText("reply"),
                bounce: try row.optionalText("bounce"))
        }
    }

    private func pieces(of voter: Int64, _ election: Int64, _ books: Transaction) throws -> [Piece] {
        try books.all(
            "SELECT id, kind, received_at, decision, reason FROM return_piece WHERE election = $1 AND voter = $2 ORDER BY id",
            .integer(election), .integer(voter)
        ) { row in
            Piece(
                id: try row.integer("id"), kind: try row.text("kind"), receivedAt: Instant(milliseconds: try row.integer("received_at")),
                decision: try row.optionalText("decision"), reason: try row.optionalText("reason"))
        }
    }

    private func exceptions(of voter: Int64, _ record: VoterRecord, _ election: Int64, _ books: Transaction) throws -> [ExceptionLine] {
        try books.all(
            "SELECT kind, detail, since FROM exception WHERE election = $1 AND voter = $2 AND cleared_at IS NULL ORDER BY since, id",
            .integer(election), .integer(voter)
        ) { row in
            ExceptionLine(
                voterID: record.voterID, kind: try row.text("kind"), detail: try row.text("detail"),
                since: Instant(milliseconds: try row.integer("since")))
        }
    }

    private func history(of voter: Int64, _ election: Int64, _ books: Transaction) throws -> [Step] {
        try books.all(
            """
            SELECT j.at, j.kind, j.ballot, j.canonical FROM ballot b JOIN journal j ON j.ballot = b.id
            WHERE b.election = $1 AND b.voter = $2
            UNION ALL SELECT j.at, j.kind, NULL, j.canonical FROM journal j WHERE j.voter = $2 AND j.election = $1
                AND j.kind IN ('noted', 'transmitted', 'piece_received', 'piece_held', 'piece_accepted', 'piece_rejected', 'piece_reversed')
            UNION ALL SELECT j.at, j.kind, NULL, j.canonical FROM journal j WHERE j.voter = $2 AND j.election = $1
                AND j.kind IN ('issued', 'released') AND j.kind = 'released'
            ORDER BY 1 DESC, 4 DESC LIMIT 500
            """, .integer(election), .integer(voter)
        ) { row in
            let facts = (try? JSONValue.parse(try row.blob("canonical"))) ?? .null
            let owner = try row.optionalBlob("ballot") ?? RowID.bytes(voter)
            let word = facts["reason_code"]?.stringValue
            let own = office.openNote(facts["reason"], ballot: owner) ?? office.openNote(facts["note"], ballot: owner)
            let sent = [facts["method"]?.stringValue, facts["date"]?.stringValue, facts["ballot_number"]?.stringValue]
                .compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ", ")
            return Step(
                at: Instant(milliseconds: try row.integer("at")), kind: try row.text("kind"), by: facts["by"]?.stringValue,
                words: try row.text("kind") == "transmitted" ? sent : word == nil || word == "other" ? own : word)
        }
    }

    // MARK: Doing

    /// Kills the voter's link and queues a letter with a new one.
    ///
    /// - Throws: ``OfficeError`` as `LinkDesk.newLink` does.
    @discardableResult
    package func newLink(for voter: Int64, election: Int64, reason: String) throws -> LinkDesk.Outcome {
        try act(.handle) {
            let (kept, record) = try office.books.read { try request(election: election, voter: voter, in: $0) }
            return try LinkDesk(office).newLink(for: record.voterID, in: kept, reason: try Self.written(reason))
        }
    }

    /// Asks for another ballot in place of the voter's last one; the next `uocava issue` makes it.
    ///
    /// - Throws: ``OfficeError`` as `BallotDesk.replace` does.
    @discardableResult
    package func replace(_ voter: Int64, election: Int64, reason: String) throws -> BallotDesk.Outcome {
        try act(.handle) {
            let (kept, record) = try office.books.read { try request(election: election, voter: voter, in: $0) }
            return try BallotDesk(office).replace(record.voterID, in: kept, reason: try Self.written(reason))
        }
    }

    /// Takes back what was asked for and is not made yet.
    ///
    /// - Throws: ``OfficeError`` as `BallotDesk.withdraw` does.
    package func withdrawReplacement(of voter: Int64, election: Int64) throws {
        try act(.handle) {
            let (kept, record) = try office.books.read { try request(election: election, voter: voter, in: $0) }
            try BallotDesk(office).withdraw(record.voterID, in: kept)
        }
    }

    /// Cancels the voter's ballot at once.
    ///
    /// - Throws: ``OfficeError`` as `BallotDesk.cancel` does.
    package func cancel(_ voter: Int64, election: Int64, reason: String) throws {
        try act(.supervise) {
            let (kept, record) = try office.books.read { try request(election: election, voter: voter, in: $0) }
            try BallotDesk(office).cancel(record.voterID, in: kept, reason: try Self.written(reason))
        }
    }

    /// Releases a protected voter's ballot: the next `uocava issue` makes it.
    ///
    /// - Throws: ``OfficeError`` `notFound` where the voter is not protected.
    package func release(_ voter: Int64, election: Int64) throws {
        try act(.supervise) {
            let (kept, record) = try office.books.read { try request(election: election, voter: voter, in: $0) }
            try Issuing(office).release([record.voterID], election: kept, at: office.clock.now())
        }
    }

    /// Writes down what somebody should know of a voter, sealed.
    ///
    /// - Throws: ``OfficeError`` `badInput` where nothing or too much is written.
    package func note(_ text: String, on voter: Int64, election: Int64) throws {
        try act(.handle) {
            let words = try Self.written(text)
            try office.books.write { books in
                _ = try request(election: election, voter: voter, in: books)
                try Journal.append(
                    [
                        JournalEntry(
                            .noted, election: election, voter: voter, facts: ["note": office.sealedNote(words, ballot: RowID.bytes(voter))])
                    ], at: office.clock.now(), in: books)
            }
        }
    }

    private static let mostWritten = 500

    /// What a clerk typed as a reason or a note.
    static func written(_ text: String) throws -> String {
        let words = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !words.isEmpty else {
            throw OfficeError(.badInput, "Say why, in a few words.", hint: "Others read it when the voter calls again.")
        }
        guard words.count <= mostWritten, !words.unicodeScalars.contains(where: { Printable.isUnsafe($0) && $0 != "\n" && $0 != "\r" })
        else {
            throw OfficeError(
                .badInput, "This is longer than \(mostWritten) characters, or has characters that cannot be shown.", hint: "Say it shorter."
            )
        }
        return words
    }
}
