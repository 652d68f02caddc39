import ArgumentParser
import Elections
import Foundation
import Office

/// The two streams: data to stdout, everything for a person's eyes beside it to stderr.
enum Output {
    /// Writes data to stdout.
    ///
    /// A reader that hung up has seen enough: what is left is dropped, and the command ends as if it had been read.
    ///
    /// - Throws: ``OfficeError`` `cannotWrite`: a full disk behind `> file`.
    static func data(_ text: String) throws {
        let failure = write(Array(text.utf8), to: STDOUT_FILENO)
        guard failure == 0 || failure == EPIPE else {
            throw OfficeError(
                .cannotWrite, "The output cannot be written (\(String(cString: strerror(failure)))).", hint: "Is the disk full?")
        }
    }

    /// Writes lines to stderr, wrapped where a person reads them; what cannot be written there cannot be told either.
    static func note(_ lines: [String]) {
        let width = Terminal.isTerminal(STDERR_FILENO) ? Terminal.width(STDERR_FILENO) : Int.max
        let text = lines.map { wrap($0, width: width) + "\n" }.joined()
        _ = write(Array(text.utf8), to: STDERR_FILENO)
    }

    /// Writes one line to stderr.
    static func note(_ line: String) { note([line]) }

    /// Writes bytes to stderr as they are.
    static func raw(_ text: String) { _ = write(Array(text.utf8), to: STDERR_FILENO) }

    /// Text in lines of at most so many columns, broken between words; lines after the first are indented as the first is, and two more.
    /// A command at its end goes on a line of its own, where it can be copied whole.
    static func wrap(_ text: String, width: Int) -> String {
        guard TextWidth.of(text) > width else { return text }
        let margin = String(text.prefix { $0 == " " })
        if let command = text.range(of: ": uocava ") {
            return wrap("\(text[..<command.lowerBound]):", width: width) + "\n\(margin)  \(text[command.lowerBound...].dropFirst(2))"
        }
        var lines: [String] = []
        var line = margin
        for word in text.split(separator: " ") {
            if line.count > margin.count, TextWidth.of(line) + 1 + TextWidth.of(String(word)) > width {
                lines.append(line)
                line = margin + "  " + word
            } else {
                line += line == margin ? String(word) : " " + word
            }
        }
        lines.append(line)
        return lines.joined(separator: "\n")
    }

    /// 0, or the error number.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 {
                if errno == EINTR { continue }
                return errno
            }
            rest = rest.dropFirst(written)
        }
        return 0
    }
}

/// The forms in which a command prints its data.
enum Format: String, ExpressibleByArgument, CaseIterable {
    /// For people: aligned columns.
    case table
    /// For scripts: one document, one line.
    case json
    /// For spreadsheets: with a header, formulas defused.
    case csv
}

/// What a command found, in every form that may be asked for.
struct Report {
    /// The document of `--format json`.
    let json: JSONValue
    /// The rows of `--format csv`, and of the table unless `sheet` is given.
    let table: ReportTable
    /// The rows as people see them, where that is more or less than a spreadsheet needs.
    var sheet: ReportTable?
    /// What a person is told below the table, line by line.
    var foot: [String] = []
    /// What a person is told in place of a table without rows.
    var nothing = "Nothing."

    /// Prints it.
    func show(as format: Format) throws {
        switch format {
        case .json: try Output.data(json.text + "\n")
        case .csv: try Output.data(table.csv)
        case .table:
            let width = Terminal.isTerminal(STDOUT_FILENO) ? Terminal.width(STDOUT_FILENO) : Terminal.standardWidth
            let rows = sheet ?? table
            var text = rows.rows.isEmpty ? Printable.escape(nothing) + "\n" : rows.table(width: width)
            if !foot.isEmpty { text += "\n" + foot.map { Output.wrap(Printable.escape($0), width: width) + "\n" }.joined() }
            try Output.data(text)
        }
    }
}
