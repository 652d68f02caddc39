/// Comma-separated values as RFC 4180 has them, read from bytes.
package enum CSV {
    /// Reads a table with a header: UTF-8 with or without a byte order mark, commas, lines that end in CR LF, LF or CR.
    ///
    /// Troubles of the file as a whole are thrown, all at once: an empty file, a PDF or a workbook, UTF-16, other encodings (with the line), NUL bytes, other
    /// separators, an open quote, header cells that are empty or doubled, a header that fits none of several rows. Single rows with too few or
    /// too many fields, or with text after a closing quote, are in `refused` of the table, so that the caller may go on with the others. Blank
    /// lines are skipped, and so are rows whose cells are all empty: spreadsheets write them below the last one. Cells are given without the spaces around them. A table without rows is no problem here.
    package static func parse(_ bytes: [UInt8], file: String) throws(Problems) -> CSVTable {
        guard !bytes.isEmpty else {
            throw Problems(Problem(file: file, what: "the file is empty", hint: "Export it again; the first line must name the columns."))
        }
        if let problem = otherKind(bytes, file: file) { throw Problems(problem) }
        if let encoding = wideEncoding(bytes) {
            throw Problems(Problem(file: file, line: 1, what: "the file is in \(encoding), not UTF-8", hint: saveHint))
        }
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var problems: [Problem] = []
        if let bad = UTF8Check.firstInvalid(in: bytes[start...]) {
            problems.append(
                Problem(
                    file: file, line: lineNumber(of: bad, in: bytes),
                    what: "the file is not UTF-8: byte \(hex(bytes[bad])) stands where a letter should be, as in Windows-1252",
                    hint: saveHint))
        }
        if let zero = bytes.firstIndex(of: 0) {
            problems.append(Problem(file: file, line: lineNumber(of: zero, in: bytes), what: "the file holds a NUL byte", hint: saveHint))
        }
        if let separator = otherSeparator(in: bytes[start...]) {
            problems.append(Problem(file: file, line: 1, what: "the columns are separated by \(separator), not by commas", hint: saveHint))
        }
        guard problems.isEmpty else { throw Problems(problems) }
        var scanner = CSVScanner(bytes: bytes, index: start)
        return try scanner.table(file: file)
    }

    static let saveHint = "Save it from the spreadsheet as \"CSV UTF-8 (comma delimited)\"."

    /// What is said of a file that is no text at all; nil where it may be some.
    private static func otherKind(_ bytes: [UInt8], file: String) -> Problem? {
        if bytes.starts(with: "%PDF-".utf8) {
            return Problem(
                file: file, what: "this is a PDF, not a list",
                hint: "Export the list itself as CSV UTF-8 from the program that printed it.")
        }
        // A .xlsx is a ZIP; the older .xls begins like every file of the Office of its time.
        let isOld = bytes.starts(with: [0xD0, 0xCF, 0x11, 0xE0])
        guard isOld || bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) else { return nil }
        return Problem(file: file, what: "this is an Excel workbook\(isOld ? "" : " or another ZIP file"), not CSV", hint: saveHint)
    }

    private static func wideEncoding(_ bytes: [UInt8]) -> String? {
        if bytes.starts(with: [0xFF, 0xFE, 0, 0]) || bytes.starts(with: [0, 0, 0xFE, 0xFF]) { return "UTF-32" }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return "UTF-16 (\"Unicode Text\")" }
        // Without a mark: in Latin text every other byte is zero.
        let sample = bytes.prefix(200)
        guard sample.count >= 4 else { return nil }
        let zeros = sample.enumerated().filter { $0.element == 0 }
        let even = zeros.count(where: { $0.offset % 2 == 0 })
        let half = sample.count / 2
        return max(even, zeros.count - even) * 4 >= half * 3 ? "UTF-16 (\"Unicode Text\")" : nil
    }

    /// The name of a separator that the header uses instead of commas.
    private static func otherSeparator(in bytes: ArraySlice<UInt8>) -> String? {
        var quoted = false
        var counts: [UInt8: Int] = [:]
        for byte in bytes {
            if byte == UInt8(ascii: "\"") { quoted.toggle() }
            if quoted { continue }
            if byte == 0x0A || byte == 0x0D { break }
            counts[byte, default: 0] += 1
        }
        let names = [(UInt8(ascii: "\t"), "tabs"), (UInt8(ascii: ";"), "semicolons"), (UInt8(ascii: "|"), "pipes (|)")]
        let commas = counts[UInt8(ascii: ",")] ?? 0
        guard let most = names.max(by: { counts[$0.0] ?? 0 < counts[$1.0] ?? 0 }), let count = counts[most.0], count > commas else {
            return nil
        }
        return most.1
    }

    /// The line, from 1, on which the byte stands.
    private static func lineNumber(of position: Int, in bytes: [UInt8]) -> Int {
        var line = 1
        for index in 0..<position where bytes[index] == 0x0A || bytes[index] == 0x0D && bytes[index + 1] != 0x0A { line += 1 }
        return line
    }

    private static func hex(_ byte: UInt8) -> String { "0x" + String(byte, radix: 16, uppercase: true) }
}

/// A table read from CSV: the header, the rows that have as many fields, and those that do not.
package struct CSVTable: Sendable {
    /// The file's name, for problems.
    package let file: String
    /// The column names in the order of the file.
    package let header: [String]
    /// The rows with exactly as many fields as the header.
    package let rows: CSVRows
    /// The others.
    package let refused: [CSVRefusedRow]

    /// Looks up columns by name. Throws, all at once and each once, columns that are missing and columns that nobody knows, with the nearest
    /// known name. Where none of several required ones is there, nor one like it, that is the one problem: the first line is a row.
    package func columns(required: [String], optional: [String]) throws(Problems) -> CSVColumns {
        let known = required + optional
        // A cell may well be a column's name by chance: "email" is a preference. All the required ones are not missing by chance.
        guard required.count < 2 || header.contains(where: { Nearest.to($0, among: required) != nil }) else {
            throw Problems(
                Problem(
                    file: file, line: 1, what: "this line does not name the columns",
                    hint: "The first line must have the names \(required.joined(separator: ",")), and others as needed."))
        }
        var missing = required.filter { !header.contains($0) }
        var problems: [Problem] = []
        var listed = false
        for name in header where !known.contains(name) {
            let nearest = Nearest.to(name, among: known.filter { !header.contains($0) }) ?? Nearest.to(name, among: known)
            // The misspelt column and the one that is missing are one mistake.
            missing.removeAll { $0 == nearest }
            var hint = "Leave it out, or correct its name."
            if let nearest {
                hint = "Did you mean \"\(nearest)\"?"
            } else if !listed {
                // Thirty names once, not beside every column.
                hint = "Known are \(known.joined(separator: ", ")). Leave out what is not among them."
                listed = true
            }
            problems.append(
                Problem(file: file, line: 1, column: Printable.escape(name), what: "there is no column of this name", hint: hint))
        }
        for name in missing {
            problems.append(
                Problem(file: file, line: 1, column: name, what: "the column is missing", hint: "The first line of the file must name it."))
        }
        guard problems.isEmpty else { throw Problems(problems) }
        return CSVColumns(positions: Dictionary(header.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first }))
    }
}

/// Where each column of a table stands.
package struct CSVColumns: Sendable {
    private let positions: [String: Int]

    fileprivate init(positions: [String: Int]) { self.positions = positions }

    /// The position of a column in a row's fields; nil where the file has no such column.
    package func position(_ name: String) -> Int? { positions[name] }

    /// The cell of a column; empty where the file has no such column.
    package func cell(_ name: String, in row: CSVRow) -> String { positions[name].map { row.fields[$0] } ?? "" }
}

/// A row of a table.
package struct CSVRow: Sendable, Equatable {
    /// The line on which it begins, from 1.
    package let line: Int
    /// As many fields as the header has.
    package let fields: [String]

    /// A row of these fields.
    package init(line: Int, fields: [String]) {
        self.line = line
        self.fields = fields
    }
}

/// A row that has not the header's number of fields.
package struct CSVRefusedRow: Sendable {
    /// The line on which it begins, from 1.
    package let line: Int
    /// What could be made of its fields.
    package let fields: [String]
    /// The row as it stands in the file.
    package let text: String
    /// What is wrong with it.
    package let problem: Problem
}

/// The rows of a table: made into text one at a time when asked for, so that a million voters are held as the file's bytes only.
package struct CSVRows: RandomAccessCollection, Sendable {
    fileprivate let bytes: [UInt8]
    fileprivate let places: [Place]

    fileprivate struct Place: Sendable {
        let start: Int
        let end: Int
        let line: Int
        let fields: Int
    }

    /// Always 0.
    package var startIndex: Int { 0 }
    /// The number of rows.
    package var endIndex: Int { places.count }

    /// The row, made into text now.
    package subscript(position: Int) -> CSVRow {
        let place = places[position]
        return CSVRow(line: place.line, fields: CSVRows.fields(of: place, in: bytes))
    }

    /// The row as it stands in the file, without its line end.
    package func text(at position: Int) -> String { CSVRows.text(of: places[position], in: bytes) }

    /// The line on which the row begins, from 1.
    package func line(at position: Int) -> Int { places[position].line }

    fileprivate static func text(of place: Place, in bytes: [UInt8]) -> String {
        String(decoding: bytes[place.start..<place.end], as: UTF8.self)
    }

    /// The fields without quotes and without the spaces around them. The scanner found the row well formed, or nearly so.
    fileprivate static func fields(of place: Place, in bytes: [UInt8]) -> [String] {
        var fields: [String] = []
        fields.reserveCapacity(place.fields)
        bytes.withUnsafeBufferPointer { all in
            var index = place.start
            while true {
                var first = index
                while first < place.end, all[first] == 0x20 { first += 1 }
                if first < place.end, all[first] == UInt8(ascii: "\"") {
                    var unquoted: [UInt8] = []
                    index = first + 1
                    while index < place.end {
                        if all[index] == UInt8(ascii: "\"") {
                            guard index + 1 < place.end, all[index + 1] == UInt8(ascii: "\"") else { break }
                            index += 1
                        }
                        unquoted.append(all[index])
                        index += 1
                    }
                    index += 1
                    while index < place.end, all[index] != UInt8(ascii: ",") { index += 1 }
                    fields.append(trimmed(String(decoding: unquoted, as: UTF8.self)))
                } else {
                    while index < place.end, all[index] != UInt8(ascii: ",") { index += 1 }
                    var last = index
                    while last > first, all[last - 1] == 0x20 { last -= 1 }
                    let text = first < last ? String(decoding: UnsafeBufferPointer(rebasing: all[first..<last]), as: UTF8.self) : ""
                    fields.append(text.utf8.contains(where: { $0 < 0x20 || $0 >= 0x80 }) ? trimmed(text) : text)
                }
                guard index < place.end else { return }
                index += 1
                if index == place.end {
                    fields.append("")
                    return
                }
            }
        }
        return fields
    }
}

/// The text without the white space around it, Unicode's included: cells copied from web pages carry no-break spaces.
func trimmed(_ text: String) -> String {
    func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isWhitespace || scalar == "\u{FEFF}" }
    let scalars = text.unicodeScalars
    guard let first = scalars.firstIndex(where: { !isSpace($0) }), let last = scalars.lastIndex(where: { !isSpace($0) }) else { return "" }
    return String(scalars[first...last])
}

/// Finds rows and counts fields; the text is made later.
private struct CSVScanner {
    let bytes: [UInt8]
    var index: Int
    var line = 1

    private enum Fault {
        case textAfterQuote, quoteInField
    }

    mutating func table(file: String) throws(Problems) -> CSVTable {
        var problems: [Problem] = []
        var header: [String]?
        var places: [CSVRows.Place] = []
        places.reserveCapacity(bytes.count / 200)
        var refused: [CSVRefusedRow] = []
        while index < bytes.count {
            let (place, fault, openQuote) = row()
            if place.start == place.end { continue }
            if openQuote {
                throw Problems(
                    problems + [
                        Problem(
                            file: file, line: place.line, what: "a quote is opened here and never closed",
                            hint: "Close it, or write a quote inside a cell as \"\".")
                    ])
            }
            if fault == nil, hasOnlyEmptyCells(place) { continue }
            guard let expected = header?.count else {
                let names = CSVRows.fields(of: place, in: bytes)
                header = names
                problems += CSVScanner.problems(inHeader: names, file: file, line: place.line)
                if fault != nil {
                    problems.append(
                        Problem(file: file, line: place.line, what: "the quotes of the header are not well formed", hint: CSV.saveHint))
                }
                continue
            }
            if place.fields == expected, fault == nil {
                places.append(place)
            } else {
                refused.append(
                    CSVRefusedRow(
                        line: place.line, fields: CSVRows.fields(of: place, in: bytes), text: CSVRows.text(of: place, in: bytes),
                        problem: CSVScanner.problem(file: file, place: place, expected: expected, fault: fault)))
            }
        }
        guard let header else {
            throw Problems(Problem(file: file, what: "the file has no header", hint: "The first line must name the columns."))
        }
        if problems.isEmpty, places.isEmpty, refused.count > 1, let problem = misfit(header, refused, file: file) {
            problems.append(problem)
        }
        guard problems.isEmpty else { throw Problems(problems) }
        return CSVTable(file: file, header: header, rows: CSVRows(bytes: bytes, places: places), refused: refused)
    }

    /// The one problem of a header that names more or fewer columns than every row has: a name or a comma is missing in it, not in them.
    private func misfit(_ header: [String], _ refused: [CSVRefusedRow], file: String) -> Problem? {
        let counts = Set(refused.map(\.fields.count))
        guard counts.count == 1, let cells = counts.first, cells != header.count else { return nil }
        return Problem(
            file: file, line: 1, what: "the header names \(header.count) columns, and all \(refused.count) rows have \(cells) cells",
            hint: cells > header.count
                ? "Name every column in the first line, or delete those without a name."
                : "Delete the names of columns that are not in the file, and export it again.")
    }

    /// Whether nothing stands in any cell. Nearly every row is told by its first byte; only what may be white space is made into text.
    private func hasOnlyEmptyCells(_ place: CSVRows.Place) -> Bool {
        func mayBeEmpty(_ byte: UInt8) -> Bool { byte <= 0x20 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte >= 0x80 }
        return bytes[place.start..<place.end].allSatisfy(mayBeEmpty) && CSVRows.fields(of: place, in: bytes).allSatisfy(\.isEmpty)
    }

    private static func problems(inHeader names: [String], file: String, line: Int) -> [Problem] {
        var seen: Set<String> = []
        var reported: Set<String> = []
        var problems: [Problem] = []
        for name in names where !name.isEmpty && !seen.insert(name).inserted && reported.insert(name).inserted {
            problems.append(
                Problem(
                    file: file, line: line, column: Printable.escape(name), what: "the column is there twice", hint: "Keep one of the two.")
            )
        }
        let nameless = names.indices.filter { names[$0].isEmpty }.map { String($0 + 1) }
        if nameless.count == 1 {
            problems.append(
                Problem(file: file, line: line, what: "column \(nameless[0]) has no name", hint: "Name it, or delete the empty column."))
        } else if !nameless.isEmpty {
            problems.append(
                Problem(
                    file: file, line: line, what: "columns \(nameless.joined(separator: ", ")) have no name",
                    hint: "Name them, or delete the empty columns. The first line of the file must be the one with the names."))
        }
        return problems
    }

    private static func problem(file: String, place: CSVRows.Place, expected: Int, fault: Fault?) -> Problem {
        switch fault {
        case .textAfterQuote:
            Problem(file: file, line: place.line, what: "there is text after a closing quote", hint: "Write a quote inside a cell as \"\".")
        case .quoteInField:
            Problem(
                file: file, line: place.line, what: "a quote stands inside a cell that is not quoted",
                hint: "Put the cell in quotes and write the quote as \"\".")
        case nil:
            Problem(
                file: file, line: place.line, what: "the row has \(place.fields) of \(expected) fields",
                hint: place.fields < expected
                    ? "Rows of totals and notes do not belong into the file; otherwise give the missing cells."
                    : "Put cells that hold a comma in quotes.")
        }
    }

    /// Reads to the end of the row and past its line end.
    private mutating func row() -> (place: CSVRows.Place, fault: Fault?, openQuote: Bool) {
        let start = index
        let firstLine = line
        var fields = 1
        var fault: Fault?
        var openQuote = false
        var end = bytes.count
        var position = index
        var lines = 0
        let count = bytes.count
        bytes.withUnsafeBufferPointer { all in
            var atFieldStart = true
            while position < count {
                let byte = all[position]
                if byte == UInt8(ascii: ",") {
                    fields += 1
                    atFieldStart = true
                    position += 1
                } else if byte == 0x0A || byte == 0x0D {
                    end = position
                    position += byte == 0x0D && position + 1 < count && all[position + 1] == 0x0A ? 2 : 1
                    lines += 1
                    return
                } else if byte == UInt8(ascii: "\""), atFieldStart {
                    position += 1
                    openQuote = true
                    while position < count {
                        let inner = all[position]
                        position += 1
                        if inner == UInt8(ascii: "\"") {
                            guard position < count, all[position] == UInt8(ascii: "\"") else {
                                openQuote = false
                                break
                            }
                            position += 1
                        } else if inner == 0x0A || inner == 0x0D && !(position < count && all[position] == 0x0A) {
                            lines += 1
                        }
                    }
                    while position < count, all[position] == 0x20 { position += 1 }
                    if position < count, all[position] != UInt8(ascii: ","), all[position] != 0x0A, all[position] != 0x0D {
                        fault = .textAfterQuote
                    }
                    atFieldStart = false
                } else {
                    if byte == UInt8(ascii: "\""), fault == nil { fault = .quoteInField }
                    if byte != 0x20 { atFieldStart = false }
                    position += 1
                }
            }
            end = count
        }
        index = position
        line += lines
        return (CSVRows.Place(start: start, end: end, line: firstLine, fields: fields), fault, openQuote)
    }
}
