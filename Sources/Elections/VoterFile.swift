import Foundation

/// A voter of `voters.csv` that may go on the roll.
package struct VoterFileRow: Sendable {
    /// The line in the file, from 1.
    package let line: Int
    /// The voter.
    package let record: VoterRecord
    /// What somebody should look at, though the row is taken.
    package let warnings: [Problem]
}

/// A row of `voters.csv` that may not.
package struct RefusedRow: Sendable {
    /// The line in the file, from 1.
    package let line: Int
    /// The voter's number, where it can be read.
    package let voterID: VoterID?
    /// The row as it stands in the file; personal data.
    package let text: String
    /// Why; at least one.
    package let problems: [Problem]
}

/// `voters.csv`, read and checked.
package struct VoterFile: Sendable {
    /// The good rows in the order of the file.
    package let rows: [VoterFileRow]
    /// The others in the order of the file. Without `--hold-refused` one of them stops the import.
    package let refused: [RefusedRow]
    /// The warnings of all good rows.
    package let warnings: [Problem]

    /// Reads the roll as an office exports it.
    ///
    /// Throws what makes the whole file unusable: encoding, separators, columns that are missing or unknown, no rows. What is wrong with single
    /// rows is in `refused`: malformed or missing values, control and direction-changing characters, names over 100 and other cells over 200
    /// characters, bad e-mail addresses, a number that stands in the file twice (both rows), a request dated more than one day after `today`.
    /// Good rows whose ballot style cannot be told, or whose language or country is unknown, have warnings. Text is normalised to NFC.
    package static func read(
        _ bytes: [UInt8], file: String, today: CivilDate, styles: StyleResolver, languages: [String], federalOnly: Set<VoterClass> = []
    ) throws(Problems) -> VoterFile {
        let table = try CSV.parse(bytes, file: file)
        let columns = try table.columns(
            required: VoterRecord.Field.required.map(\.rawValue),
            optional: VoterRecord.Field.allCases.filter { !VoterRecord.Field.required.contains($0) }.map(\.rawValue))
        guard !table.rows.isEmpty || !table.refused.isEmpty else {
            throw Problems(
                Problem(file: file, what: "there is no voter in the file, only the header", hint: "Export it again with its rows."))
        }
        let reading = VoterRowReading(
            file: file, today: today, styles: styles, languages: languages, federalOnly: federalOnly, columns: columns)
        var rows: [VoterFileRow] = []
        rows.reserveCapacity(table.rows.count)
        var refused: [RefusedRow] = []
        var linesOfNumber: [VoterID: [Int]] = [:]
        linesOfNumber.reserveCapacity(table.rows.count)
        for position in table.rows.indices {
            let row = table.rows[position]
            let number = reading.number(in: row.fields)
            if let number { linesOfNumber[number, default: []].append(row.line) }
            switch reading.read(row) {
            case .success(let good): rows.append(good)
            case .failure(let problems):
                refused.append(RefusedRow(line: row.line, voterID: number, text: table.rows.text(at: position), problems: problems.all))
            }
        }
        for row in table.refused {
            let number = reading.number(in: row.fields)
            if let number { linesOfNumber[number, default: []].append(row.line) }
            refused.append(RefusedRow(line: row.line, voterID: number, text: row.text, problems: [row.problem]))
        }
        refuseDoubled(linesOfNumber.filter { $0.value.count > 1 }, file: file, table: table, rows: &rows, refused: &refused)
        refused.sort { $0.line < $1.line }
        return VoterFile(rows: rows, refused: refused, warnings: rows.flatMap(\.warnings))
    }

    /// Nobody can say which of two rows of one number is right: neither is taken.
    private static func refuseDoubled(
        _ doubled: [VoterID: [Int]], file: String, table: CSVTable, rows: inout [VoterFileRow], refused: inout [RefusedRow]
    ) {
        guard !doubled.isEmpty else { return }
        func problem(_ number: VoterID, _ lines: [Int], line: Int) -> Problem {
            let list = lines.sorted().prefix(5).map(String.init).joined(separator: ", ")
            return Problem(
                file: file, line: line, column: VoterRecord.Field.voterID.rawValue,
                what: "\(Printable.quote(number.text)) is in the file \(lines.count) times: lines \(list)\(lines.count > 5 ? ", …" : "")",
                hint: "Each voter has one number and one row: correct the number, or keep the row that is right.")
        }
        refused = refused.map { row in
            guard let number = row.voterID, let lines = doubled[number] else { return row }
            return RefusedRow(
                line: row.line, voterID: number, text: row.text, problems: row.problems + [problem(number, lines, line: row.line)])
        }
        var texts: [Int: String] = [:]
        let wanted = Set(doubled.values.joined())
        for position in table.rows.indices where wanted.contains(table.rows.line(at: position)) {
            texts[table.rows.line(at: position)] = table.rows.text(at: position)
        }
        for row in rows {
            guard let lines = doubled[row.record.voterID] else { continue }
            refused.append(
                RefusedRow(
                    line: row.line, voterID: row.record.voterID, text: texts[row.line] ?? "",
                    problems: [problem(row.record.voterID, lines, line: row.line)]))
        }
        rows.removeAll { doubled[$0.record.voterID] != nil }
    }
}

/// Turns one row's cells into a record, or into all that is wrong with them.
private struct VoterRowReading {
    typealias Field = VoterRecord.Field

    let file: String
    let today: CivilDate
    let styles: StyleResolver
    let languages: [String]
    let federalOnly: Set<VoterClass>
    /// The position of each column in the row, in the order of `Field.allCases`; -1 where the file has none.
    private let positions: [Field: Int]

    init(file: String, today: CivilDate, styles: StyleResolver, languages: [String], federalOnly: Set<VoterClass>, columns: CSVColumns) {
        self.file = file
        self.today = today
        self.styles = styles
        self.languages = languages
        self.federalOnly = federalOnly
        positions = Field.allCases.reduce(into: [:]) { positions, field in positions[field] = columns.position(field.rawValue) }
    }

    /// The voter's number in a row that may be short; nil where it is missing or could not be shown.
    func number(in fields: [String]) -> VoterID? {
        guard let position = positions[.voterID], position < fields.count else { return nil }
        let text = fields[position]
        guard !text.isEmpty, text.utf8.count <= 200, !text.unicodeScalars.contains(where: Printable.isUnsafe) else { return nil }
        // A number that only looks like another's is refused, and it is that other voter whose row is held back meanwhile.
        let number = VoterID.plain(text)
        return number.isEmpty ? nil : VoterID(number)
    }

    func read(_ row: CSVRow) -> Result<VoterFileRow, Problems> {
        var cells = Cells(file: file, row: row, positions: positions)
        let voterID = VoterID(cells.text(.voterID, limit: 64))
        if !cells.isRefused(.voterID), let fault = VoterID.fault(in: voterID.text) {
            cells.refuse(.voterID, voterID.text, fault.what, fault.hint)
        }
        let lastName = cells.text(.lastName, limit: 100)
        let firstName = cells.text(.firstName, limit: 100)
        let middleName = cells.text(.middleName, limit: 100)
        let suffix = cells.text(.suffix, limit: 100)
        let birth = cells.date(.dateOfBirth)
        if let birth, birth >= today || birth < VoterRowReading.earliestBirth {
            cells.refuse(.dateOfBirth, birth.description, birth >= today ? "is not in the past" : "is before 1900", "Check the year.")
        }
        let email = cells.text(.email, limit: 254)
        if !email.isEmpty, !cells.isRefused(.email), let fault = EmailAddress.fault(in: email) {
            cells.refuse(.email, email, "is not an e-mail address: \(fault)", "Correct it, or leave the cell empty.")
        }
        let phone = cells.text(.phone)
        let precinct = cells.text(.precinct)
        let party = cells.text(.party)
        let voterClass: VoterClass? = cells.word(.voterClass)
        let location: Location? = cells.word(.location)
        let form: RequestForm? = cells.word(.requestForm)
        let method: RequestMethod? = cells.word(.requestMethod)
        let requestDate = cells.date(.requestDate)
        // One day of grace: an office west of the server may already write tomorrow.
        if let requestDate, requestDate > today.adding(days: 1) {
            cells.refuse(
                .requestDate, requestDate.description, "is in the future", "Write the day on which the office received the request.")
        }
        let status: RequestStatus? = cells.word(.requestStatus)
        let statusReason = cells.text(.requestStatusReason)
        let validTo = cells.date(.validTo)
        let preference = cells.preference()
        let language = cells.text(.language)
        if !language.isEmpty, !cells.isRefused(.language), !ElectionDefinition.isLanguageTag(language) {
            cells.refuse(.language, language, "is not a language tag", "Write for example en, es or zh-Hant.")
        }
        let protected = cells.protected()
        let residence = VoterRecord.Residence(
            line1: cells.text(.residenceLine1), line2: cells.text(.residenceLine2), city: cells.text(.residenceCity),
            state: cells.text(.residenceState), zip: cells.text(.residenceZip))
        let mailing = [Field.mailingLine1, .mailingLine2, .mailingLine3, .mailingLine4].map { cells.text($0) }.filter { !$0.isEmpty }
        let country = cells.text(.mailingCountry)
        let style = cells.text(.ballotStyle)
        guard cells.problems.isEmpty, let birth, let voterClass, let form, let requestDate else {
            return .failure(Problems(cells.problems))
        }
        let record = VoterRecord(
            voterID: voterID, lastName: lastName, firstName: firstName, middleName: middleName, suffix: suffix, dateOfBirth: birth,
            email: email,
            phone: phone, precinct: precinct, party: party, voterClass: voterClass, location: location, form: form, method: method,
            requestDate: requestDate, status: status ?? .accepted, statusReason: statusReason, validTo: validTo, preference: preference,
            language: language, protected: protected, residence: residence, mailing: mailing, mailingCountry: country,
            ballotStyle: style.isEmpty ? nil : StyleID(style))
        return .success(VoterFileRow(line: row.line, record: record, warnings: warnings(for: record, line: row.line)))
    }

    private static let earliestBirth = CivilDate(year: 1900, month: 1, day: 1) ?? CivilDate(daysSince1970: -25_567)

    private func warnings(for record: VoterRecord, line: Int) -> [Problem] {
        var warnings: [Problem] = []
        if case .failure(let unresolved) = styles.resolve(record, scope: federalOnly.contains(record.voterClass) ? .federal : .full) {
            let field: Field =
                switch unresolved.kind {
                case .unknownParty, .noStyleForParty: .party
                case .unknownStyle, .disagrees: .ballotStyle
                case .unknownPrecinct, .noStyleOfScope, .ambiguous: .precinct
                }
            warnings.append(
                Problem(
                    file: file, line: line, column: field.rawValue, what: unresolved.reason,
                    hint: "The voter gets no ballot until this is put right."))
        }
        if !record.language.isEmpty, ElectionDefinition.place(of: record.language, among: languages) == nil {
            let first = languages.first ?? "another language"
            warnings.append(
                Problem(
                    file: file, line: line, column: Field.language.rawValue,
                    what: "the election has no materials in \(Printable.quote(record.language))", hint: "The voter gets them in \(first)."))
        }
        if !record.mailingCountry.isEmpty, Countries.code(of: record.mailingCountry) == nil {
            warnings.append(
                Problem(
                    file: file, line: line, column: Field.mailingCountry.rawValue,
                    what: "the country \(Printable.quote(record.mailingCountry)) is unknown",
                    hint: "The usual time is allowed for the post; write the English short name of ISO 3166."))
        }
        return warnings
    }
}

/// Text in NFC; plain ASCII is so already.
private func normalized(_ text: String) -> String {
    text.utf8.allSatisfy { $0 < 0x80 } ? text : text.precomposedStringWithCanonicalMapping
}

/// The cells of one row, and what is wrong with them.
private struct Cells {
    typealias Field = VoterRecord.Field

    let file: String
    let row: CSVRow
    let positions: [Field: Int]
    private(set) var problems: [Problem] = []

    init(file: String, row: CSVRow, positions: [Field: Int]) {
        self.file = file
        self.row = row
        self.positions = positions
    }

    mutating func refuse(_ field: Field, _ value: String, _ what: String, _ hint: String) {
        problems.append(Problem(file: file, line: row.line, column: field.rawValue, what: "\(Printable.quote(value)) \(what)", hint: hint))
    }

    func isRefused(_ field: Field) -> Bool { problems.contains { $0.column == field.rawValue } }

    /// The cell, checked for what no cell may hold, in NFC.
    mutating func text(_ field: Field, limit: Int = 200) -> String {
        guard let position = positions[field] else { return "" }
        let cell = row.fields[position]
        if cell.isEmpty {
            if Field.required.contains(field) {
                problems.append(
                    Problem(
                        file: file, line: row.line, column: field.rawValue, what: "the cell is empty", hint: "Every voter must have one."))
            }
            return cell
        }
        let isPlain = cell.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
        if !isPlain, cell.unicodeScalars.contains(where: Printable.isUnsafe) {
            refuse(field, cell, "holds a line end, control or direction-changing character", "Type the value again by hand.")
            return cell
        }
        if cell.utf8.count > limit, cell.count > limit {
            refuse(field, cell, "is longer than \(limit) characters", "Shorten it.")
            return cell
        }
        return isPlain ? cell : normalized(cell)
    }

    mutating func date(_ field: Field) -> CivilDate? {
        let cell = text(field)
        guard !cell.isEmpty, !isRefused(field) else { return nil }
        if let date = CivilDate(cell) { return date }
        refuse(field, cell, "is not a date", "Write it as YYYY-MM-DD, for example 1980-02-28.")
        return nil
    }

    mutating func word<Word: RawRepresentable & CaseIterable>(_ field: Field) -> Word? where Word.RawValue == String {
        let cell = text(field)
        guard !cell.isEmpty, !isRefused(field) else { return nil }
        return word(cell, field)
    }

    private mutating func word<Word: RawRepresentable & CaseIterable>(_ text: String, _ field: Field) -> Word?
    where Word.RawValue == String {
        if let word = Word(rawValue: text) ?? Word(rawValue: text.lowercased()) { return word }
        let words = Word.allCases.map(\.rawValue)
        refuse(field, text, "is not known", "Write one of \(words.joined(separator: ", ")).\(Nearest.hint(text, among: words))")
        return nil
    }

    mutating func preference() -> [Preference] {
        let cell = text(.preference)
        guard !cell.isEmpty, !isRefused(.preference) else { return [] }
        var wishes: [Preference] = []
        for part in cell.split(separator: ";") {
            guard let wish: Preference = word(trimmed(String(part)), .preference) else { return wishes }
            if !wishes.contains(wish) { wishes.append(wish) }
        }
        return wishes
    }

    mutating func protected() -> Bool {
        let cell = text(.protected)
        guard !cell.isEmpty, !isRefused(.protected) else { return false }
        switch cell.lowercased() {
        case "yes": return true
        case "no": return false
        default:
            refuse(.protected, cell, "is not known", "Write yes or no.")
            return false
        }
    }
}
