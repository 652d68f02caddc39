package import Elections
import Keys
import Storage

/// Checks the shelf: whether every current style can be served, with the bytes that came in, and whether every voter's place has a style.
package struct StyleCheck: Sendable {
    private let office: Office

    /// Opens the desk in an office.
    package init(_ office: Office) { self.office = office }

    /// Something that is wrong with a style or is missing from the shelf.
    package struct Finding: Sendable, Equatable {
        /// The election that it concerns.
        package let election: ElectionID
        /// The style; nil where the election as a whole is meant.
        package let style: StyleID?
        /// What was looked at: `base`, `file`, `precincts`, `roll`, `sample`.
        package let subject: String
        /// What is wrong, in a sentence.
        package let detail: String

        /// One object.
        package var json: JSONValue {
            [
                "election": .string(election.text), "style": .optional(style?.text), "subject": .string(subject), "detail": .string(detail)
            ]
        }
    }

    /// What was looked at, and what was found.
    package struct Report: Sendable, Equatable {
        /// How many current styles and bases were looked at.
        package var styles = 0
        package var bases = 0
        /// What is wrong, election by election.
        package var findings: [Finding] = []
        /// What may be meant so, but should be looked at: it does not change ``ok``.
        package var warnings: [String] = []

        /// Whether all is well.
        package var ok: Bool { findings.isEmpty }

        /// `{ok, styles, bases, findings: [{election, style, subject, detail}], warnings}`
        package var json: JSONValue {
            [
                "ok": .bool(ok), "styles": .number(styles), "bases": .number(bases), "findings": .array(findings.map(\.json)),
                "warnings": .array(warnings.map(JSONValue.string))
            ]
        }

        /// For the terminal or a spreadsheet.
        package var table: ReportTable {
            ReportTable(
                columns: ["election", "style", "subject", "detail"],
                rows: findings.map { [.string($0.election.text), .optional($0.style?.text), .string($0.subject), .string($0.detail)] })
        }
    }

    /// Checks one election's styles, or all.
    ///
    /// - Throws: ``OfficeError`` `notFound` for the election.
    package func run(election id: ElectionID?) throws -> Report {
        var report = Report()
        try office.books.read { transaction in
            let elections = try id.map { [try ElectionBook.find($0, in: transaction)] } ?? ElectionBook.all(in: transaction)
            for election in elections {
                let styles = try ElectionBook.styles(of: election.id, in: transaction).values.sorted { $0.style.id.text < $1.style.id.text }
                report.styles += styles.count
                try checkKind(election, &report)
                for style in styles { try check(style, of: election, in: transaction, &report) }
                try checkRoll(of: election, StyleResolver(styles.map(\.style)), in: transaction, &report)
                try checkInstructions(of: election, in: transaction, &report)
            }
        }
        return report
    }

    /// Invariant 10, in both databases: a test office's pages say SAMPLE, and a real one's do not.
    private func checkKind(_ election: KeptElection, _ report: inout Report) throws {
        let shown = try office.needingCounter {
            try office.counter.read { transaction in
                try transaction.first("SELECT text FROM notice WHERE id = 1") { row in
                    try PublicNotice(json: try JSONValue.parse(Array(try row.text("text").utf8))).test
                }
            }
        }
        if election.definition.test != office.isTest || shown != office.isTest {
            report.findings.append(
                Finding(
                    election: election.definition.id, style: nil, subject: "sample",
                    detail: "This is a \(office.isTest ? "test" : "real") office, and the election or the voters' site says otherwise."))
        }
    }

    private func check(
        _ kept: ElectionBook.KeptStyle, of election: KeptElection, in transaction: Transaction, _ report: inout Report
    ) throws {
        var found: [(subject: String, detail: String)] = []
        if kept.style.precincts.isEmpty { found.append(("precincts", "It names no precinct, so nobody gets it.")) }
        let files = try transaction.all("SELECT language, length FROM style_file WHERE style = $1 ORDER BY language", .integer(kept.id)) {
            (language: try $0.text("language"), length: try $0.integer("length"))
        }
        if files.isEmpty { found.append(("file", "No vendor's file of it is recorded.")) }
        let bases = try transaction.all(
            """
            SELECT hash, language, paper, instructions, length FROM base WHERE style = $1 AND retired_at IS NULL
            ORDER BY language, paper, instructions
            """,
            .integer(kept.id)
        ) { row in
            (
                hash: try row.blob("hash"), language: try row.text("language"), paper: try row.text("paper"),
                set: try row.text("instructions"), length: try row.integer("length")
            )
        }
        for file in files {
            for set in election.inserts.sets(of: kept.style, language: file.language, in: election.definition) {
                let missing = ["letter", "a4"].filter { paper in
                    !bases.contains { $0.language == file.language && $0.paper == paper && $0.set == set }
                }
                guard !missing.isEmpty else { continue }
                let with = election.inserts.names(of: set).first.map { " with \($0)" } ?? ""
                found.append(("base", "There is none in \(file.language) for \(missing.joined(separator: " and ")) paper\(with)."))
            }
        }
        for base in bases {
            report.bases += 1
            let name = "The base in \(base.language) for \(base.paper) paper"
            if !files.contains(where: { $0.language == base.language }) { found.append(("file", "\(name) comes from no recorded file.")) }
            // One at a time: they are megabytes.
            let bytes = try office.needingCounter {
                try office.counter.read { counter in
                    try counter.first("SELECT bytes FROM base WHERE hash = $1", .blob(base.hash)) { try $0.blob("bytes") }
                }
            }
            guard let bytes else {
                found.append(("base", "\(name) is not at the counter: its voters cannot be served."))
                continue
            }
            if Int64(bytes.count) != base.length || SHA256.hash(bytes) != base.hash {
                found.append(("base", "\(name) is not what came in: its bytes at the counter have changed."))
            }
        }
        report.findings += found.map {
            Finding(election: election.definition.id, style: kept.style.id, subject: $0.subject, detail: $0.detail)
        }
    }

    /// Where some voters get instructions, those who get none are perhaps forgotten. Nobody's record is opened for it: where the roll does not
    /// say where a voter is, either place will do.
    private func checkInstructions(of election: KeptElection, in transaction: Transaction, _ report: inout Report) throws {
        guard election.inserts.files.keys.contains(where: { $0.folder == .instructions }) else { return }
        let languages = election.definition.languages
        func serves(_ kind: VoterKind) -> Bool { election.inserts.choice.instructions(for: kind, languages: languages) != nil }
        var without: [String: Int] = [:]
        try transaction.forEach(
            """
            SELECT voter_class, coalesce(location, '') AS location, count(*) AS voters FROM request
            WHERE election = $1 AND status = 'accepted' GROUP BY 1, 2
            """, .integer(election.id)
        ) { row in
            guard let voterClass = VoterClass(rawValue: try row.text("voter_class")) else { return }
            let places = Location(rawValue: try row.text("location")).map { [$0] } ?? Location.allCases
            let kinds = places.map { VoterKind(voterClass, isOverseas: $0 == .overseas) }
            guard let kind = kinds.first, !kinds.contains(where: serves) else { return }
            without[kinds.count > 1 ? voterClass.rawValue : kind.words, default: 0] += Int(try row.integer("voters"))
        }
        for (kind, voters) in without.sorted(by: { $0.key < $1.key }) {
            report.warnings.append(
                "\(election.definition.id): \(counted(voters, "voter")) of the class \(kind) get\(voters == 1 ? "s" : "") no instructions, "
                    + "while others have some. instructions/all.\(languages.first ?? "en").pdf would be for everyone else.")
        }
    }

    /// Every precinct, party and scope on the roll leads to one style; the same that `issue` will find voter by voter.
    private func checkRoll(
        of election: KeptElection, _ resolver: StyleResolver, in transaction: Transaction, _ report: inout Report
    ) throws {
        var reasons: [String: Int] = [:]
        try transaction.forEach(
            """
            SELECT precinct, party, voter_class, count(*) AS voters FROM request
            WHERE election = $1 AND status = 'accepted' GROUP BY precinct, party, voter_class
            """, .integer(election.id)
        ) { row in
            guard let voterClass = VoterClass(rawValue: try row.text("voter_class")) else { return }
            let resolved = resolver.resolve(
                precinct: try row.text("precinct"), party: try row.text("party"), scope: election.definition.scope(of: voterClass))
            if case .failure(let unresolved) = resolved { reasons[unresolved.reason, default: 0] += Int(try row.integer("voters")) }
        }
        for (reason, voters) in reasons.sorted(by: { $0.key < $1.key }) {
            report.findings.append(
                Finding(election: election.definition.id, style: nil, subject: "roll", detail: "\(counted(voters, "voter")): \(reason)"))
        }
    }
}
