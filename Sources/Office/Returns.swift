package import Elections
import Foundation
import Keys
import Storage

/// The desk where envelopes come back: each is scanned, and then somebody decides whether it counts.
package struct Returns: Sendable {
    let office: Office
    /// Whose envelopes it takes in: of another jurisdiction it says only that.
    let scope: StaffMember.Scope
    /// Scans in one transaction: few enough that nobody waits for the books.
    private static let chunk = 200

    /// Opens the desk in an office, for the envelopes of these jurisdictions.
    package init(_ office: Office, within scope: StaffMember.Scope = .everywhere) {
        self.office = office
        self.scope = scope
    }

    /// A code read off an envelope.
    package struct Scan: Sendable, Equatable {
        /// As it was typed or scanned.
        package var code: String
        /// When the envelope came; nil: now.
        package var receivedAt: Instant?
        /// Where it stands in a file, for problems.
        var file: String?
        var line: Int?

        /// A scan that a person typed; files give theirs through ``Returns/scans(csv:file:)``.
        package init(code: String, receivedAt: Instant? = nil) {
            self.code = code
            self.receivedAt = receivedAt
        }
    }

    /// What a scan came to.
    package enum Outcome: String, Sendable {
        /// The envelope is written down now.
        case received
        /// This ballot's envelope was written down before.
        case duplicate
        /// The code is none of this office's.
        case unknown
    }

    /// A scan and what it came to.
    package struct Received: Sendable, Equatable {
        /// In its printed form; an unknown one as it was given.
        package let code: String
        /// What came of the scan.
        package let outcome: Outcome
        /// The voter's number; nil where the code is unknown or the voter is no longer on the roll.
        package let voterID: VoterID?
        /// When the envelope came; of a duplicate, when it came first.
        package let at: Instant?
        /// What a clerk should know or do; empty where everything is as usual.
        package let hint: String

        /// `{code, result, voter_id, received_at, hint}`.
        package var json: JSONValue {
            [
                "code": .string(code), "result": .string(outcome.rawValue), "voter_id": .optional(voterID?.text),
                "received_at": .optional(at?.rfc3339), "hint": .optional(hint.isEmpty ? nil : hint)
            ]
        }
    }

    // MARK: Receiving

    /// Reads the list of a scanner: a header `code,received_at`, the second column may be missing; times in RFC 3339, or empty for now.
    ///
    /// - Throws: ``OfficeError`` `badInput` with every problem and its line. Whether a code is known is not asked here.
    package static func scans(csv bytes: [UInt8], file: String) throws -> [Scan] {
        let table: CSVTable
        let columns: CSVColumns
        do throws(Problems) {
            table = try CSV.parse(bytes, file: file)
            columns = try table.columns(required: ["code"], optional: ["received_at"])
        } catch {
            throw OfficeError(error, in: file)
        }
        var problems = table.refused.map(\.problem)
        var scans: [Scan] = []
        scans.reserveCapacity(table.rows.count)
        for row in table.rows {
            let code = columns.cell("code", in: row)
            let time = columns.cell("received_at", in: row)
            if code.isEmpty {
                problems.append(
                    Problem(file: file, line: row.line, column: "code", what: "the code is missing", hint: "Scan the envelope again."))
            }
            let receivedAt = Instant(rfc3339: time)
            if receivedAt == nil, !time.isEmpty {
                problems.append(
                    Problem(
                        file: file, line: row.line, column: "received_at", what: "\(Printable.quote(time)) is not a time",
                        hint: "Write it as 2028-11-03T09:30:00-05:00, or leave it empty for now."))
            }
            var scan = Scan(code: code, receivedAt: receivedAt)
            scan.file = file
            scan.line = row.line
            scans.append(scan)
        }
        if scans.isEmpty, problems.isEmpty {
            problems.append(Problem(file: file, what: "there is no code in the file, only the header", hint: "Scan the envelopes again."))
        }
        guard problems.isEmpty else { throw OfficeError(Problems(problems.sorted { ($0.line ?? 0) < ($1.line ?? 0) }), in: file) }
        return scans
    }

    /// Writes down envelopes that came back. Scanned twice is written down once: whoever is interrupted scans the whole pile again.
    ///
    /// - Returns: one result for each scan, in their order.
    /// - Throws: ``OfficeError`` `badInput`, before anything is written, where a time lies more than a day ahead or before the ballot was
    /// issued.
    package func receive(_ scans: [Scan]) throws -> [Received] {
        // First what the voters did: a download of yesterday comes before an envelope of today.
        try office.catchUp()
        let now = office.clock.now()
        try check(scans, now: now)
        var results: [Received] = []
        results.reserveCapacity(scans.count)
        for start in stride(from: 0, to: scans.count, by: Self.chunk) {
            let part = scans[start..<min(start + Self.chunk, scans.count)]
            results += try office.books.write { transaction in
                try part.map { try receive($0, now: now, in: transaction) }
            }
        }
        // The voter may look at once (52 USC 20302(h)).
        try office.catchUp()
        return results
    }

    private func check(_ scans: [Scan], now: Instant) throws {
        let latest = now.adding(seconds: 86_400)
        var problems: [Problem] = []
        try office.books.read { transaction in
            for scan in scans {
                guard let receivedAt = scan.receivedAt else { continue }
                func problem(_ what: String, _ hint: String) {
                    problems.append(Problem(file: scan.file, line: scan.line, column: "received_at", what: what, hint: hint))
                }
                let code = Printable.escape(scan.code)
                if receivedAt > latest {
                    problem("\(code) cannot have come at \(receivedAt): that is in the future", "Check the scanner's clock.")
                } else if let ballot = try find(scan.code, in: transaction), receivedAt.seconds < ballot.issuedAt.seconds {
                    problem(
                        "\(code) cannot have come at \(receivedAt): the ballot was issued at \(ballot.issuedAt)",
                        "Check the scanner's clock.")
                }
            }
        }
        guard problems.isEmpty else { throw OfficeError(Problems(problems), in: problems.first?.file ?? "The scans") }
    }

    private func receive(_ scan: Scan, now: Instant, in transaction: Transaction) throws -> Received {
        guard let code = ReturnCode(scan.code) else {
            return Received(code: scan.code, outcome: .unknown, voterID: nil, at: nil, hint: Self.hint(unreadable: scan.code))
        }
        guard let ballot = try find(scan.code, in: transaction) else {
            return Received(
                code: code.text, outcome: .unknown, voterID: nil, at: nil,
                hint: try isElsewhere(code, in: transaction)
                    ? "This envelope is another jurisdiction's. Put it aside for them; nothing was written down."
                    : "No ballot of this office has this code. Is it another office's envelope?")
        }
        return try receive(ballot, as: code.text, receivedAt: scan.receivedAt ?? now, now: now, in: transaction)
    }

    private func receive(
        _ ballot: Found, as code: String, receivedAt: Instant, now: Instant, in transaction: Transaction
    ) throws -> Received {
        let voter = try office.voterNumber(ballot.voter, election: ballot.election, in: transaction)
        let piece = try transaction.first(
            """
            INSERT INTO return_piece (election, voter, ballot, kind, received_at, recorded_at) VALUES ($1, $2, $3, 'ballot', $4, $5)
            ON CONFLICT (ballot) WHERE ballot IS NOT NULL DO NOTHING RETURNING id
            """,
            .integer(ballot.election), .integer(ballot.voter), .blob(ballot.id), .integer(receivedAt.milliseconds),
            .integer(now.milliseconds), decode: { try $0.integer("id") })
        guard let piece else {
            let first = try transaction.first("SELECT received_at FROM return_piece WHERE ballot = $1", .blob(ballot.id)) {
                Instant(milliseconds: try $0.integer("received_at"))
            }
            return Received(
                code: code, outcome: .duplicate, voterID: voter, at: first,
                hint: "This ballot's envelope was written down before. A second envelope with the same code needs a supervisor's eyes.")
        }
        let outcome = try BallotBook.record(
            .received, ballot: ballot.id, at: now,
            facts: ["piece": .integer(piece), "received_at": .string(receivedAt.rfc3339)], in: transaction)
        switch outcome {
        case .moved:
            try LetterBook(office, at: now, in: transaction).notify(.received, ballot.owner)
            let hint = try arrival(of: piece, now: now, in: transaction)
            return Received(code: code, outcome: .received, voterID: voter, at: receivedAt, hint: hint)
        case .noted(let status):
            return Received(
                code: code, outcome: .received, voterID: voter, at: receivedAt,
                hint: "The ballot in it is \(status.rawValue) and does not count. Keep the envelope; look for the voter's other ballot.")
        case .impossible, .unknown:
            throw OfficeError(
                .broken, "The ballot of \(code) is \(ballot.status), but no envelope of it is in the books.",
                hint: "Run `uocava reconcile`.")
        }
    }

    // MARK: Without a code

    /// Writes down an envelope that has no code to scan: a write-in ballot (FWAB), a paper ballot that the office posted, or one whose code
    /// cannot be read.
    ///
    /// A `ballot` of a voter whom a paper one was sent to (`uocava transmitted`) is that one. Anybody else's is the one that was issued, and
    /// a duplicate where its envelope is here already: whoever looks the voter up twice means the same envelope.
    ///
    /// - Throws: ``OfficeError`` `notFound` for the voter, `badInput` for a time that cannot be.
    package func receive(
        _ kind: ReturnRules.Kind, of number: VoterID, election id: ElectionID, receivedAt: Instant? = nil
    ) throws -> Received {
        try receive(kind, of: number, in: try office.books.read { try ElectionBook.find(id, in: $0) }, receivedAt: receivedAt)
    }

    /// The same in an election that was looked up.
    func receive(_ kind: ReturnRules.Kind, of number: VoterID, in election: KeptElection, receivedAt: Instant?) throws -> Received {
        try office.catchUp()
        let now = office.clock.now()
        let receivedAt = receivedAt ?? now
        guard scope.holds(election.definition.jurisdiction.id.text) else {
            throw OfficeError(.notAllowed, "\(election.definition.id) is another jurisdiction's.", hint: "Nothing was written down.")
        }
        guard receivedAt <= now.adding(seconds: 86_400) else {
            throw OfficeError(
                .badInput, "An envelope cannot have come at \(receivedAt): that is in the future.", hint: "Check the date and the clock.")
        }
        let result = try office.books.write { transaction in
            let voter = try transaction.first(
                """
                SELECT r.voter FROM request r JOIN voter v ON v.id = r.voter
                WHERE r.election = $1 AND v.jurisdiction = $2 AND v.number_index = $3
                """, .integer(election.id), .text(election.definition.jurisdiction.id.text),
                .blob(office.rollKeys.index("voter number", number.text)), decode: { try $0.integer("voter") })
            guard let voter else {
                throw OfficeError(
                    .notFound, "There is no voter \(Printable.quote(number.text)) on the roll of \(election.definition.id).",
                    hint: "Keep the envelope: whoever sends a write-in ballot may ask for registration with it. Import the request first.")
            }
            if kind == .ballot, !(try hasPaper(voter, election.id, in: transaction)),
                let ballot = try standing(of: voter, election.id, in: transaction)
            {
                guard receivedAt.seconds >= ballot.found.issuedAt.seconds else {
                    throw OfficeError(
                        .badInput, "It cannot have come at \(receivedAt): the ballot was issued at \(ballot.found.issuedAt).",
                        hint: "Check the date.")
                }
                return try receive(ballot.found, as: ballot.code, receivedAt: receivedAt, now: now, in: transaction)
            }
            return try receive(kind, of: voter, number, election.id, receivedAt: receivedAt, now: now, in: transaction)
        }
        try office.catchUp()
        return result
    }

    private func receive(
        _ kind: ReturnRules.Kind, of voter: Int64, _ number: VoterID, _ election: Int64, receivedAt: Instant, now: Instant,
        in transaction: Transaction
    ) throws -> Received {
        let piece = try transaction.first(
            """
            INSERT INTO return_piece (election, voter, kind, received_at, recorded_at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (election, voter, kind) WHERE ballot IS NULL DO NOTHING RETURNING id
            """, .integer(election), .integer(voter), .text(kind.rawValue), .integer(receivedAt.milliseconds), .integer(now.milliseconds),
            decode: { try $0.integer("id") })
        guard let piece else {
            let first = try transaction.first(
                "SELECT received_at FROM return_piece WHERE election = $1 AND voter = $2 AND kind = $3 AND ballot IS NULL",
                .integer(election), .integer(voter), .text(kind.rawValue)
            ) { Instant(milliseconds: try $0.integer("received_at")) }
            return Received(
                code: "", outcome: .duplicate, voterID: number, at: first,
                hint: "Such an envelope of this voter was written down before. If this is a second one, keep both together: one counts.")
        }
        try Journal.append(
            [
                JournalEntry(
                    .piece(.received), election: election, voter: voter,
                    facts: [
                        "piece": .integer(piece), "piece_kind": .string(kind.rawValue), "received_at": .string(receivedAt.rfc3339)
                    ])
            ], at: now, in: transaction)
        let hint = try arrival(of: piece, now: now, in: transaction)
        return Received(code: "", outcome: .received, voterID: number, at: receivedAt, hint: hint)
    }

    /// Puts an envelope on hold that must wait by the rules.
    ///
    /// - Returns: what a clerk should know; empty where all is as usual.
    private func arrival(of piece: Int64, now: Instant, in transaction: Transaction) throws -> String {
        let envelopes = ReturnEnvelopes(office)
        guard let found = try envelopes.find(piece, in: transaction) else { return "" }
        let late = found.bar(now: now) == .late ? "It came after the voter's deadline. " : ""
        guard ReturnRules.holdsOnArrival(found.envelope, others: found.others) else { return late.trimmingCharacters(in: .whitespaces) }
        _ = try decide(found, .hold, at: now, in: transaction)
        return late
            + (found.envelope.kind == .fwab
                ? "A write-in ballot waits: it counts only where the voter's regular ballot does not come in time."
                : "Another envelope of this voter is here: this one is on hold, and one of them can count.")
    }

    // MARK: Looking up

    struct Found {
        let id: [UInt8]
        let election: Int64
        let voter: Int64
        let style: Int64
        let base: [UInt8]
        let status: String
        let issuedAt: Instant

        var owner: LetterBook.Owner { LetterBook.Owner(ballot: id, voter: voter, election: election) }
    }

    /// The ballot whose return code this is.
    func find(_ text: String, in transaction: Transaction) throws -> Found? {
        guard let code = ReturnCode(text) else { return nil }
        return try transaction.first(
            """
            SELECT b.id, b.election, b.voter, b.style, b.base, b.status, b.issued_at, e.jurisdiction
            FROM ballot b JOIN election e ON e.id = b.election WHERE b.return_index = $1
            """, .blob(office.rollKeys.index("return code", code.text))
        ) { row -> Found? in
            guard scope.holds(try row.text("jurisdiction")) else { return nil }
            return Found(
                id: try row.blob("id"), election: try row.integer("election"), voter: try row.integer("voter"),
                style: try row.integer("style"), base: try row.blob("base"), status: try row.text("status"),
                issuedAt: Instant(milliseconds: try row.integer("issued_at")))
        }.flatMap { $0 }
    }

    private func hasPaper(_ voter: Int64, _ election: Int64, in transaction: Transaction) throws -> Bool {
        try transaction.count("SELECT count(*) FROM transmission WHERE election = $1 AND voter = $2", .integer(election), .integer(voter))
            > 0
    }

    /// The voter's ballot that stands, and its code.
    private func standing(of voter: Int64, _ election: Int64, in transaction: Transaction) throws -> (found: Found, code: String)? {
        let ballot = try transaction.first(
            """
            SELECT b.id, b.key_id, b.sealed FROM ballot b WHERE b.election = $1 AND b.voter = $2 AND b.status NOT IN ('replaced', 'cancelled')
            """, .integer(election), .integer(voter)
        ) { row in
            try BallotSecrets(
                sealed: try row.blob("sealed"), keyID: try row.text("key_id"), ballot: try row.blob("id"), keys: office.rollKeys
            ).returnCode.text
        }
        guard let ballot, let found = try find(ballot, in: transaction) else { return nil }
        return (found, ballot)
    }

    /// Whether a code is a ballot's of the office, whoever's it is.
    private func isElsewhere(_ code: ReturnCode, in transaction: Transaction) throws -> Bool {
        try transaction.count("SELECT count(*) FROM ballot WHERE return_index = $1", .blob(office.rollKeys.index("return code", code.text)))
            > 0
    }

    /// The reason's word in clear; a clerk's own words may name people and stay sealed.
    static func word(_ reason: RejectionReason) -> String {
        if case .other = reason { return "other" }
        return reason.text
    }

    static func unknown(_ text: String) -> OfficeError {
        // A tracking code is its voter's secret, even with a letter wrong: it is not repeated where a log may keep it.
        if isTracking(text) {
            return OfficeError(
                .notFound, "This is a tracking code, from the voter's own cover page. A decision needs the return code.",
                hint: "It begins with R- and stands on the declaration and on the envelope. Scan or type that one.")
        }
        return OfficeError(
            .notFound, "No ballot of this office has the code \(Printable.quote(text)).",
            hint: ReturnCode(text) == nil ? hint(unreadable: text) : "Is it another office's envelope?")
    }

    /// Whether somebody typed a tracking code, or meant to: one letter misread is a secret nearly as good.
    static func isTracking(_ text: String) -> Bool { TrackingCode(text) != nil || text.uppercased().hasPrefix("T-") }

    private static func hint(unreadable text: String) -> String {
        if isTracking(text) {
            return "This is the voter's own tracking code, from the cover page. The return code begins with R- and stands on the envelope."
        }
        return "This is no return code: those look like R-XXXX-XXXX-XXXX, and the last character checks the others. Scan or type it again."
    }
}

extension [Returns.Received] {
    /// One object a scan.
    package var json: JSONValue { .array(map(\.json)) }

    /// For the terminal or a spreadsheet.
    package var table: ReportTable {
        ReportTable(
            columns: ["code", "result", "voter_id", "received_at", "hint"],
            rows: map {
                [.string($0.code), .string($0.outcome.rawValue), .optional($0.voterID?.text), .optional($0.at?.rfc3339), .string($0.hint)]
            })
    }
}
