import Elections
import Keys
import Storage

/// The office's tables, row by row, against what the journal tells.
struct BooksCheck {
    private let office: Office
    private let notes: Audit.Notes

    init(_ office: Office, _ notes: Audit.Notes) {
        self.office = office
        self.notes = notes
    }

    func run(_ history: JournalCheck.History, _ books: Transaction) throws {
        try checkBallots(history, books)
        try checkEnvelopes(history, books)
        try LetterCheck(office, notes).run(history, books)
        try checkBatches(history, books)
        try checkExceptions(history, books)
        try DeskCheck(notes: notes).run(history, books)
    }

    // MARK: Ballots

    private func checkBallots(_ history: JournalCheck.History, _ books: Transaction) throws {
        var seen = 0
        try books.forEach(
            "SELECT id, election, voter, style, base, packet, status, status_at, issued_at, mail_serial, supersedes FROM ballot"
        ) { row in
            seen += 1
            let id = try row.blob("id")
            let subject = "ballot \(hex(id))"
            guard let told = history.ballots[id] else {
                return notes.add(.journal, subject, "The journal never tells that it was issued.")
            }
            let status = try row.text("status")
            if told.status?.rawValue != status {
                notes.add(
                    .status, subject, "It stands as \(status), but what the journal tells makes it \(told.status?.rawValue ?? "nothing").")
            }
            if told.statusAt != (try row.integer("status_at")) {
                notes.add(.journal, subject, "The time of its status was changed: the journal has another.")
            }
            if told.issuedAt != (try row.integer("issued_at")) {
                notes.add(.journal, subject, "The time of its issue was changed: the journal has another.")
            }
            let same =
                try told.styleRow == row.integer("style") && told.base == row.blob("base") && told.packet == row.blob("packet")
                && told.voter == row.integer("voter") && told.election == row.integer("election")
                && told.mailSerial == row.optionalInteger("mail_serial") && told.supersedes == row.optionalBlob("supersedes")
            if !same {
                notes.add(
                    .frozen, subject,
                    "Voter, style, base, packet, envelope's number or the ballot that it replaces are not those that the journal tells of.")
            }
        }
        try books.forEach(
            """
            SELECT election, voter, count(*) AS n FROM ballot WHERE status NOT IN ('replaced', 'cancelled') GROUP BY election, voter
            HAVING count(*) > 1
            """
        ) { row in
            notes.add(.buckets, "voter \(try row.integer("voter"))", "\(try row.integer("n")) ballots of one election stand.")
        }
        if seen < history.ballots.count {
            for id in history.ballots.keys where try books.count("SELECT count(*) FROM ballot WHERE id = $1", .blob(id)) == 0 {
                notes.add(.growth, "ballot \(hex(id))", "The journal tells that it was issued, but its row is gone.")
            }
        }
    }

    // MARK: Envelopes

    private func checkEnvelopes(_ history: JournalCheck.History, _ books: Transaction) throws {
        var seen: Set<[UInt8]> = []
        var missing = Set(history.pieces.keys)
        try books.forEach(
            """
            SELECT p.id, p.kind, p.ballot, p.voter, p.received_at, p.recorded_at, p.decision, p.reason, p.decided_at, b.status, b.voter AS holder
            FROM return_piece p LEFT JOIN ballot b ON b.id = p.ballot
            """
        ) { row in
            let id = try row.integer("id")
            let ballot = try row.optionalBlob("ballot")
            guard let told = ballot.map({ history.ballots[$0]?.envelope }) ?? history.pieces[id] else {
                return notes.add(.journal, "envelope \(id)", "The journal does not tell that it came.")
            }
            let subject = ballot.map { "ballot \(hex($0))" } ?? "envelope \(id)"
            if let ballot { seen.insert(ballot) } else { missing.remove(id) }
            if try row.text("kind") != told.kind {
                notes.add(.frozen, subject, "What is in its envelope was changed: the journal has another.")
            }
            if told.receivedAt != (try row.integer("received_at")) {
                notes.add(.journal, subject, "The time when its envelope came was changed: the journal has another.")
            }
            if told.recordedAt != (try row.integer("recorded_at")) {
                notes.add(.journal, subject, "The time when its envelope was written down was changed: the journal has another.")
            }
            let holder = ballot == nil ? told.voter : try row.optionalInteger("holder")
            if try row.integer("voter") != holder {
                notes.add(.frozen, subject, "Its envelope is filed under another voter.")
            }
            let decision = try row.optionalText("decision")
            let same = try told.decision == decision && told.reason == row.optionalText("reason")
            if !same { notes.add(.status, subject, "What was decided about its envelope is not what the journal tells.") }
            if told.decidedAt != (try row.optionalInteger("decided_at")) {
                notes.add(.journal, subject, "The time of the decision was changed: the journal has another.")
            }
            guard ballot != nil else { return }
            let status = try row.optionalText("status")
            if let decision, decision != status, status != "replaced", status != "cancelled" {
                notes.add(.status, subject, "Its envelope is \(decision), but the ballot stands as \(status ?? "nothing").")
            }
        }
        for (id, ballot) in history.ballots where ballot.envelope != nil && !seen.contains(id) {
            notes.add(.growth, "ballot \(hex(id))", "The journal tells that its envelope came, but the envelope's row is gone.")
        }
        for id in missing.sorted() { notes.add(.growth, "envelope \(id)", "The journal tells that it came, but its row is gone.") }
    }

    // MARK: Batches

    private func checkBatches(_ history: JournalCheck.History, _ books: Transaction) throws {
        var seen: Set<Int64> = []
        try books.forEach("SELECT id, started_at, finished_at, issued, approval FROM batch") { row in
            let id = try row.integer("id")
            seen.insert(id)
            let told = history.batches[id] ?? JournalCheck.History.Batch()
            if let startedAt = told.startedAt, startedAt != (try row.integer("started_at")) {
                notes.add(.journal, "batch \(id)", "The time of its beginning was changed: the journal has another.")
            }
            if told.finishedAt != (try row.optionalInteger("finished_at")) {
                notes.add(.journal, "batch \(id)", "The time of its end was changed: the journal has another.")
            }
            // One that was interrupted has no end, and its approval is known from the approval's own row.
            if told.finishedAt != nil, told.approval != (try row.optionalInteger("approval")) {
                notes.add(.journal, "batch \(id)", "The approval that it was begun with is not the one that the journal tells of.")
            }
            if told.finishedAt != nil, told.issued != (try row.integer("issued")) {
                notes.add(.buckets, "batch \(id)", "It says that it issued another number of ballots than the journal tells.")
            }
        }
        for id in history.batches.keys where !seen.contains(id) {
            notes.add(.growth, "batch \(id)", "The journal tells of it, but its row is gone.")
        }
    }

    // MARK: The exception list

    private func checkExceptions(_ history: JournalCheck.History, _ books: Transaction) throws {
        var open = history.exceptions
        var lines = 0
        try books.forEach("SELECT id, election, voter, held_row, kind, since, cleared_at FROM exception") { row in
            lines += 1
            guard try row.optionalInteger("cleared_at") == nil else { return }
            let line = JournalCheck.History.Exception(
                election: try row.integer("election"), voter: try row.optionalInteger("voter"),
                heldRow: try row.optionalInteger("held_row"), kind: try row.text("kind"))
            let subject = "exception \(try row.integer("id"))"
            guard let since = open.removeValue(forKey: line) else {
                return notes.add(.journal, subject, "It is open, but the journal does not tell of it.")
            }
            if since != (try row.integer("since")) {
                notes.add(.journal, subject, "Its time was changed: the journal has another.")
            }
        }
        for line in open.keys {
            let about = line.voter.map { "voter \($0)" } ?? "held row \(line.heldRow ?? 0)"
            notes.add(.growth, about, "The exception \(line.kind) was taken off the list by hand.")
        }
        if lines < history.exceptionCount {
            notes.add(
                .growth, "exceptions",
                "The journal tells of \(history.exceptionCount), and only \(lines) are kept: \(history.exceptionCount - lines) are gone.")
        }
    }

    // MARK: Seals

    /// Every sealed record opens under the roll key, belongs to its row, and says what the columns beside it say.
    func checkSeals(_ history: JournalCheck.History, _ books: Transaction) throws {
        let names = RequestColumns.names.map { "r.\($0)" }.joined(separator: ", ")
        try books.forEach(
            """
            SELECT r.id, r.election, r.voter, r.key_id, r.sealed, r.fingerprint, r.added_at, r.changed_at, v.number_index, \(names),
                r.released_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.kind IN ('issued', 'released') AND j.kind = 'released' AND j.voter = r.voter
                    AND j.at = r.released_at AND j.election = r.election) AS freed
            FROM request r JOIN voter v ON v.id = r.voter
            """
        ) { row in
            let id = try row.integer("id")
            let subject = "request \(id)"
            guard
                let encoded = try? office.rollKeys.open(
                    try row.blob("sealed"), table: "request", id: RowID.bytes(id), keyID: try row.text("key_id")),
                let record = try? VoterRecord(encoded: encoded)
            else { return notes.add(.sealed, subject, "Its sealed record was changed or belongs to another row.") }
            if try office.rollKeys.index("voter number", record.voterID.text) != row.blob("number_index") {
                notes.add(.sealed, subject, "It is filed under another voter's number.")
            }
            for (name, value) in zip(RequestColumns.names, RequestColumns.values(of: record, keys: office.rollKeys))
            where try row.value(name) != value {
                notes.add(.sealed, subject, "Its column \(name) does not say what its sealed record says.")
            }
            if try office.rollKeys.fingerprint(encoded) != row.blob("fingerprint") {
                notes.add(.sealed, subject, "Its fingerprint is another record's: the next roll would be compared with that.")
            }
            if try row.flag("freed") { notes.add(.journal, subject, "The journal does not tell that its ballot was released.") }
            let imports = history.rollTimes[try row.integer("election")] ?? []
            if try !imports.contains(row.integer("added_at")) || !imports.contains(row.integer("changed_at")) {
                notes.add(.journal, subject, "No roll came in at the time when it says it was added or changed.")
            }
        }
        try books.forEach("SELECT id, key_id, sealed FROM held_row") { row in
            let id = try row.integer("id")
            let opened = try? office.rollKeys.open(
                try row.blob("sealed"), table: "held_row", id: RowID.bytes(id), keyID: try row.text("key_id"))
            if opened == nil { notes.add(.sealed, "held row \(id)", "Its sealed row was changed or belongs to another.") }
        }
        try books.forEach("SELECT id, key_id, sealed, return_index, tracking FROM ballot") { row in
            let id = try row.blob("id")
            guard
                let secrets = try? BallotSecrets(
                    sealed: try row.blob("sealed"), keyID: try row.text("key_id"), ballot: id, keys: office.rollKeys)
            else { return notes.add(.sealed, "ballot \(hex(id))", "Its sealed record was changed or belongs to another row.") }
            let same =
                try office.rollKeys.index("return code", secrets.returnCode.text) == row.blob("return_index")
                && TrackingSecret(secrets.trackingCode).lookup == row.blob("tracking")
            if !same { notes.add(.sealed, "ballot \(hex(id))", "Its codes are looked up under other values than those that were printed.") }
        }
    }
}
