package import Elections
import Keys
import Storage

/// A current ballot style on the shelf.
package struct StyleLine: Sendable, Equatable {
    /// The election.
    package let election: ElectionID
    /// The style's id.
    package let style: StyleID
    /// From 1; each correction is one more.
    package let revision: Int
    /// The style's name.
    package let name: String
    /// Empty: voters whose party has no style of its own there.
    package let party: String
    /// All contests, or federal offices only.
    package let scope: Scope
    /// As `styles.csv` writes them.
    package let precincts: [String]
    /// Voters on the roll whose precinct, party and class lead here.
    package let voters: Int
    /// The vendor's ballots, one a language.
    package let files: [File]
    /// The office's own PDFs that go into the style's packets, in their order.
    package let inserts: [InsertFile]
    /// What packets begin with, one a language, paper and set of instructions.
    package let bases: [Base]

    /// A vendor's ballot as it was delivered.
    package struct File: Sendable, Equatable {
        /// The language tag.
        package let language: String
        /// How many pages it has.
        package let pages: Int
        /// Its length in bytes.
        package let length: Int
        /// SHA-256, in hexadecimal.
        package let sha256: String
        /// Whether libqpdf had to repair it.
        package let repaired: Bool
    }

    /// Instructions, write-in candidates or a secrecy sheet as they came in.
    package struct InsertFile: Sendable, Equatable {
        /// The file in the election's folder, e.g. `instructions/citizens-abroad.en.pdf`.
        package let file: String
        /// How many pages it has.
        package let pages: Int
        /// Its length in bytes.
        package let length: Int
        /// SHA-256, in hexadecimal.
        package let sha256: String
        /// Whether libqpdf had to repair it.
        package let repaired: Bool
    }

    /// What every voter of the style, language and paper, and with these instructions, receives first.
    package struct Base: Sendable, Equatable {
        /// The language tag.
        package let language: String
        /// `letter` or `a4`.
        package let paper: String
        /// The instructions behind the cover; several where several files are the same. Empty: there are none.
        package let instructions: [String]
        /// Its length in bytes.
        package let length: Int
        /// SHA-256, in hexadecimal: what the first `length` bytes of every packet hash to.
        package let sha256: String
    }

    /// As `uocava styles list --format json` prints it.
    package var json: JSONValue {
        [
            "election": .string(election.text), "style": .string(style.text), "revision": .number(revision), "name": .string(name),
            "party": .string(party), "scope": .string(scope.rawValue), "languages": .array(files.map { .string($0.language) }),
            "pages": .number(pages), "precincts": .array(precincts.map(JSONValue.string)), "voters": .number(voters),
            "files": .array(
                files.map {
                    [
                        "language": .string($0.language), "pages": .number($0.pages), "length": .number($0.length),
                        "sha256": .string($0.sha256), "repaired": .bool($0.repaired)
                    ]
                }),
            "inserts": .array(
                inserts.map {
                    [
                        "file": .string($0.file), "pages": .number($0.pages), "length": .number($0.length), "sha256": .string($0.sha256),
                        "repaired": .bool($0.repaired)
                    ]
                }),
            "bases": .array(
                bases.map {
                    [
                        "language": .string($0.language), "paper": .string($0.paper),
                        "instructions": .array($0.instructions.map(JSONValue.string)), "length": .number($0.length),
                        "sha256": .string($0.sha256)
                    ]
                })
        ]
    }

    /// Pages of the longest ballot: the languages may differ.
    package var pages: Int { files.map(\.pages).max() ?? 0 }
}

extension [StyleLine] {
    /// One object a style.
    package var json: JSONValue { .array(map(\.json)) }

    /// Whether any packet holds something of the office's own beside its pages.
    package var haveInserts: Bool { contains { !$0.inserts.isEmpty } }

    /// For a spreadsheet; hashes by their first 12 digits, all of them are in `json`. Inserts stand at the end, where there are any.
    package var table: ReportTable {
        ReportTable(
            columns: ["election", "style", "revision", "party", "scope", "languages", "pages", "precincts", "voters", "files", "bases"]
                + (haveInserts ? ["inserts"] : []),
            rows: map { line in
                let inserts = line.inserts.map { "\($0.file) \($0.sha256.prefix(12))" }.joined(separator: "; ")
                return [
                    .string(line.election.text), .string(line.style.text), .number(line.revision), .string(line.party),
                    .string(line.scope.rawValue), .string(line.files.map(\.language).joined(separator: " ")), .number(line.pages),
                    .string(line.precincts.joined(separator: "; ")), .number(line.voters),
                    .string(line.files.map { "\($0.language) \($0.sha256.prefix(12))" }.joined(separator: "; ")),
                    .string(line.bases.map { "\($0.language)/\($0.paper) \($0.sha256.prefix(12))" }.joined(separator: "; "))
                ] + (haveInserts ? [.string(inserts)] : [])
            })
    }
}

extension Reports {
    /// The styles that are current, by election and id.
    ///
    /// - Parameter id: only this election's; nil: all.
    /// - Throws: ``OfficeError`` `notFound` for the election.
    package func styles(election id: ElectionID? = nil) throws -> [StyleLine] {
        try office.catchUp()
        return try office.books.read { transaction in
            let elections = try id.map { [try ElectionBook.find($0, in: transaction)] } ?? ElectionBook.all(in: transaction)
            return try elections.flatMap { try styles(of: $0, in: transaction) }
        }
    }

    private func styles(of election: KeptElection, in transaction: Transaction) throws -> [StyleLine] {
        let kept = try ElectionBook.styles(of: election.id, in: transaction)
        let resolver = StyleResolver(kept.values.map(\.style))
        var voters: [StyleID: Int] = [:]
        // A few hundred kinds of voters stand for a million: the roll need not be opened.
        try transaction.forEach(
            "SELECT precinct, party, voter_class, count(*) AS voters FROM request WHERE election = $1 GROUP BY precinct, party, voter_class",
            .integer(election.id)
        ) { row in
            guard let voterClass = VoterClass(rawValue: try row.text("voter_class")) else { return }
            let style = resolver.resolve(
                precinct: try row.text("precinct"), party: try row.text("party"), scope: election.definition.scope(of: voterClass))
            if case .success(let style) = style { voters[style, default: 0] += Int(try row.integer("voters")) }
        }
        return try kept.values.sorted { $0.style.id.text < $1.style.id.text }.map { kept in
            StyleLine(
                election: election.definition.id, style: kept.style.id, revision: Int(kept.revision), name: kept.style.name,
                party: kept.style.party, scope: kept.style.scope, precincts: kept.style.precincts, voters: voters[kept.style.id] ?? 0,
                files: try files(of: kept.id, election, in: transaction), inserts: inserts(of: kept.style, election),
                bases: try bases(of: kept.id, election, in: transaction))
        }
    }

    /// In the election's order of languages.
    private func files(of style: Int64, _ election: KeptElection, in transaction: Transaction) throws -> [StyleLine.File] {
        let files = try transaction.all(
            "SELECT language, pages, length, sha256, repaired FROM style_file WHERE style = $1 ORDER BY language", .integer(style)
        ) { row in
            StyleLine.File(
                language: try row.text("language"), pages: Int(try row.integer("pages")), length: Int(try row.integer("length")),
                sha256: hex(try row.blob("sha256")), repaired: try row.flag("repaired"))
        }
        let order = election.definition.languages
        return files.sorted { order.firstIndex(of: $0.language) ?? order.count < order.firstIndex(of: $1.language) ?? order.count }
    }

    private func inserts(of style: BallotStyle, _ election: KeptElection) -> [StyleLine.InsertFile] {
        election.inserts.used(by: style, in: election.definition).compactMap { insert in
            election.inserts.files[insert].map {
                StyleLine.InsertFile(file: insert.path, pages: $0.pages, length: $0.length, sha256: $0.sha256, repaired: $0.repaired)
            }
        }
    }

    private func bases(of style: Int64, _ election: KeptElection, in transaction: Transaction) throws -> [StyleLine.Base] {
        try transaction.all(
            """
            SELECT language, paper, instructions, length, hash FROM base WHERE style = $1 AND retired_at IS NULL
            ORDER BY language, paper DESC, instructions
            """, .integer(style)
        ) { row in
            StyleLine.Base(
                language: try row.text("language"), paper: try row.text("paper"),
                instructions: election.inserts.names(of: try row.text("instructions")), length: Int(try row.integer("length")),
                sha256: hex(try row.blob("hash")))
        }
    }
}
