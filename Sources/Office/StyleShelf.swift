package import Elections
package import Foundation
import Keys
package import Packet
import Storage

/// The shelf of ballot styles: brings an election's folder in, and makes from each vendor's ballot the bases that packets begin with.
package struct StyleShelf: Sendable {
    private let office: Office
    private let child: ConfinedChild

    /// - Parameter child: where vendors' files are read; the default runs this program again, confined.
    package init(_ office: Office, child: ConfinedChild = ConfinedChild()) {
        self.office = office
        self.child = child
    }

    /// What an import brought.
    package struct Summary: Sendable {
        /// The election that came in.
        package var election: ElectionID
        /// Styles that are new, came as a new revision, stayed, or are not in the folder any more.
        package var new = 0
        package var revised = 0
        package var unchanged = 0
        package var superseded = 0
        /// Bases made: one for each style, language, paper and set of instructions.
        package var bases = 0
        /// What was taken but should be looked at.
        package var warnings: [String] = []
        /// Voters who hold a ballot of a style that was corrected.
        package var toReview = 0

        /// As `uocava election import --format json` prints it.
        package var json: JSONValue {
            [
                "election": .string(election.text), "new": .integer(Int64(new)), "revised": .integer(Int64(revised)),
                "unchanged": .integer(Int64(unchanged)), "superseded": .integer(Int64(superseded)), "bases": .integer(Int64(bases)),
                "to_review": .integer(Int64(toReview)), "warnings": .array(warnings.map(JSONValue.string))
            ]
        }
    }

    /// Brings an election's folder in. Everything is checked before anything is written; a second import of the same folder changes nothing.
    ///
    /// - Parameters:
    ///   - acceptRepaired: take PDFs that libqpdf had to repair; that is journalled.
    ///   - progress: called with bases done and bases in all, from several threads but never twice at a time.
    /// - Throws: ``OfficeError`` `badInput` with every problem, `notAllowed` where a rule forbids the change.
    package func importElection(
        from folder: URL, acceptRepaired: Bool = false, progress: @Sendable (Int, Int) -> Void = { _, _ in }
    ) throws -> Summary {
        let read = try ElectionFolder(folder, isTest: office.isTest)
        // Before the slow part; and again with what is kept, since a ballot may be issued meanwhile.
        try office.books.read { try checkAgainstBooks(read, in: $0) }
        let spool = try BaseSpool(in: office.folder.url)
        let made = try BaseMaking(
            folder: read, child: child, publicURL: office.configuration.publicSite.url, acceptRepaired: acceptRepaired, spool: spool
        ).run(progress: progress)
        var summary = Summary(election: read.definition.id)
        summary.bases = made.bases
        summary.warnings = read.warnings + made.warnings
        try office.needingCounter { try keep(read, made, spool, &summary) }
        return summary
    }

    // MARK: Checks

    /// What the office's books forbid.
    private func checkAgainstBooks(_ read: ElectionFolder, in transaction: Transaction) throws {
        let elections = try ElectionBook.all(in: transaction)
        let definition = read.definition
        if let other = elections.first(where: {
            $0.definition.id != definition.id && $0.definition.identityQuestion != definition.identityQuestion
        }) {
            // Every link page must be the same bytes, whatever the link: so the office asks one question.
            throw OfficeError(
                .notAllowed,
                "election.yaml asks \(definition.identityQuestion.rawValue), but \(other.definition.id) asks "
                    + "\(other.definition.identityQuestion.rawValue).",
                hint: "One office asks all its voters the same question; make another office for the other.")
        }
        guard let known = elections.first(where: { $0.definition.id == definition.id }) else { return }
        guard known.definition.jurisdiction.id == definition.jurisdiction.id else {
            throw OfficeError(
                .notAllowed, "\(definition.id) belongs to \(known.definition.jurisdiction.name) here.",
                hint: "Give this election another id.")
        }
        let issued = try transaction.count("SELECT count(*) FROM ballot WHERE election = $1", .integer(known.id))
        let differing =
            changedKeys(known.definition.json.objectValue ?? [:], definition.json.objectValue ?? [:])
            + changedKeys(known.texts, read.texts).map { $0.hasPrefix("captions.") ? "\($0).yaml" : "the declaration in \($0)" }
            + (issued == 0 ? [] : changedInserts(known.inserts, read.inserts))
        if issued > 0, !differing.isEmpty {
            throw OfficeError(
                .notAllowed,
                "Ballots of \(definition.id) have been issued, and the folder now says something else in: "
                    + "\(differing.joined(separator: ", ")).",
                hint: "Put it back as it was. Ballot PDFs may be corrected: they become new revisions.")
        }
    }

    private func changedInserts(_ old: KeptInserts, _ new: [Insert: [UInt8]]) -> [String] {
        Set(old.files.keys).union(new.keys).filter { old.files[$0]?.sha256 != new[$0].map { hex(SHA256.hash($0)) } }.sorted().map(\.path)
    }

    private func changedKeys<Value: Equatable>(_ old: [String: Value], _ new: [String: Value]) -> [String] {
        Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }.sorted()
    }

    // MARK: Keeping

    /// Bases first, to the counter; then the books. A crash between leaves bases that nothing points at, and the next import finds them made.
    private func keep(_ read: ElectionFolder, _ made: BaseMaking.Result, _ spool: BaseSpool, _ summary: inout Summary) throws {
        let now = office.clock.now()
        let authority = String(decoding: try office.cabinet.authority().pem, as: UTF8.self)
        for base in made.styles.flatMap({ $0.files.values }).flatMap({ $0.bases.values }) {
            let bytes = try spool.bytes(base.bytes)
            // One at a time: claims must not wait for a whole election's megabytes.
            try office.counter.write { transaction in
                try transaction.execute(
                    "INSERT INTO base (hash, length, bytes) VALUES ($1, $2, $3) ON CONFLICT (hash) DO NOTHING", .blob(base.hash),
                    .integer(Int64(bytes.count)), .blob(bytes))
            }
        }
        let election = try office.books.write { transaction in
            try checkAgainstBooks(read, in: transaction)
            let id = try keepElection(read, made.inserts, at: now, in: transaction)
            try keepStyles(made.styles, election: id, at: now, &summary, in: transaction)
            return id
        }
        try office.counter.write { transaction in
            try transaction.execute(
                "INSERT INTO election (id, text) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET text = excluded.text", .integer(election),
                .text(PublicElection(read.definition).json.text))
            try transaction.execute(
                "INSERT INTO notice (id, text) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET text = excluded.text",
                .text(PublicNotice(read.definition, isTest: office.isTest, authority: authority).json.text))
        }
    }

    private func keepElection(_ read: ElectionFolder, _ inserts: KeptInserts, at now: Instant, in transaction: Transaction) throws -> Int64
    {
        let definition = read.definition
        let jurisdiction = definition.jurisdiction
        try transaction.execute(
            """
            INSERT INTO jurisdiction (id, name, state, id_type) VALUES ($1, $2, $3, $4)
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, state = excluded.state
            """,
            .text(jurisdiction.id.text), .text(jurisdiction.name), .text(jurisdiction.state), .text(jurisdiction.idType.rawValue))
        let text = definition.json.text
        let texts = JSONValue.object(read.texts.mapValues(JSONValue.string)).text
        let pages = inserts.json
        let before = try transaction.first(
            "SELECT id, definition, texts, inserts FROM election WHERE jurisdiction = $1 AND code = $2", .text(jurisdiction.id.text),
            .text(definition.id.text)
        ) { row in
            (
                id: try row.integer("id"),
                same: try row.text("definition") == text && row.text("texts") == texts && row.text("inserts") == pages.text
            )
        }
        if let before, before.same { return before.id }
        let id = try transaction.first(
            """
            INSERT INTO election (jurisdiction, code, test, definition, texts, inserts, imported_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (jurisdiction, code) DO UPDATE SET definition = excluded.definition, texts = excluded.texts,
                inserts = excluded.inserts
            RETURNING id
            """,
            .text(jurisdiction.id.text), .text(definition.id.text), .flag(definition.test), .text(text), .text(texts),
            .text(pages.text), .integer(now.milliseconds), decode: { try $0.integer("id") })
        guard let id else { throw OfficeError(.broken, "The election was not kept.") }
        var facts: [String: JSONValue] = [
            "code": .string(definition.id.text), "definition": .string(IssueBasis.hash(text)),
            "texts": .string(IssueBasis.hash(texts))
        ]
        if !inserts.files.isEmpty { facts["inserts"] = pages }
        try Journal.append([JournalEntry(.electionImported, election: id, facts: facts)], at: now, in: transaction)
        return id
    }

    private struct Present {
        let id: Int64
        let revision: Int64
        let content: JSONValue
    }

    private func keepStyles(
        _ made: [MadeStyle], election: Int64, at now: Instant, _ summary: inout Summary, in transaction: Transaction
    ) throws {
        var present = try presentStyles(of: election, in: transaction)
        for style in made {
            let before = present.removeValue(forKey: style.style.id)
            if let before, before.content == content(style) {
                // The same ballot; its pages around it may say something new (a deadline, a contact) as long as nothing was issued.
                summary.unchanged += 1
                if try keepBases(style, row: before.id, at: now, in: transaction) > 0 {
                    try journal(style, revision: before.revision, election: election, at: now, in: transaction)
                }
                continue
            }
            if before == nil { summary.new += 1 } else { summary.revised += 1 }
            if let before { try supersede(before.id, style.style.id, election: election, at: now, &summary, in: transaction) }
            let kept = try transaction.first(
                """
                INSERT INTO ballot_style (election, code, revision, name, party, scope, imported_at)
                VALUES ($1, $2, coalesce((SELECT max(revision) FROM ballot_style WHERE election = $1 AND code = $2), 0) + 1, $3, $4, $5, $6)
                RETURNING id, revision
                """,
                .integer(election), .text(style.style.id.text), .text(style.style.name), .text(style.style.party),
                .text(style.style.scope.rawValue), .integer(now.milliseconds),
                decode: { (row: try $0.integer("id"), revision: try $0.integer("revision")) })
            guard let (row, revision) = kept else { throw OfficeError(.broken, "The style \(style.style.id) was not kept.") }
            for precinct in style.style.precincts {
                try transaction.execute(
                    "INSERT INTO style_precinct (style, precinct) VALUES ($1, $2)", .integer(row), .text(precinct))
            }
            for (language, file) in style.files {
                try transaction.execute(
                    "INSERT INTO style_file (style, language, sha256, length, pages, repaired) VALUES ($1, $2, $3, $4, $5, $6)",
                    .integer(row), .text(language), .blob(file.sha256), .integer(Int64(file.length)), .integer(Int64(file.pages)),
                    .flag(file.repaired))
            }
            _ = try keepBases(style, row: row, at: now, in: transaction)
            try journal(style, revision: revision, election: election, at: now, in: transaction)
        }
        for (code, gone) in present {
            summary.superseded += 1
            try supersede(gone.id, code, election: election, at: now, &summary, in: transaction)
            try Journal.append(
                [
                    JournalEntry(
                        .styleWithdrawn, election: election, facts: ["style": .string(code.text), "revision": .integer(gone.revision)])
                ], at: now, in: transaction)
        }
    }

    private func supersede(
        _ row: Int64, _ code: StyleID, election: Int64, at now: Instant, _ summary: inout Summary, in transaction: Transaction
    ) throws {
        try transaction.execute(
            "UPDATE ballot_style SET superseded_at = $2 WHERE id = $1 AND superseded_at IS NULL", .integer(row), .integer(now.milliseconds))
        try transaction.execute(
            "UPDATE base SET retired_at = $2 WHERE style = $1 AND retired_at IS NULL", .integer(row), .integer(now.milliseconds))
        let holders = try transaction.all(
            "SELECT voter FROM ballot WHERE style = $1 AND status NOT IN ('replaced', 'cancelled')", .integer(row)
        ) { try $0.integer("voter") }
        for voter in holders {
            try ExceptionList.add(
                .styleRevised, voter: voter, election: election, detail: "Holds a ballot of \(code) from before its correction.", at: now,
                in: transaction)
        }
        summary.toReview += holders.count
    }

    /// Keeps a style's bases, and returns in how many places (language, paper, set of instructions) another one is in use now than before.
    private func keepBases(_ style: MadeStyle, row: Int64, at now: Instant, in transaction: Transaction) throws -> Int {
        struct Place: Hashable { let language: String, variant: BaseVariant }
        var inUse: [Place: [UInt8]] = [:]
        try transaction.forEach(
            "SELECT hash, language, paper, instructions FROM base WHERE style = $1 AND retired_at IS NULL", .integer(row)
        ) { base in
            guard let paper = Paper(rawValue: try base.text("paper")) else { return }
            let variant = BaseVariant(paper: paper, instructions: try base.text("instructions"))
            inUse[Place(language: try base.text("language"), variant: variant)] = try base.blob("hash")
        }
        var made: [Place: MadeBase] = [:]
        for (language, file) in style.files {
            for (variant, base) in file.bases { made[Place(language: language, variant: variant)] = base }
        }
        let changed = Set(inUse.keys).union(made.keys).filter { inUse[$0] != made[$0]?.hash }
        for place in changed {
            let values: [SQLValue] = [
                .integer(row), .text(place.language), .text(place.variant.paper.rawValue), .text(place.variant.instructions)
            ]
            try transaction.execute(
                """
                UPDATE base SET retired_at = $5 WHERE style = $1 AND language = $2 AND paper = $3 AND instructions = $4
                    AND retired_at IS NULL
                """, values[0], values[1], values[2], values[3], .integer(now.milliseconds))
            guard let base = made[place] else { continue }
            try transaction.execute(
                """
                INSERT INTO base (style, language, paper, instructions, hash, length, plan, first_ballot_page, last_ballot_page, made_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                ON CONFLICT (style, language, paper, instructions, hash) DO UPDATE SET retired_at = NULL
                """,
                values[0], values[1], values[2], values[3], .blob(base.hash), .integer(Int64(base.bytes.count)), .text(base.plan),
                .integer(Int64(base.ballotPages.lowerBound)), .integer(Int64(base.ballotPages.upperBound)), .integer(now.milliseconds))
        }
        return changed.count
    }

    private func journal(
        _ style: MadeStyle, revision: Int64, election: Int64, at now: Instant, in transaction: Transaction
    ) throws {
        var bases: [String: JSONValue] = [:]
        for (language, file) in style.files {
            for (variant, base) in file.bases {
                let place = IssueBasis.place(language: language, paper: variant.paper.rawValue, instructions: variant.instructions)
                bases[place] = ["sha256": .string(hex(base.hash)), "plan": .string(IssueBasis.hash(base.plan))]
            }
        }
        try Journal.append(
            [
                JournalEntry(
                    .styleImported, election: election,
                    facts: [
                        "style": .string(style.style.id.text), "revision": .integer(revision), "name": .string(style.style.name),
                        "party": .string(style.style.party), "scope": .string(style.style.scope.rawValue),
                        "precincts": .array(style.style.precincts.sorted(by: Self.byBytes).map(JSONValue.string)),
                        "files": .object(style.files.mapValues { .string(hex($0.sha256)) }),
                        "lengths": .object(style.files.mapValues { .integer(Int64($0.length)) }), "bases": .object(bases),
                        "repaired": .bool(style.files.values.contains { $0.repaired })
                    ])
            ], at: now, in: transaction)
    }

    /// The order in which the books sort text.
    private static func byBytes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }

    /// What makes a style the same: the places it is for and the vendor's files.
    private func content(_ style: MadeStyle) -> JSONValue {
        Self.content(
            name: style.style.name, party: style.style.party, scope: style.style.scope.rawValue, precincts: style.style.precincts,
            files: style.files.mapValues(\.sha256))
    }

    private static func content(
        name: String, party: String, scope: String, precincts: [String], files: [String: [UInt8]]
    ) -> JSONValue {
        [
            "name": .string(name), "party": .string(party), "scope": .string(scope),
            "precincts": .array(precincts.sorted().map(JSONValue.string)), "files": .object(files.mapValues { .string(hex($0)) })
        ]
    }

    private func presentStyles(of election: Int64, in transaction: Transaction) throws -> [StyleID: Present] {
        var present: [StyleID: Present] = [:]
        for (code, kept) in try ElectionBook.styles(of: election, in: transaction) {
            var files: [String: [UInt8]] = [:]
            try transaction.forEach("SELECT language, sha256 FROM style_file WHERE style = $1", .integer(kept.id)) {
                files[try $0.text("language")] = try $0.blob("sha256")
            }
            let style = kept.style
            present[code] = Present(
                id: kept.id, revision: kept.revision,
                content: Self.content(
                    name: style.name, party: style.party, scope: style.scope.rawValue, precincts: style.precincts, files: files))
        }
        return present
    }
}

extension BasePlan {
    /// As kept in the books.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// From the books.
    init(json: String) throws { self = try JSONDecoder().decode(BasePlan.self, from: Data(json.utf8)) }
}
