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
        let notes = Notes()
        // What keeps the counter from being read is named by the checks below.
        try office.catchUp()
        progress("databases")
        let counter = CounterCheck(office, notes, canBeWalked: try checkDatabases(notes))
        // One moment of the books for all of it: voters and clerks go on meanwhile.
        try office.books.read { books in
            progress("journal")
            let history = try JournalCheck(notes).run(books)
            progress("ballots")
            let rows = BooksCheck(office, notes)
            try rows.run(history, books)
            progress("sealed records")
            try rows.checkSeals(history, books)
            progress("counter")
            try counter.run(history, books)
            progress("styles")
            try checkBasis(history, books, notes)
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

    /// - Returns: whether a walk through the counter's tables ends.
    private func checkDatabases(_ notes: Notes) throws -> Bool {
        _ = try office.books.read { try checkDatabase(.office, $0, notes) }
        // A counter that cannot be read is a finding, and no reason to leave the books unread.
        do { return try office.counter.readUnchecked { try checkDatabase(.counter, $0, notes) } } catch let error as StorageError {
            notes.add(.growth, Database.counter.rawValue, Printable.escape("It cannot be read. \(error)"))
            return true
        }
    }

    /// - Returns: whether the pages of its file form trees. Somebody who ties them to each other makes a table that never ends.
    private func checkDatabase(_ database: Database, _ transaction: Transaction, _ notes: Notes) throws -> Bool {
        let isOurs = try checkObjects(of: database, in: transaction, notes)
        // Looking closer would run what somebody put into the counter's schema: expressions of an index, say.
        if database == .counter, !isOurs { return true }
        // The long check: it also looks whether every index has the rows that it should, once each where they are unique.
        let broken = try transaction.first("PRAGMA integrity_check(1)") { try $0.text("integrity_check") }
        if let broken, broken != "ok" {
            notes.add(.growth, database.rawValue, "The file is damaged: \(Printable.escape(broken)).")
            // So SQLite begins what it says of pages; of rows it says what is wrong with them.
            if broken.hasPrefix("*** in database") { return false }
        }
        // SQLite gives out no number twice: who sets the last one far ahead stops every claim, or every new link, when they are used up.
        if try transaction.count("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_sequence'") > 0 {
            try transaction.forEach(
                "SELECT CAST(name AS TEXT) AS name FROM sqlite_sequence WHERE typeof(seq) <> 'integer' OR seq > \(1 << 53)"
            ) {
                notes.add(
                    .growth, database.rawValue, "The numbers of \(try $0.text("name")) were set far ahead: soon it takes no more rows.")
            }
        }
        try transaction.forEach("PRAGMA foreign_key_check") { row in
            notes.add(
                .frozen, database.rawValue, "A row of \(try row.text("table")) points at a row of \(try row.text("parent")) that is gone.")
        }
        return true
    }

    // MARK: What ballots are issued from

    /// Elections, styles and rolls as the journal tells of them, and the bytes of every base at the counter.
    private func checkBasis(_ history: JournalCheck.History, _ transaction: Transaction, _ notes: Notes) throws {
        for difference in try history.basis.differences(in: transaction) {
            notes.add(difference.isLoss ? .growth : .frozen, difference.subject, difference.detail)
        }
        try transaction.forEach(
            """
            SELECT b.hash, b.length, b.language, b.paper, b.instructions, s.code, s.revision
            FROM base b JOIN ballot_style s ON s.id = b.style
            """
        ) { row in
            let hash = try row.blob("hash")
            let bytes: [UInt8]?
            do {
                bytes = try office.counter.read { counter in
                    try counter.first("SELECT bytes FROM base WHERE hash = $1 AND length = length(bytes)", .blob(hash)) {
                        try $0.blob("bytes")
                    }
                }
            } catch is CounterTrouble {
                // That is a finding already.
                return
            }
            if try bytes.map({ SHA256.hash($0) }) != hash || bytes.map({ Int64($0.count) }) != row.integer("length") {
                let place = IssueBasis.place(
                    language: try row.text("language"), paper: try row.text("paper"), instructions: try row.text("instructions"))
                notes.add(
                    .packet, "style \(try row.text("code")) revision \(try row.integer("revision"))",
                    "Its base \(place) is missing at the counter, or its bytes were changed.")
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
