package import Elections
import Foundation
import Keys
import Storage

/// The roll: who asked for a ballot in an election. A file is compared with what is there; nothing is removed, and a ballot that was issued
/// is never changed by it.
package struct VoterRoll: Sendable {
    private let office: Office

    /// Opens the desk in an office.
    package init(_ office: Office) { self.office = office }

    /// What a file brought.
    package struct Summary: Sendable, Equatable {
        /// Voters who were not on the roll of this election.
        package var new = 0
        /// Voters whose row says something else now.
        package var changed = 0
        /// Voters whose row says what it said.
        package var unchanged = 0
        /// Rows that cannot be taken.
        package var refused = 0
        /// Voters on the roll whom the file does not name; they stay. Who is named in a refused row is not among them.
        package var missing = 0
        /// What is wrong with rows that were taken.
        package var warnings: [Problem] = []
        /// What was wrong with the refused rows.
        package var problems: [Problem] = []
        /// How many lines were added to the exception list.
        package var exceptions = 0

        /// Nothing read yet.
        package init() {}

        /// As `uocava voters import --format json` prints it.
        package var json: JSONValue {
            [
                "new": .integer(Int64(new)), "changed": .integer(Int64(changed)), "unchanged": .integer(Int64(unchanged)),
                "refused": .integer(Int64(refused)), "missing": .integer(Int64(missing)), "exceptions": .integer(Int64(exceptions)),
                "warnings": .array(warnings.map { .string($0.description) })
            ]
        }
    }

    /// Reads a roll and, unless it is a dry run, keeps it: all of it or nothing.
    ///
    /// - Parameters:
    ///   - bytes: the file, as docs/voters-csv.md describes it.
    ///   - holdRefused: keep the good rows and hold the refused ones, instead of taking nothing.
    ///   - progress: called now and then with rows done and rows in all.
    /// - Throws: ``OfficeError`` `badInput` with every problem; `notFound` for the election.
    package func importRoll(
        _ bytes: [UInt8], file: String, election id: ElectionID, dryRun: Bool = false, holdRefused: Bool = false,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> Summary {
        let now = office.clock.now()
        let (election, styles) = try office.books.read { transaction in
            let election = try ElectionBook.find(id, in: transaction)
            return (election, try ElectionBook.styles(of: election.id, in: transaction).values.map(\.style))
        }
        let definition = election.definition
        let roll: VoterFile
        do throws(Problems) {
            roll = try VoterFile.read(
                bytes, file: file, today: now.civilDate(in: definition.timeZone), styles: StyleResolver(styles),
                languages: definition.languages, federalOnly: definition.federalOnly)
        } catch {
            throw OfficeError(error, in: file)
        }
        if !roll.refused.isEmpty, !holdRefused {
            let columns = Self.wrongColumns(roll)
            throw OfficeError(
                .badInput, "\(file): \(counted(roll.refused.count, "row")) cannot be taken. Nothing was changed.",
                hint: columns.isEmpty
                    ? "Correct the rows, or take the good ones and hold these with --hold-refused."
                    : "Correct the columns that are named with line 1 first, and try again with --dry-run.",
                problems: columns + roll.refused.flatMap(\.problems))
        }
        var comparison = RollComparison(office: office, election: election, styles: StyleResolver(styles), now: now)
        struct DryRun: Error {}
        do {
            try office.books.write { transaction in
                try comparison.take(roll, fileHash: SHA256.hash(bytes), fileName: file, progress: progress, in: transaction)
                // A dry run does everything and then takes it back: what it says is what would happen.
                if dryRun { throw DryRun() }
            }
        } catch is DryRun {}
        return comparison.summary
    }

    /// Columns that nearly no row has right, each as one problem with line 1: one mistake, in the column's name or in how it was exported.
    private static func wrongColumns(_ roll: VoterFile) -> [Problem] {
        let rows = roll.rows.count + roll.refused.count
        var first: [String: Problem] = [:]
        var number: [String: Int] = [:]
        for row in roll.refused {
            for (column, problem) in Dictionary(row.problems.map { ($0.column, $0) }, uniquingKeysWith: { one, _ in one }) {
                // Numbers that are in the file twice are about rows, even where every number is.
                guard let column, column != VoterRecord.Field.voterID.rawValue else { continue }
                first[column] = first[column] ?? problem
                number[column, default: 0] += 1
            }
        }
        // Ten rows: among fewer, every one can be shown.
        return number.filter { rows >= 10 && $0.value * 10 >= rows * 9 }.keys.sorted().compactMap { column in
            first[column].map { problem in
                Problem(
                    file: problem.file, line: 1, column: column,
                    what: "\(number[column] ?? 0) of \(rows) rows are wrong here, line \(problem.line ?? 2) first: \(problem.what)",
                    hint: "Is the column named right, and exported as it should be? \(problem.hint)")
            }
        }
    }
}

/// A number and its noun: "1 row", "2 rows".
package func counted(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

/// One import in progress.
private struct RollComparison {
    let office: Office
    let election: KeptElection
    let styles: StyleResolver
    let now: Instant
    var summary = VoterRoll.Summary()

    init(office: Office, election: KeptElection, styles: StyleResolver, now: Instant) {
        self.office = office
        self.election = election
        self.styles = styles
        self.now = now
    }

    private struct Known {
        let voter: Int64
        let request: Int64?
        let fingerprint: [UInt8]?
    }

    mutating func take(
        _ roll: VoterFile, fileHash: [UInt8], fileName: String, progress: (Int, Int) -> Void, in transaction: Transaction
    ) throws {
        // Compared with a roll that somebody changed, a file would be taken for news of other voters, and the change for an import.
        guard try IssueBasis(of: election.id, in: transaction).isRollAsImported(election.id, in: transaction) else {
            throw OfficeError(
                .broken, "The roll of \(election.definition.id) is not the one that was imported last: somebody changed the books.",
                hint: "Nothing was imported. `uocava audit` shows what was changed; restore the newest backup from before it.")
        }
        let jurisdiction = election.definition.jurisdiction.id.text
        let before = try transaction.count("SELECT count(*) FROM request WHERE election = $1", .integer(election.id))
        var nextVoter = Int64(try transaction.count("SELECT max(id) FROM voter")) + 1
        var nextRequest = Int64(try transaction.count("SELECT max(id) FROM request")) + 1
        let hasHeld =
            try transaction.count("SELECT count(*) FROM held_row WHERE election = $1 AND cleared_at IS NULL", .integer(election.id)) > 0

        for (done, row) in roll.rows.enumerated() {
            if done.isMultiple(of: 4096) { progress(done, roll.rows.count) }
            let number = office.rollKeys.index("voter number", row.record.voterID.text)
            let encoded = row.record.encoded
            let fingerprint = office.rollKeys.fingerprint(encoded)
            let known = try transaction.first(
                """
                SELECT v.id, r.id AS request, r.fingerprint FROM voter v LEFT JOIN request r ON r.voter = v.id AND r.election = $3
                WHERE v.jurisdiction = $1 AND v.number_index = $2
                """,
                .text(jurisdiction), .blob(number), .integer(election.id)
            ) {
                Known(
                    voter: try $0.integer("id"), request: try $0.optionalInteger("request"), fingerprint: try $0.optionalBlob("fingerprint")
                )
            }
            let voter: Int64
            if let known {
                voter = known.voter
            } else {
                voter = nextVoter
                nextVoter += 1
                try transaction.execute(
                    "INSERT INTO voter (id, jurisdiction, number_index, added_at) VALUES ($1, $2, $3, $4)", .integer(voter),
                    .text(jurisdiction), .blob(number), .integer(now.milliseconds))
            }
            if hasHeld { try clearHeld(number, in: transaction) }
            if let request = known?.request {
                if known?.fingerprint == fingerprint {
                    summary.unchanged += 1
                } else {
                    summary.changed += 1
                    try change(request, of: voter, to: row.record, encoded, fingerprint, in: transaction)
                }
            } else {
                summary.new += 1
                try add(nextRequest, of: voter, row.record, encoded, fingerprint, in: transaction)
                nextRequest += 1
            }
        }
        summary.missing = before - summary.changed - summary.unchanged - (try known(roll.refused, jurisdiction, in: transaction))
        summary.warnings = roll.warnings
        summary.refused = roll.refused.count
        summary.problems = roll.refused.flatMap(\.problems)
        try hold(roll.refused, jurisdiction: jurisdiction, in: transaction)
        try Journal.append(
            [
                JournalEntry(
                    .rollImported, election: election.id,
                    facts: [
                        "file": .string(hex(fileHash)), "new": .integer(Int64(summary.new)), "changed": .integer(Int64(summary.changed)),
                        "unchanged": .integer(Int64(summary.unchanged)), "refused": .integer(Int64(summary.refused)),
                        "roll": .string(try IssueBasis.roll(of: election.id, in: transaction))
                    ])
            ], at: now, in: transaction)
        progress(roll.rows.count, roll.rows.count)
    }

    /// How many voters of the roll stand in rows that are refused: they are in the file, though nothing of it can be taken.
    private func known(_ refused: [RefusedRow], _ jurisdiction: String, in transaction: Transaction) throws -> Int {
        try Set(refused.compactMap(\.voterID)).reduce(0) { sum, voter in
            let number = office.rollKeys.index("voter number", voter.text)
            return sum
                + (try transaction.count(
                    """
                    SELECT count(*) FROM request r JOIN voter v ON v.id = r.voter
                    WHERE r.election = $1 AND v.jurisdiction = $2 AND v.number_index = $3
                    """, .integer(election.id), .text(jurisdiction), .blob(number)))
        }
    }

    /// What is written of a request, in the order of both statements below.
    private func columns(_ record: VoterRecord, _ id: Int64, _ encoded: [UInt8], _ fingerprint: [UInt8]) -> [SQLValue] {
        let box = office.rollKeys.seal(encoded, table: "request", id: RowID.bytes(id))
        return RequestColumns.values(of: record, keys: office.rollKeys)
            + [.blob(fingerprint), .text(box.keyID), .blob(box.sealed), .integer(now.milliseconds)]
    }

    private func add(
        _ id: Int64, of voter: Int64, _ record: VoterRecord, _ encoded: [UInt8], _ fingerprint: [UInt8], in transaction: Transaction
    ) throws {
        let c = columns(record, id, encoded, fingerprint)
        try transaction.execute(
            """
            INSERT INTO request (id, election, voter, voter_class, location, form, method, request_date, status, valid_to, preference,
                language, protected, precinct, party, email_index, fingerprint, key_id, sealed, changed_at, added_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $20)
            """,
            .integer(id), .integer(election.id), .integer(voter), c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], c[9], c[10], c[11],
            c[12], c[13], c[14], c[15], c[16])
    }

    private mutating func change(
        _ request: Int64, of voter: Int64, to record: VoterRecord, _ encoded: [UInt8], _ fingerprint: [UInt8], in transaction: Transaction
    ) throws {
        let old = try transaction.first("SELECT key_id, sealed FROM request WHERE id = $1", .integer(request)) { row in
            try VoterRecord(
                encoded: try office.rollKeys.open(
                    try row.blob("sealed"), table: "request", id: RowID.bytes(request), keyID: try row.text("key_id")))
        }
        let c = columns(record, request, encoded, fingerprint)
        try transaction.execute(
            """
            UPDATE request SET voter_class = $2, location = $3, form = $4, method = $5, request_date = $6, status = $7, valid_to = $8,
                preference = $9, language = $10, protected = $11, precinct = $12, party = $13, email_index = $14, fingerprint = $15,
                key_id = $16, sealed = $17, changed_at = $18,
                released_at = CASE WHEN protected = 0 AND $11 = 1 THEN NULL ELSE released_at END,
                email_changed_at = CASE WHEN email_index <> $14 THEN $18 ELSE email_changed_at END
            WHERE id = $1
            """,
            .integer(request), c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], c[9], c[10], c[11], c[12], c[13], c[14], c[15], c[16])
        if let old { try notice(old, record, of: voter, in: transaction) }
    }

    /// A ballot that was issued stays as it is; what the change means for it is somebody's to decide.
    private mutating func notice(_ old: VoterRecord, _ new: VoterRecord, of voter: Int64, in transaction: Transaction) throws {
        let ballot = try transaction.first(
            """
            SELECT b.id, b.status, s.code FROM ballot b JOIN ballot_style s ON s.id = b.style
            WHERE b.election = $1 AND b.voter = $2 AND b.status NOT IN ('replaced', 'cancelled')
            """, .integer(election.id), .integer(voter)
        ) { (id: try $0.blob("id"), status: BallotStatus(rawValue: try $0.text("status")), style: StyleID(try $0.text("code"))) }
        guard let ballot, let status = ballot.status else { return }
        if old.email.lowercased() != new.email.lowercased() {
            try tellOldAddress(old.email, LetterBook.Owner(ballot: ballot.id, voter: voter, election: election.id), in: transaction)
        }
        func note(_ kind: ExceptionList.Kind, _ detail: String) throws {
            try ExceptionList.add(kind, voter: voter, election: election.id, detail: detail, at: now, in: transaction)
            summary.exceptions += 1
        }
        if old.email != new.email, status.isUnclaimed {
            try note(
                .needsNewLink,
                status == .issued
                    ? "The e-mail address changed before the letter went out: it goes to the new one."
                    : new.email.isEmpty
                        ? "The e-mail address was taken out of the roll; the link was made for it. Telephone, or write by post."
                        : "The e-mail address changed; the link was made for the old one.")
        } else if old.dateOfBirth != new.dateOfBirth, status.isUnclaimed, election.definition.identityQuestion == .dateOfBirth {
            try note(.needsNewLink, "The date of birth changed; the link takes only the old one.")
        }
        let scope = election.definition.scope(of: new.voterClass)
        switch styles.resolve(new, scope: scope) {
        case .success(let style) where style == ballot.style:
            try ExceptionList.clear([.styleChanged], voter: voter, election: election.id, at: now, in: transaction)
        case .success(let style):
            try note(.styleChanged, "Issued \(ballot.style); the roll now says \(style).")
        case .failure(let unresolved):
            try note(.styleChanged, "Issued \(ballot.style); the roll now resolves to none: \(unresolved.reason).")
        }
        if new.protected, !old.protected { try note(.nowProtected, "Protected since a ballot was issued.") }
    }

    /// Somebody else may have changed the address in the voter's name: the old one, where it got a letter, is told that no more will come.
    private func tellOldAddress(_ address: String, _ owner: LetterBook.Owner, in transaction: Transaction) throws {
        let closesAt = election.definition.deadlines.linksClose.instant(in: election.definition.timeZone)
        guard !address.isEmpty, now < closesAt else { return }
        let sent = try transaction.count(
            "SELECT count(*) FROM letter WHERE ballot = $1 AND state = 'sent' AND kind <> 'address_changed'", .blob(owner.ballot))
        guard sent > 0 else { return }
        try LetterBook(office, at: now, in: transaction).queue(.addressChanged, to: owner, detail: LetterDetail(address: address))
    }

    private func clearHeld(_ number: [UInt8], in transaction: Transaction) throws {
        let cleared = try transaction.all(
            """
            UPDATE held_row SET cleared_at = $3 WHERE election = $1 AND number_index = $2 AND cleared_at IS NULL RETURNING id
            """, .integer(election.id), .blob(number), .integer(now.milliseconds)
        ) { try $0.integer("id") }
        for id in cleared { try ExceptionList.unhold(id, election: election.id, at: now, in: transaction) }
    }

    /// Keeps the rows that could not be read. A newer row of the same voter takes the place of the older, and rows without a number those
    /// of the file before.
    private mutating func hold(_ refused: [RefusedRow], jurisdiction: String, in transaction: Transaction) throws {
        let nameless = try transaction.all(
            "UPDATE held_row SET cleared_at = $2 WHERE election = $1 AND number_index IS NULL AND cleared_at IS NULL RETURNING id",
            .integer(election.id), .integer(now.milliseconds)
        ) { try $0.integer("id") }
        for id in nameless { try ExceptionList.unhold(id, election: election.id, at: now, in: transaction) }
        var next = Int64(try transaction.count("SELECT max(id) FROM held_row")) + 1
        for row in refused {
            let number = row.voterID.map { office.rollKeys.index("voter number", $0.text) }
            if let number { try clearHeld(number, in: transaction) }
            let kept: JSONValue = [
                "voter_id": .optional(row.voterID?.text), "row": .string(row.text),
                "problems": .array(row.problems.map { .string($0.description) })
            ]
            let box = office.rollKeys.seal(kept.canonical, table: "held_row", id: RowID.bytes(next))
            try transaction.execute(
                "INSERT INTO held_row (id, election, number_index, line, key_id, sealed, since) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                .integer(next), .integer(election.id), .blob(orNull: number), .integer(Int64(row.line)), .text(box.keyID),
                .blob(box.sealed), .integer(now.milliseconds))
            // The problems quote what is in the row, which may be a name: the list's own detail names the columns only.
            let columns = Set(row.problems.compactMap(\.column)).sorted().joined(separator: ", ")
            try ExceptionList.hold(
                next, election: election.id,
                detail: "Line \(row.line) of the roll cannot be read\(columns.isEmpty ? "" : ": \(columns)").", at: now, in: transaction)
            summary.exceptions += 1
            next += 1
        }
    }
}

/// The columns of a request that lie in clear for rules and reports. They follow from the sealed record, which alone decides.
enum RequestColumns {
    static let names = [
        "voter_class", "location", "form", "method", "request_date", "status", "valid_to", "preference", "language", "protected",
        "precinct", "party", "email_index"
    ]

    /// In the order of the names.
    static func values(of record: VoterRecord, keys: RollKeys) -> [SQLValue] {
        [
            .text(record.voterClass.rawValue), .text(orNull: record.location?.rawValue), .text(record.form.rawValue),
            .text(orNull: record.method?.rawValue), .text(record.requestDate.description), .text(record.status.rawValue),
            .text(record.validTo.description), .text(record.preference.map(\.rawValue).joined(separator: ";")), .text(record.language),
            .flag(record.protected), .text(record.precinct), .text(record.party),
            record.email.isEmpty ? .null : .blob(keys.index("e-mail", record.email.lowercased()))
        ]
    }
}

/// A row's number as the bytes that its seal is bound to.
enum RowID {
    static func bytes(_ id: Int64) -> [UInt8] { withUnsafeBytes(of: id.bigEndian) { Array($0) } }
}
