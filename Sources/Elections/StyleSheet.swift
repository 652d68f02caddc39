/// A ballot style: the ballot that voters of some precincts, of one party or of any, mark in one election.
package struct BallotStyle: Sendable, Equatable {
    /// Its id within the election.
    package let id: StyleID
    /// Its name for people.
    package let name: String
    /// The precincts or precinct splits whose voters get it, at least one.
    package let precincts: [String]
    /// The party whose ballot it is; empty: voters whose party has no style of its own there.
    package let party: String
    /// Whether it holds every contest or the federal ones only.
    package let scope: Scope
    /// Language tag to the PDF, relative to the election's folder; at least one.
    package let files: [String: String]

    /// A style with these parts.
    package init(id: StyleID, name: String, precincts: [String], party: String, scope: Scope, files: [String: String]) {
        self.id = id
        self.name = name
        self.precincts = precincts
        self.party = party
        self.scope = scope
        self.files = files
    }

    /// The first of these languages that the style has: hand it `ElectionDefinition.languages(preferring:)`.
    package func language(among languages: [String]) -> String? { languages.first { files[$0] != nil } }
}

/// `styles.csv`: which PDF is whose ballot.
package enum StyleSheet {
    /// The columns that must be there; `name`, `party`, `scope` and `language` may be left out.
    static let required = ["style", "precincts", "file"]
    static let optional = ["name", "party", "scope", "language"]

    /// Reads the styles in the order of the file.
    ///
    /// `languages` are the election's; an empty cell means the first. Throws all problems at once: rows of one style that disagree, a
    /// precinct claimed by two styles of one party and scope, a file name that leaves `ballots/`, unknown languages, bad ids.
    package static func read(_ bytes: [UInt8], file: String, languages: [String]) throws(Problems) -> [BallotStyle] {
        let table = try CSV.parse(bytes, file: file)
        let columns = try table.columns(required: required, optional: optional)
        var reading = StyleReading(file: file, languages: languages, problems: table.refused.map(\.problem))
        for row in table.rows { reading.add(row, columns) }
        reading.findDoubleClaims()
        if reading.styles.isEmpty && reading.problems.isEmpty {
            reading.problems.append(Problem(file: file, what: "there is no ballot style in the file"))
        }
        guard reading.problems.isEmpty else { throw Problems(reading.problems.sorted { ($0.line ?? 0) < ($1.line ?? 0) }) }
        return reading.styles
    }
}

private struct StyleReading {
    let file: String
    let languages: [String]
    var problems: [Problem]
    var styles: [BallotStyle] = []
    private var positions: [StyleID: Int] = [:]
    private var lines: [StyleID: Int] = [:]
    private var filesSeen: [String: String] = [:]

    init(file: String, languages: [String], problems: [Problem]) {
        self.file = file
        self.languages = languages
        self.problems = problems
    }

    mutating func report(_ line: Int, _ column: String, _ what: String, _ hint: String = "") {
        problems.append(Problem(file: file, line: line, column: column, what: what, hint: hint))
    }

    mutating func add(_ row: CSVRow, _ columns: CSVColumns) {
        func cell(_ name: String) -> String { columns.cell(name, in: row) }
        for column in StyleSheet.required + StyleSheet.optional where cell(column).unicodeScalars.contains(where: Printable.isUnsafe) {
            report(
                row.line, column, "\(Printable.quote(cell(column))) has control or direction-changing characters",
                "Type the value again by hand.")
            return
        }
        let before = problems.count
        let style = cell("style")
        if !style.isPlainIdentifier {
            report(row.line, "style", "\(Printable.quote(style)) is not an id for a style", "Use 1 to 64 letters, digits, _ and -.")
        }
        let precincts = cell("precincts").split(separator: ";").map { trimmed(String($0)) }.filter { !$0.isEmpty }
        if precincts.isEmpty { report(row.line, "precincts", "no precinct is named", "Separate several with ;.") }
        if Set(precincts).count < precincts.count { report(row.line, "precincts", "a precinct is named twice in this row") }
        let scope = cell("scope").isEmpty ? Scope.full : Scope(rawValue: cell("scope").lowercased())
        if scope == nil { report(row.line, "scope", "\(Printable.quote(cell("scope"))) is not known", "Write full or federal.") }
        let language = cell("language").isEmpty ? languages.first ?? "" : cell("language")
        if !languages.contains(language) {
            report(
                row.line, "language", "\(Printable.quote(language)) is not one of the election's languages",
                "The election has \(languages.joined(separator: ", ")): add it to languages in election.yaml, or correct it here.")
        }
        let path = cell("file")
        if !isBallotFile(path) {
            report(
                row.line, "file", "\(Printable.quote(path)) is not a ballot's file",
                "Write ballots/NAME.pdf; the name has only letters, digits, _ and -.")
        } else if let other = filesSeen.updateValue(style, forKey: path), other != style {
            // A bilingual PDF may serve two languages of a style; two styles with one ballot are a slip of copy and paste.
            report(
                row.line, "file", "\(Printable.quote(path)) is already the ballot of style \(Printable.quote(other))",
                "Each style has its own PDF.")
        }
        guard problems.count == before, let scope else { return }
        let name = cell("name").isEmpty ? style : cell("name")
        merge(
            BallotStyle(id: StyleID(style), name: name, precincts: precincts, party: cell("party"), scope: scope, files: [language: path]),
            row.line, language)
    }

    private mutating func merge(_ style: BallotStyle, _ line: Int, _ language: String) {
        guard let position = positions[style.id] else {
            positions[style.id] = styles.count
            lines[style.id] = line
            styles.append(style)
            return
        }
        let known = styles[position]
        let first = "line \(lines[style.id] ?? 0)"
        func disagree(_ column: String) -> Problem {
            Problem(
                file: file, line: line, column: column, what: "the rows of style \(style.id) disagree: \(first) has another \(column)",
                hint: "Rows of one style differ in language and file only.")
        }
        if Set(known.precincts) != Set(style.precincts) { problems.append(disagree("precincts")) }
        if known.party != style.party { problems.append(disagree("party")) }
        if known.scope != style.scope { problems.append(disagree("scope")) }
        if known.files[language] != nil {
            report(
                line, "language", "style \(style.id) has two files in \(language)",
                "One PDF for each style and language; \(first) is the other.")
        }
        styles[position] = BallotStyle(
            id: known.id, name: known.name, precincts: known.precincts, party: known.party, scope: known.scope,
            files: known.files.merging(style.files) { kept, _ in kept })
    }

    mutating func findDoubleClaims() {
        struct Claim: Hashable { let precinct: String, party: String, scope: Scope }
        var claims: [Claim: StyleID] = [:]
        for style in styles {
            for precinct in style.precincts {
                let claim = Claim(precinct: precinct, party: style.party, scope: style.scope)
                guard let other = claims.updateValue(style.id, forKey: claim) else { continue }
                let party = style.party.isEmpty ? "" : ", party \(Printable.quote(style.party))"
                report(
                    lines[style.id] ?? 1, "precincts",
                    "the precinct \(Printable.quote(precinct)) has two \(style.scope.rawValue) styles\(party): \(other) and \(style.id)",
                    "Nobody could say which ballot its voters get: keep it in one of them.")
            }
        }
    }

    private func isBallotFile(_ path: String) -> Bool {
        guard path.hasPrefix("ballots/"), path.hasSuffix(".pdf") else { return false }
        return String(path.dropFirst("ballots/".count).dropLast(".pdf".count)).isPlainIdentifier
    }
}
