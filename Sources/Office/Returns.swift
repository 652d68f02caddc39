package import Elections
import Foundation
import Keys
import Storage

/// The desk where envelopes come back: each is scanned, and then somebody decides whether it counts.
package struct Returns: Sendable {
    private let office: Office
    /// Scans in one transaction: few enough that nobody waits for the books.
    private static let chunk = 200

    /// Opens the desk in an office.
    package init(_ office: Office) { self.office = office }

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
                hint: "No ballot of this office has this code. Is it another office's envelope?")
        }
        let receivedAt = scan.receivedAt ?? now
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
                code: code.text, outcome: .duplicate, voterID: voter, at: first,
                hint: "This ballot's envelope was written down before. A second envelope with the same code needs a supervisor's eyes.")
        }
        let outcome = try BallotBook.record(
            .received, ballot: ballot.id, at: now,
            facts: ["piece": .integer(piece), "received_at": .string(receivedAt.rfc3339)], in: transaction)
        switch outcome {
        case .moved:
            try LetterBook(office, at: now, in: transaction).notify(.received, ballot.owner)
            return Received(code: code.text, outcome: .received, voterID: voter, at: receivedAt, hint: "")
        case .noted(let status):
            return Received(
                code: code.text, outcome: .received, voterID: voter, at: receivedAt,
                hint: "The ballot in it is \(status.rawValue) and does not count. Keep the envelope; look for the voter's other ballot.")
        case .impossible, .unknown:
            throw OfficeError(
                .broken, "The ballot of \(code) is \(ballot.status), but no envelope of it is in the books.",
                hint: "Run `uocava reconcile`.")
        }
    }

    // MARK: Deciding

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
    ///   where it has not come back, is decided, was replaced, or another envelope of the voter counts already.
    package func decide(_ code: String, _ decision: Decision) throws -> BallotStatus {
        if case .reject(.other(let words)) = decision, let problem = LetterLint.problem(inReason: words) {
            throw OfficeError(.badInput, "The voter cannot be told this reason: \(problem.what).", hint: problem.hint)
        }
        try office.catchUp()
        let now = office.clock.now()
        let status: BallotStatus
        do {
            status = try office.books.write { try decide(code, decision, at: now, in: $0) }
        } catch let error as StorageError where error.code == .constraint {
            // The books allow one counted envelope for a voter and an election, and refused a second.
            throw try office.books.read { try countedBefore(code, in: $0) } ?? error
        }
        try office.catchUp()
        return status
    }

    private func decide(_ text: String, _ decision: Decision, at now: Instant, in transaction: Transaction) throws -> BallotStatus {
        guard let ballot = try find(text, in: transaction) else { throw Self.unknown(text) }
        let word = decision.event.rawValue
        var facts: [String: JSONValue] = [:]
        var reasonWord: String?
        if case .reject(let reason) = decision {
            let word = Self.word(reason)
            reasonWord = word
            let language = try transaction.first(
                "SELECT language FROM base WHERE style = $1 AND hash = $2", .integer(ballot.style), .blob(ballot.base),
                decode: { try $0.text("language") })
            facts = [
                "reason_code": .string(word),
                "reason": office.sealedNote(reason.sentence(language: language ?? "en"), ballot: ballot.id)
            ]
        }
        // Of two who decide at once, one is first; holding what is held already is no decision.
        let open = decision == .hold ? "decision IS NULL" : "(decision IS NULL OR decision = 'held')"
        let decided = try transaction.first(
            "UPDATE return_piece SET decision = $2, reason = $3, decided_at = $4 WHERE ballot = $1 AND \(open) RETURNING id",
            .blob(ballot.id), .text(word), .text(orNull: reasonWord), .integer(now.milliseconds), decode: { try $0.integer("id") })
        guard let piece = decided else { throw try refusal(text, word, ballot, in: transaction) }
        facts["piece"] = .integer(piece)
        switch try BallotBook.record(decision.event, ballot: ballot.id, at: now, facts: facts, in: transaction) {
        case .moved(let status), .noted(let status):
            let letters = LetterBook(office, at: now, in: transaction)
            switch decision {
            case .accept: try letters.notify(.accepted, ballot.owner)
            case .reject(let reason): try letters.notify(.rejected, ballot.owner, detail: LetterDetail(reason: reason.text))
            case .hold: break
            }
            return status
        case .impossible(let status):
            throw OfficeError(
                .notAllowed, "The ballot in this envelope is \(status.rawValue), so there is nothing to decide.",
                hint: "The voter has another ballot, or none: `uocava status \(Printable.escape(text))` shows it.")
        case .unknown: throw Self.unknown(text)
        }
    }

    /// Why an envelope could not be decided.
    private func refusal(_ text: String, _ word: String, _ ballot: Found, in transaction: Transaction) throws -> OfficeError {
        let code = ReturnCode(text)?.text ?? Printable.escape(text)
        let before = try transaction.first("SELECT decision FROM return_piece WHERE ballot = $1", .blob(ballot.id)) {
            try $0.optionalText("decision")
        }
        guard let before else {
            return OfficeError(
                .notAllowed, "\(code) has not been received yet, so there is nothing to decide.",
                hint: "Write it down first: uocava returns receive \(code)")
        }
        guard let before, before != word else {
            return OfficeError(.notAllowed, "\(code) is already \(word).", hint: "Nothing was changed.")
        }
        return OfficeError(
            .notAllowed, "\(code) is already \(before); a decision stays as it is.",
            hint: "To change it a supervisor must reverse it first, which this version cannot do yet: "
                + "keep the envelope, write down who wants what and why, and tell your supervisor.")
    }

    private func countedBefore(_ code: String, in transaction: Transaction) throws -> OfficeError? {
        guard let ballot = try find(code, in: transaction) else { return nil }
        let others = try transaction.count(
            """
            SELECT count(*) FROM return_piece mine JOIN return_piece other ON other.election = mine.election AND other.voter = mine.voter
            WHERE mine.ballot = $1 AND other.id <> mine.id AND other.decision = 'accepted'
            """, .blob(ballot.id))
        guard others > 0 else { return nil }
        let number = try office.voterNumber(ballot.voter, election: ballot.election, in: transaction)
        return OfficeError(
            .notAllowed,
            "Another ballot of \(number.map { Printable.escape($0.text) } ?? "this voter") is accepted already: one vote counts.",
            hint: "Nothing was changed. Keep this envelope, and hold it or reject it.")
    }

    // MARK: Looking up

    private struct Found {
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
    private func find(_ text: String, in transaction: Transaction) throws -> Found? {
        guard let code = ReturnCode(text) else { return nil }
        return try transaction.first(
            "SELECT id, election, voter, style, base, status, issued_at FROM ballot WHERE return_index = $1",
            .blob(office.rollKeys.index("return code", code.text))
        ) { row in
            Found(
                id: try row.blob("id"), election: try row.integer("election"), voter: try row.integer("voter"),
                style: try row.integer("style"), base: try row.blob("base"), status: try row.text("status"),
                issuedAt: Instant(milliseconds: try row.integer("issued_at")))
        }
    }

    /// The reason's word in clear; a clerk's own words may name people and stay sealed.
    private static func word(_ reason: RejectionReason) -> String {
        if case .other = reason { return "other" }
        return reason.text
    }

    private static func unknown(_ text: String) -> OfficeError {
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
