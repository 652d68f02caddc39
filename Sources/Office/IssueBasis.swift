import Elections
import Keys
import Storage

/// What ballots are issued from, elections, ballot styles and rolls, as the journal tells of it, against what the tables say now.
///
/// Whoever can write into the tables could move a precinct to another style, or put a voter's older record back, before the first ballot is
/// issued: no packet would contradict the books then. The journal's rows are chained, so `issue` goes by what they tell, and so does the
/// audit.
struct IssueBasis {
    /// The kinds of journal rows that tell of it, as a list in SQL; the index `journal_basis` is made with the same words.
    static let kinds = "'election_imported', 'style_imported', 'style_withdrawn', 'roll_imported'"

    /// A revision of a ballot style.
    struct Revision: Hashable {
        let election: Int64
        let code: String
        let number: Int64
    }

    private struct Style {
        var content: JSONValue = .null
        var files: [String: String] = [:]
        /// Every base that was ever made for a place, with the hash of its plan.
        var bases: [String: [String: String]] = [:]
        /// The base of each place that is in use.
        var newest: [String: String] = [:]
        var importedAt: Int64
    }

    private struct Definition {
        let code, definition, texts: String
        /// The office's own PDFs, as the table has them.
        let inserts: String
    }

    /// Something that the tables say otherwise.
    struct Difference {
        let subject: String
        let detail: String
        /// Whether a row is gone, rather than changed.
        var isLoss = false
    }

    private var styles: [Revision: Style] = [:]
    private var current: [Int64: [String: Int64]] = [:]
    private var definitions: [Int64: Definition] = [:]
    private var rolls: [Int64: String] = [:]

    init() {}

    /// What the journal tells of one election: by an index, whatever the journal's length.
    init(of election: Int64, in books: Transaction) throws {
        try books.forEach(
            "SELECT at, kind, canonical FROM journal WHERE kind IN (\(Self.kinds)) AND election = $1 ORDER BY seq", .integer(election)
        ) { row in
            take(
                kind: try row.text("kind"), election: election, at: try row.integer("at"),
                facts: (try? JSONValue.parse(try row.blob("canonical"))) ?? .null)
        }
    }

    /// Folds one row of the journal in; others change nothing.
    mutating func take(kind: String, election: Int64, at: Int64, facts: JSONValue) {
        switch kind {
        case JournalEntry.Kind.electionImported.word:
            definitions[election] = Definition(
                code: facts["code"]?.stringValue ?? "", definition: facts["definition"]?.stringValue ?? "",
                texts: facts["texts"]?.stringValue ?? "", inserts: facts["inserts"]?.text ?? "{}")
        case JournalEntry.Kind.styleImported.word:
            guard let code = facts["style"]?.stringValue, let number = facts["revision"]?.integerValue else { return }
            let key = Revision(election: election, code: code, number: number)
            var style = styles[key] ?? Style(importedAt: at)
            style.content = Self.content(facts)
            style.files = facts["files"]?.objectValue?.compactMapValues(\.stringValue) ?? [:]
            // Each row names all that are in use from then on.
            style.newest = [:]
            for (place, base) in facts["bases"]?.objectValue ?? [:] {
                guard let hash = base["sha256"]?.stringValue, let plan = base["plan"]?.stringValue else { continue }
                style.bases[place, default: [:]][hash] = plan
                style.newest[place] = hash
            }
            styles[key] = style
            current[election, default: [:]][code] = number
        case JournalEntry.Kind.styleWithdrawn.word:
            current[election]?[facts["style"]?.stringValue ?? ""] = nil
        case JournalEntry.Kind.rollImported.word: rolls[election] = facts["roll"]?.stringValue
        default: return
        }
    }

    /// What makes a style the same: the places and people that it is for.
    private static func content(_ facts: JSONValue) -> JSONValue {
        [
            "name": facts["name"] ?? .null, "party": facts["party"] ?? .null, "scope": facts["scope"] ?? .null,
            "precincts": facts["precincts"] ?? .null, "lengths": facts["lengths"] ?? .null
        ]
    }

    /// One hash over all of an election that a ballot follows from: its definition and texts, the styles in use, the roll. Who approves a batch
    /// approves it from these.
    func fingerprint(of election: Int64) -> String {
        var styles: [String: JSONValue] = [:]
        for (code, number) in current[election] ?? [:] {
            guard let style = self.styles[Revision(election: election, code: code, number: number)] else { continue }
            styles[code] = [
                "revision": .integer(number), "content": style.content, "files": .object(style.files.mapValues(JSONValue.string)),
                "bases": .object(style.newest.mapValues(JSONValue.string))
            ]
        }
        let definition = definitions[election]
        let basis: JSONValue = [
            "definition": .optional(definition?.definition), "texts": .optional(definition?.texts),
            "inserts": .optional(definition?.inserts), "styles": .object(styles), "roll": .optional(rolls[election])
        ]
        return hex(SHA256.hash(basis.canonical))
    }

    // MARK: Against the tables

    /// Everything that the tables say otherwise than the journal.
    ///
    /// - Parameter only: one election's row; nil: all.
    func differences(in books: Transaction, of only: Int64? = nil) throws -> [Difference] {
        var found: [Difference] = []
        try compareDefinitions(books, only, &found)
        try compareStyles(books, only, &found)
        try compareBases(books, only, &found)
        try compareRolls(books, only, &found)
        return found
    }

    private func compareDefinitions(_ books: Transaction, _ only: Int64?, _ found: inout [Difference]) throws {
        var seen: Set<Int64> = []
        try books.forEach(
            """
            SELECT e.id, e.code, e.definition, e.texts, e.inserts, e.jurisdiction, j.name, j.state FROM election e
            JOIN jurisdiction j ON j.id = e.jurisdiction WHERE $1 IS NULL OR e.id = $1
            """, .integer(orNull: only)
        ) { row in
            let id = try row.integer("id")
            seen.insert(id)
            let subject = "election \(try row.text("code"))"
            let told = definitions[id]
            let text = try row.text("definition")
            if told?.code != (try row.text("code")) || told?.definition != Self.hash(text) {
                found.append(Difference(subject: subject, detail: "Its definition is not the one that the journal tells of."))
            } else if let jurisdiction = try? ElectionDefinition(json: JSONValue.parse(Array(text.utf8))).jurisdiction,
                try jurisdiction.id.text != row.text("jurisdiction") || jurisdiction.name != row.text("name")
                    || jurisdiction.state != row.text("state")
            {
                found.append(Difference(subject: subject, detail: "Its jurisdiction is not the one that its definition names."))
            }
            if told?.texts != Self.hash(try row.text("texts")) {
                found.append(Difference(subject: subject, detail: "Its declarations are not those that the journal tells of."))
            }
            if told?.inserts != (try row.text("inserts")) {
                found.append(
                    Difference(
                        subject: subject,
                        detail: "Its instructions, write-in candidates or secrecy sheets are not those that the journal tells of."))
            }
        }
        for (id, told) in definitions where !seen.contains(id) && (only == nil || only == id) {
            found.append(
                Difference(
                    subject: "election \(told.code)", detail: "The journal tells that it came in, but its row is gone.", isLoss: true))
        }
    }

    private func compareStyles(_ books: Transaction, _ only: Int64?, _ found: inout [Difference]) throws {
        var precincts: [Int64: [JSONValue]] = [:]
        try books.forEach(
            """
            SELECT p.style, p.precinct FROM style_precinct p JOIN ballot_style s ON s.id = p.style
            WHERE $1 IS NULL OR s.election = $1 ORDER BY p.style, p.precinct
            """, .integer(orNull: only)
        ) { precincts[try $0.integer("style"), default: []].append(.string(try $0.text("precinct"))) }
        var files: [Int64: [String: (hash: String, length: Int64)]] = [:]
        try books.forEach(
            """
            SELECT f.style, f.language, f.sha256, f.length FROM style_file f JOIN ballot_style s ON s.id = f.style
            WHERE $1 IS NULL OR s.election = $1
            """, .integer(orNull: only)
        ) { row in
            files[try row.integer("style"), default: [:]][try row.text("language")] = (
                hash: hex(try row.blob("sha256")), length: try row.integer("length")
            )
        }
        var seen: Set<Revision> = []
        try books.forEach(
            """
            SELECT id, election, code, revision, name, party, scope, imported_at, superseded_at IS NULL AS standing FROM ballot_style
            WHERE $1 IS NULL OR election = $1
            """, .integer(orNull: only)
        ) { row in
            let id = try row.integer("id")
            let key = Revision(election: try row.integer("election"), code: try row.text("code"), number: try row.integer("revision"))
            seen.insert(key)
            func differs(_ detail: String) { found.append(Difference(subject: Self.subject(key), detail: detail)) }
            guard let told = styles[key] else { return differs("The journal does not tell that it came in.") }
            let content = Self.content([
                "name": .string(try row.text("name")), "party": .string(try row.text("party")), "scope": .string(try row.text("scope")),
                "precincts": .array(precincts[id] ?? []), "lengths": .object((files[id] ?? [:]).mapValues { .integer($0.length) })
            ])
            if content != told.content {
                differs("Its name, party, scope, precincts or files are not those that the journal tells of.")
            }
            for language in Set(told.files.keys).union((files[id] ?? [:]).keys).sorted()
            where told.files[language] != files[id]?[language]?.hash {
                differs("The vendor's file in \(language) is not the one that the journal tells of.")
            }
            if told.importedAt != (try row.integer("imported_at")) {
                differs("The time when it came in was changed: the journal has another.")
            }
            let stands = current[key.election]?[key.code] == key.number
            if try row.flag("standing") != stands {
                differs(
                    stands
                        ? "It is set aside, but the journal does not tell that it was corrected or withdrawn."
                        : "It is in use, but the journal tells that it was corrected or withdrawn.")
            }
        }
        for key in styles.keys where !seen.contains(key) && (only == nil || only == key.election) {
            found.append(
                Difference(
                    subject: Self.subject(key), detail: "The journal tells that it came in, but its row is gone.", isLoss: true))
        }
    }

    private func compareBases(_ books: Transaction, _ only: Int64?, _ found: inout [Difference]) throws {
        var standing: [Revision: [String: String]] = [:]
        try books.forEach(
            """
            SELECT b.hash, b.language, b.paper, b.instructions, b.plan, b.retired_at IS NULL AS standing, s.election, s.code, s.revision
            FROM base b JOIN ballot_style s ON s.id = b.style WHERE $1 IS NULL OR s.election = $1
            """, .integer(orNull: only)
        ) { row in
            let key = Revision(election: try row.integer("election"), code: try row.text("code"), number: try row.integer("revision"))
            let place = Self.place(
                language: try row.text("language"), paper: try row.text("paper"), instructions: try row.text("instructions"))
            let hash = hex(try row.blob("hash"))
            if try row.flag("standing") { standing[key, default: [:]][place] = hash }
            guard let plan = styles[key]?.bases[place]?[hash] else {
                found.append(Difference(subject: Self.subject(key), detail: "Its base \(place) is not one that the journal tells of."))
                return
            }
            if plan != Self.hash(try row.text("plan")) {
                found.append(
                    Difference(
                        subject: Self.subject(key), detail: "Where its base \(place) is filled in is not what the journal tells of."))
            }
        }
        for (key, style) in styles where only == nil || only == key.election {
            let expected = current[key.election]?[key.code] == key.number ? style.newest : [:]
            for place in Set(expected.keys).union((standing[key] ?? [:]).keys).sorted()
            where expected[place] != standing[key]?[place] {
                found.append(
                    Difference(
                        subject: Self.subject(key), detail: "Its base \(place) in use is not the last one that the journal tells of."))
            }
        }
    }

    private func compareRolls(_ books: Transaction, _ only: Int64?, _ found: inout [Difference]) throws {
        let elections = try books.all("SELECT id, code FROM election WHERE $1 IS NULL OR id = $1", .integer(orNull: only)) {
            (id: try $0.integer("id"), code: try $0.text("code"))
        }
        for election in elections where try !isRollAsImported(election.id, in: books) {
            found.append(
                Difference(
                    subject: "election \(election.code)",
                    detail: "Its roll is not the one that was imported last: a voter was added, changed or taken away by hand."))
        }
    }

    /// Whether an election's roll is as the last import of it left it, or empty where none came in.
    func isRollAsImported(_ election: Int64, in books: Transaction) throws -> Bool {
        try Self.roll(of: election, in: books) == rolls[election] ?? Self.emptyRoll
    }

    /// A hash over who is on a roll and what each row says, the held rows included: a row taken away, added or exchanged for an older one
    /// changes it. Only imports change a roll, and each journals this.
    static func roll(of election: Int64, in books: Transaction) throws -> String {
        var hash: [UInt8] = []
        var rows: [UInt8] = []
        func add(_ parts: [UInt8]...) {
            for part in parts { rows += part }
            guard rows.count >= 1 << 18 else { return }
            hash = SHA256.hash(hash, rows)
            rows.removeAll(keepingCapacity: true)
        }
        try books.forEach(
            """
            SELECT r.id, r.voter, v.number_index, r.fingerprint FROM request r JOIN voter v ON v.id = r.voter
            WHERE +r.election = $1 ORDER BY r.id
            """, .integer(election)
        ) { row in
            add(
                RowID.bytes(try row.integer("id")), RowID.bytes(try row.integer("voter")), try row.blob("number_index"),
                try row.blob("fingerprint"))
        }
        try books.forEach(
            "SELECT id, coalesce(number_index, x'') AS number FROM held_row WHERE election = $1 AND cleared_at IS NULL ORDER BY id",
            .integer(election)
        ) { add(Array("held".utf8), RowID.bytes(try $0.integer("id")), try $0.blob("number")) }
        return hex(SHA256.hash(hash, rows))
    }

    private static let emptyRoll = hex(SHA256.hash([UInt8]()))

    private static func subject(_ key: Revision) -> String { "style \(key.code) revision \(key.number)" }

    /// How a base is named among its style's: `en/letter`, or with instructions `en/letter/` and their SHA-256.
    static func place(language: String, paper: String, instructions: String) -> String {
        instructions.isEmpty ? "\(language)/\(paper)" : "\(language)/\(paper)/\(instructions)"
    }

    /// How the journal names a text: its SHA-256 in hexadecimal.
    static func hash(_ text: String) -> String { hex(SHA256.hash(Array(text.utf8))) }
}
