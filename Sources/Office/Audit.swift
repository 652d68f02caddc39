package import Elections
import Keys
import Storage

/// Checks every invariant of the office (docs/invariants.md) over everything that is kept, and names what is wrong.
///
/// Run by operators as `uocava audit`, and by the tests after every step: the same code.
package struct Audit: Sendable {
    let office: Office

    /// An audit of this office.
    package init(_ office: Office) { self.office = office }

    /// One thing that is not as it must be.
    package struct Finding: Sendable, Equatable {
        /// The invariant's number and name, e.g. `2 journal`.
        package let invariant: String
        /// What it is about: a journal row, a ballot, a style.
        package let subject: String
        /// What is wrong, in a sentence.
        package let detail: String

        /// As `uocava audit --format json` prints it.
        package var json: JSONValue {
            ["invariant": .string(invariant), "subject": .string(subject), "detail": .string(detail)]
        }
    }

    /// What the audit found.
    package struct Report: Sendable {
        /// In the order in which they were found; at most a thousand.
        package internal(set) var findings: [Finding] = []
        /// More findings than are listed, where something is wrong on every row.
        package internal(set) var more = 0
        /// Whether every invariant holds.
        package var ok: Bool { findings.isEmpty }

        /// `{ok, findings, more}`.
        package var json: JSONValue {
            ["ok": .bool(ok), "findings": .array(findings.map(\.json)), "more": .integer(Int64(more))]
        }
    }

    /// Findings of one run; a database that is wrong everywhere must not fill the memory.
    final class Notes {
        private(set) var report = Report()
        private let most = 1000

        func add(_ invariant: Invariant, _ subject: String, _ detail: String) {
            guard report.findings.count < most else {
                report.more += 1
                return
            }
            report.findings.append(Finding(invariant: invariant.rawValue, subject: subject, detail: detail))
        }
    }

    /// The invariants, by the numbers of docs/invariants.md.
    enum Invariant: String {
        case status = "1 status"
        case journal = "2 journal"
        case sealed = "3 sealed"
        case packet = "4 packet"
        case links = "5 links"
        case buckets = "6 buckets"
        case growth = "7 growth"
        case delivery = "8 delivery"
        case frozen = "9 frozen"
        case testing = "10 test office"
    }

    /// Checks everything.
    ///
    /// - Parameter progress: called with the name of each part as it begins.
    /// - Throws: only where a database cannot be read at all.
    package func run(progress: (String) -> Void = { _ in }) throws -> Report {
        try office.catchUp()
        let notes = Notes()
        progress("databases")
        try checkDatabases(notes)
        let counter = CounterCheck(office, notes)
        // One moment of the books for all of it: voters and clerks go on meanwhile.
        try office.books.read { books in
            progress("journal")
            let history = try JournalCheck(notes).run(books)
            progress("ballots")
            try checkBallots(history, books, notes)
            progress("sealed records")
            try checkSeals(books, notes)
            progress("counter")
            try counter.run(history, books)
            progress("styles")
            try checkStyles(history, books, notes)
            try checkTestOffice(history, books, notes)
        }
        try counter.checkNewest()
        progress("packets and buckets")
        let reports = Reports(office)
        for election in try office.books.read({ try ElectionBook.all(in: $0) }) {
            for mismatch in try reports.reconcile(election: election.definition.id).mismatches {
                notes.add(
                    Self.invariant(of: mismatch.kind), mismatch.voterID?.text ?? mismatch.ballot ?? election.definition.id.text,
                    mismatch.detail)
            }
        }
        return notes.report
    }

    /// Which rule a contradiction of the books breaks.
    private static func invariant(of kind: Reconciliation.Mismatch.Kind) -> Invariant {
        switch kind {
        case .roll, .batch: .buckets
        case .ballot: .journal
        case .status, .returned: .status
        case .link, .letter, .claim: .links
        case .delivery: .delivery
        case .packet, .style, .leftover: .packet
        }
    }

    // MARK: Databases

    /// The guards that the schema puts on what may never change; somebody who drops one leaves a trace here.
    private static let officeGuards = ["office_kind", "ballot_frozen", "ballot_kept", "journal_kept", "journal_frozen"]
    private static let counterGuards = ["packet_frozen", "counter_event_kept", "counter_event_frozen"]
    private static let officeIndexes = ["ballot_standing", "link_standing", "return_piece_counted", "return_piece_ballot"]

    private func checkDatabases(_ notes: Notes) throws {
        for (database, file, guards, schema) in [
            ("office.sqlite", office.books, Self.officeGuards + Self.officeIndexes, Schema.office),
            ("counter.sqlite", office.counter, Self.counterGuards + ["link_live"], Schema.counter)
        ] {
            try file.read { transaction in
                var present: [String: String] = [:]
                try transaction.forEach("SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'index') AND sql IS NOT NULL") {
                    row in
                    present[try row.text("name")] = try row.text("sql")
                }
                for name in guards {
                    guard let text = present[name] else {
                        notes.add(.growth, database, "The guard \(name) was removed from the database.")
                        continue
                    }
                    // SQLite keeps a guard's text as it was written: one of the same name may guard nothing.
                    if !schema.contains(where: { $0.sql.contains(text) }) {
                        notes.add(.growth, database, "The guard \(name) is another than the one that the database was made with.")
                    }
                }
                let broken = try transaction.first("PRAGMA quick_check(1)") { try $0.text("quick_check") }
                if let broken, broken != "ok" { notes.add(.growth, database, "The file is damaged: \(broken).") }
                try transaction.forEach("PRAGMA foreign_key_check") { row in
                    notes.add(
                        .frozen, database, "A row of \(try row.text("table")) points at a row of \(try row.text("parent")) that is gone.")
                }
            }
        }
    }

    // MARK: Ballots against the journal

    private func checkBallots(_ history: JournalCheck.History, _ transaction: Transaction, _ notes: Notes) throws {
        var seen = 0
        try transaction.forEach("SELECT id, election, voter, style, base, packet, status, status_at, issued_at FROM ballot") { row in
            seen += 1
            let id = try row.blob("id")
            guard let told = history.ballots[id] else {
                return notes.add(.journal, "ballot \(hex(id))", "The journal never tells that it was issued.")
            }
            let status = try row.text("status")
            if told.status?.rawValue != status {
                notes.add(
                    .status, "ballot \(hex(id))",
                    "It stands as \(status), but what the journal tells makes it \(told.status?.rawValue ?? "nothing").")
            }
            if told.statusAt != (try row.integer("status_at")) {
                notes.add(.journal, "ballot \(hex(id))", "The time of its status was changed: the journal has another.")
            }
            if told.issuedAt != (try row.integer("issued_at")) {
                notes.add(.journal, "ballot \(hex(id))", "The time of its issue was changed: the journal has another.")
            }
            let same =
                try told.styleRow == row.integer("style") && told.base == row.blob("base") && told.packet == row.blob("packet")
                && told.voter == row.integer("voter") && told.election == row.integer("election")
            if !same { notes.add(.frozen, "ballot \(hex(id))", "Voter, style, base or packet are not those that the journal tells of.") }
        }
        if seen < history.ballots.count {
            for id in history.ballots.keys where try transaction.count("SELECT count(*) FROM ballot WHERE id = $1", .blob(id)) == 0 {
                notes.add(.growth, "ballot \(hex(id))", "The journal tells that it was issued, but its row is gone.")
            }
        }
        try checkReturns(history, transaction, notes)
    }

    private func checkReturns(_ history: JournalCheck.History, _ transaction: Transaction, _ notes: Notes) throws {
        try transaction.forEach(
            """
            SELECT p.id, p.ballot, p.received_at, p.decision, b.status FROM return_piece p JOIN ballot b ON b.id = p.ballot
            """
        ) { row in
            let ballot = try row.blob("ballot")
            let status = try row.text("status")
            if let told = history.ballots[ballot]?.receivedAt, told != (try row.integer("received_at")) {
                notes.add(.journal, "ballot \(hex(ballot))", "The time when its envelope came was changed: the journal has another.")
            }
            if let decision = try row.optionalText("decision"), decision != status, status != "replaced", status != "cancelled" {
                notes.add(.status, "ballot \(hex(ballot))", "Its envelope is \(decision), but the ballot stands as \(status).")
            }
        }
    }

    // MARK: Seals

    /// Every sealed record opens under the roll key and belongs to its row.
    private func checkSeals(_ transaction: Transaction, _ notes: Notes) throws {
        try transaction.forEach("SELECT id, key_id, sealed FROM request") { row in
            let id = try row.integer("id")
            if (try? VoterRecord(
                encoded: try office.rollKeys.open(
                    try row.blob("sealed"), table: "request", id: RowID.bytes(id), keyID: try row.text("key_id")))) == nil
            {
                notes.add(.sealed, "request \(id)", "Its sealed record was changed or belongs to another row.")
            }
        }
        try transaction.forEach("SELECT id, key_id, sealed, return_index, tracking FROM ballot") { row in
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

    // MARK: Styles

    /// What the journal tells of each revision of a style against what is kept: files, bases, and the bases' bytes at the counter.
    private func checkStyles(_ history: JournalCheck.History, _ transaction: Transaction, _ notes: Notes) throws {
        var kept: Set<String> = []
        try transaction.forEach(
            """
            SELECT s.election, s.code, s.revision, f.language, f.sha256 FROM ballot_style s JOIN style_file f ON f.style = s.id
            """
        ) { row in
            let name = "\(try row.integer("election"))/\(try row.text("code"))/\(try row.integer("revision"))"
            kept.insert(name)
            let subject = "style \(try row.text("code")) revision \(try row.integer("revision"))"
            let told = history.styles[name]?.files[try row.text("language")]
            if told != hex(try row.blob("sha256")) {
                notes.add(.frozen, subject, "The vendor's file in \(try row.text("language")) is not the one that the journal tells of.")
            }
        }
        for (name, style) in history.styles where !kept.contains(name) {
            notes.add(.growth, "style \(style.code) revision \(style.revision)", "The journal tells that it came in, but its row is gone.")
        }
        try transaction.forEach(
            "SELECT b.hash, b.language, b.paper, s.election, s.code, s.revision FROM base b JOIN ballot_style s ON s.id = b.style"
        ) { row in
            let name = "\(try row.integer("election"))/\(try row.text("code"))/\(try row.integer("revision"))"
            let subject = "style \(try row.text("code")) revision \(try row.integer("revision"))"
            let hash = try row.blob("hash")
            let place = "\(try row.text("language"))/\(try row.text("paper"))"
            if history.styles[name]?.bases[place]?.contains(hex(hash)) != true {
                notes.add(.frozen, subject, "Its base \(place) is not one that the journal tells of.")
            }
            let bytes = try office.counter.read { counter in
                try counter.first("SELECT bytes FROM base WHERE hash = $1", .blob(hash)) { try $0.blob("bytes") }
            }
            if bytes.map({ SHA256.hash($0) }) != hash {
                notes.add(.packet, subject, "Its base \(place) is missing at the counter, or its bytes were changed.")
            }
        }
    }

    private func checkTestOffice(_ history: JournalCheck.History, _ transaction: Transaction, _ notes: Notes) throws {
        if let made = history.madeAsTest, made != office.isTest {
            notes.add(
                .testing, "office", "The journal tells that it was made as a \(made ? "test" : "real") office, and now it is the other.")
        }
        for election in try ElectionBook.all(in: transaction) where election.definition.test != office.isTest {
            notes.add(
                .testing, "election \(election.definition.id)",
                "A \(office.isTest ? "real" : "test") election is in a \(office.isTest ? "test" : "real") office.")
        }
        if try office.cabinet.signingCertificate().isSample != office.isTest {
            notes.add(.testing, "signing certificate", office.isTest ? "It does not say SAMPLE." : "It says SAMPLE.")
        }
    }
}
