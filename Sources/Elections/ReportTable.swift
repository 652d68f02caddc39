/// Rows for a person or a program: the same data as an aligned table, CSV or JSON.
package struct ReportTable: Sendable, Equatable {
    /// The names of the columns, in snake case; they are the keys of `json`.
    package let columns: [String]
    /// The rows; a short one counts as having nulls at its end.
    package let rows: [[JSONValue]]

    /// A table of these rows.
    package init(columns: [String], rows: [[JSONValue]]) {
        self.columns = columns
        self.rows = rows
    }

    /// An array of objects, one a row.
    package var json: JSONValue {
        .array(
            rows.map { row in
                .object(
                    Dictionary(columns.enumerated().map { ($1, $0 < row.count ? row[$0] : .null) }, uniquingKeysWith: { _, last in last }))
            })
    }

    /// CSV with a header; texts that a spreadsheet would take for a formula are defused, numbers are not. Lists and objects are JSON.
    package var csv: String {
        var bytes: [UInt8] = []
        for (index, column) in columns.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            CSVText.append(cell: column, to: &bytes)
        }
        bytes.append(0x0A)
        for row in rows {
            for index in columns.indices {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                let value = index < row.count ? row[index] : .null
                CSVText.append(cell: ReportTable.cell(value), defuse: value.integerValue == nil, to: &bytes)
            }
            bytes.append(0x0A)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The table for a terminal of so many columns, every line ended: header, rule, rows; numbers to the right.
    ///
    /// Columns that do not fit are made narrower, the widest first, and their cells go on over several lines, broken between words where there
    /// are any; nothing is cut off. Control and direction-changing characters are escaped. Empty without columns.
    package func table(width: Int = 80) -> String {
        guard !columns.isEmpty else { return "" }
        let cells = rows.map { row in columns.indices.map { Printable.escape(ReportTable.cell($0 < row.count ? row[$0] : .null)) } }
        let widths = widths(cells, within: max(width, columns.count * 3))
        let right = columns.indices.map { column in
            !rows.isEmpty && rows.allSatisfy { row in column >= row.count || row[column].integerValue != nil || row[column].isNull }
        }
        var text = ""
        append(columns, widths, right, to: &text)
        text += widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ") + "\n"
        for row in cells { append(row, widths, right, to: &text) }
        return text
    }

    private static func cell(_ value: JSONValue) -> String {
        switch value {
        case .null: ""
        case .bool(let flag): flag ? "yes" : "no"
        case .integer(let number): String(number)
        case .string(let text): text
        case .array, .object: value.text
        }
    }

    private func widths(_ cells: [[String]], within limit: Int) -> [Int] {
        var widths = columns.map(TextWidth.of)
        for row in cells {
            for (column, cell) in row.enumerated() { widths[column] = max(widths[column], TextWidth.of(cell)) }
        }
        let room = limit - 2 * (columns.count - 1)
        while widths.reduce(0, +) > room, let widest = widths.indices.max(by: { widths[$0] < widths[$1] }), widths[widest] > 2 {
            widths[widest] -= 1
        }
        return widths.map { max($0, 1) }
    }

    private func append(_ cells: [String], _ widths: [Int], _ right: [Bool], to text: inout String) {
        let pieces = cells.enumerated().map { ReportTable.wrap($1, widths[$0]) }
        for line in 0..<(pieces.map(\.count).max() ?? 1) {
            var row = ""
            for (column, piece) in pieces.enumerated() {
                if column > 0 { row += "  " }
                let part = line < piece.count ? piece[line] : ""
                let space = String(repeating: " ", count: max(0, widths[column] - TextWidth.of(part)))
                row += right[column] ? space + part : part + space
            }
            while row.last == " " { row.removeLast() }
            text += row + "\n"
        }
    }

    /// Where a word that is too long is broken: at its last mark, so that one still reads `ann.smith` and `@example.org`; otherwise at its end.
    private static func breakingPlace(in line: String) -> String.Index {
        guard let mark = line.lastIndex(where: { "@./-_".contains($0) }), mark > line.startIndex else { return line.endIndex }
        return line[mark] == "@" ? mark : line.index(after: mark)
    }

    /// The text in lines of at most so many columns.
    private static func wrap(_ text: String, _ width: Int) -> [String] {
        if TextWidth.of(text) <= width { return [text] }
        var lines: [String] = []
        var line = ""
        var used = 0
        for word in text.split(separator: " ", omittingEmptySubsequences: true) {
            let length = TextWidth.of(String(word))
            if used > 0, used + 1 + length <= width {
                line += " " + word
                used += 1 + length
                continue
            }
            if used > 0 {
                lines.append(line)
                line = ""
                used = 0
            }
            for character in word {
                let columns = TextWidth.of(character)
                if used + columns > width, used > 0 {
                    let end = breakingPlace(in: line)
                    lines.append(String(line[..<end]))
                    line = String(line[end...])
                    used = TextWidth.of(line)
                }
                line.append(character)
                used += columns
            }
        }
        lines.append(line)
        return lines
    }
}
