import Elections
import Foundation
import Testing

@Suite("Reading and writing CSV")
struct ElectionsCSVTests {
    private func parse(_ text: String) throws -> CSVTable { try CSV.parse(Array(text.utf8), file: "list.csv") }

    /// All problems that reading throws, as text.
    private func troubles(_ bytes: [UInt8]) -> String {
        do {
            _ = try CSV.parse(bytes, file: "list.csv")
            return ""
        } catch { return error.description }
    }

    @Test("Quotes, commas, line ends and spaces are read as RFC 4180 has them, each row with its line")
    func rows() throws {
        let table = try parse("a,b,c\r\n1,\"two, \"\"2\"\"\",3\r\n\r\n\"line\nbreak\r\nand more\",  x  ,\r\n,,z\n\"\", \"q\" ,é\r4,5,6")
        #expect(table.header == ["a", "b", "c"])
        #expect(
            Array(table.rows) == [
                CSVRow(line: 2, fields: ["1", "two, \"2\"", "3"]), CSVRow(line: 4, fields: ["line\nbreak\r\nand more", "x", ""]),
                CSVRow(line: 7, fields: ["", "", "z"]), CSVRow(line: 8, fields: ["", "q", "é"]), CSVRow(line: 9, fields: ["4", "5", "6"])
            ])
        #expect(table.refused.isEmpty)
        #expect(table.rows.text(at: 0) == "1,\"two, \"\"2\"\"\",3")
    }

    @Test("A byte order mark, a missing last line end and no-break spaces do no harm")
    func marks() throws {
        let table = try parse("\u{FEFF}a,b\n\u{A0}1\u{A0},\"\u{2003}2\"")
        #expect(table.header == ["a", "b"])
        #expect(table.rows.first?.fields == ["1", "2"])
    }

    @Test("Rows with too few or too many fields are set aside with their line and what they hold")
    func ragged() throws {
        let table = try parse("a,b,c\n1,2,3\n4,5\n\"x\ny\",2,3,4\n\n , \nTOTAL,2\n7,8,9\n")
        #expect(table.rows.map(\.line) == [2, 9])
        #expect(table.refused.map(\.line) == [3, 4, 8])
        #expect(
            table.refused[0].problem.description
                == "list.csv:3: the row has 2 of 3 fields. Rows of totals and notes do not belong into the file; otherwise give the missing cells."
        )
        #expect(table.refused[1].problem.what == "the row has 4 of 3 fields")
        #expect(table.refused[1].text == "\"x\ny\",2,3,4" && table.refused[2].fields == ["TOTAL", "2"])
    }

    @Test("Rows whose cells are all empty are blank lines, as spreadsheets write them; the others keep their lines")
    func emptyRows() throws {
        let table = try parse(",,\na,b,c\n1,2,3\n,,\n \u{A0}, \"\" ,\t\n,,,,,\n4,,\n,\"\"\"\",\n\"\",,\né,é,é\n")
        #expect(table.header == ["a", "b", "c"])
        #expect(
            Array(table.rows) == [
                CSVRow(line: 3, fields: ["1", "2", "3"]), CSVRow(line: 7, fields: ["4", "", ""]), CSVRow(line: 8, fields: ["", "\"", ""]),
                CSVRow(line: 10, fields: ["é", "é", "é"])
            ])
        #expect(table.refused.isEmpty)
    }

    @Test("A PDF or a workbook is called what it is, in one problem")
    func otherKinds() {
        let pdf = troubles(Array("%PDF-1.7\n%".utf8) + [0xE2, 0xE3, 0, 0xCF] + Array("\n1;0;2\n".utf8))
        #expect(pdf.hasPrefix("list.csv: this is a PDF, not a list.") && !pdf.contains("\n"))
        let workbook = troubles([0x50, 0x4B, 0x03, 0x04, 0x14, 0, 6, 0] + Array("[Content_Types].xml".utf8) + [0x9C, 0, 0x09])
        #expect(workbook.hasPrefix("list.csv: this is an Excel workbook") && workbook.contains("CSV UTF-8") && !workbook.contains("\n"))
        let old = troubles([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1] + [UInt8](repeating: 0, count: 500))
        #expect(old.hasPrefix("list.csv: this is an Excel workbook") && old.contains("CSV UTF-8") && !old.contains("\n"))
    }

    @Test("Rows with stray quotes are set aside")
    func strayQuotes() throws {
        let table = try parse("a,b\n\"x\"y,2\nx\"y,2\n\"ok\",2\n")
        #expect(table.rows.map(\.line) == [4])
        #expect(table.refused.map(\.line) == [2, 3])
    }

    @Test("A quote that is never closed is told by the line on which its row begins")
    func openQuote() {
        #expect(troubles(Array("a,b\n1,2\n3,\"4\n5,6\n".utf8)).hasPrefix("list.csv:3: a quote is opened here and never closed."))
    }

    @Test("Files in other encodings and with other separators are refused with how to save them")
    func encodings() {
        let hint = "Save it from the spreadsheet as \"CSV UTF-8 (comma delimited)\"."
        #expect(troubles([]).hasPrefix("list.csv: the file is empty."))
        #expect(troubles(Array("\r\n\r\n".utf8)).contains("no header"))
        #expect(troubles([0xFF, 0xFE, 0x61, 0, 0x2C, 0]).contains("UTF-16") && troubles([0xFF, 0xFE, 0x61, 0, 0x2C, 0]).hasSuffix(hint))
        #expect(troubles(Array("a,b\n1,2\n".utf16.flatMap { [UInt8($0), 0] })).contains("UTF-16"))
        #expect(troubles(Array("a,b\n1,2\n".utf16.flatMap { [0, UInt8($0)] })).contains("UTF-16"))
        #expect(
            troubles(Array("a,b\r\n1,Jos".utf8) + [0xE9] + Array("\r\n".utf8)).hasPrefix("list.csv:2: the file is not UTF-8: byte 0xE9"))
        #expect(troubles(Array("a,b\n1,2\n3,\0\n".utf8)).contains("list.csv:3: the file holds a NUL byte"))
        for (separator, name) in [("\t", "tabs"), (";", "semicolons"), ("|", "pipes")] {
            let text = troubles(Array("\"a\"\(separator)b\(separator)c\n1\(separator)2\(separator)3\n".utf8))
            #expect(text.contains("separated by \(name)") && text.contains(hint))
        }
    }

    @Test("UTF-8 that is not well formed is found wherever it hides")
    func badUTF8() {
        for bad: [UInt8] in [
            [0x80], [0xC0, 0x80], [0xC3], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xE2, 0x82],
            [0xF0, 0x9F, 0x98]
        ] { #expect(troubles(Array("a\n1\n".utf8) + bad).hasPrefix("list.csv:3: the file is not UTF-8"), "\(bad)") }
        #expect(throws: Never.self) { try parse("a\n¢€𐍈\u{10FFFF}") }
    }

    @Test("Headers that are doubled, empty, unknown or missing are named, with the nearest known name")
    func headers() throws {
        #expect(
            troubles(Array("a,b,a,\n".utf8))
                == "list.csv:1: a: the column is there twice. Keep one of the two.\nlist.csv:1: column 4 has no name. Name it, or delete the empty column."
        )
        let table = try parse("voter_id,lastname,colour\n1,2,3\n")
        do {
            _ = try table.columns(required: ["voter_id", "last_name", "precinct"], optional: ["email"])
            Issue.record("an unknown column was taken")
        } catch {
            let lines = error.description.split(separator: "\n")
            #expect(lines.count == 3, "the misspelt column is one problem, not two")
            #expect(lines[0] == "list.csv:1: lastname: there is no column of this name. Did you mean \"last_name\"?")
            #expect(lines[1].hasPrefix("list.csv:1: colour: there is no column of this name. Known are"))
            #expect(lines[2].hasPrefix("list.csv:1: precinct: the column is missing"))
        }
        let columns = try parse("b,a\n1,2\n").columns(required: ["a"], optional: ["b", "c"])
        let row = CSVRow(line: 2, fields: ["1", "2"])
        #expect(columns.cell("a", in: row) == "2" && columns.cell("c", in: row) == "" && columns.position("c") == nil)
    }

    @Test("What is written is read back, and formulas are defused")
    func writing() throws {
        let text = CSVText.write(
            header: ["a", "b"],
            rows: [["x,y", "say \"hi\""], ["two\nlines", " space "], ["=1+1", "@x"], ["-1", "+2"], ["\tx", " =1"], ["'=1", "plain"]])
        #expect(
            text == "a,b\n\"x,y\",\"say \"\"hi\"\"\"\n\"two\nlines\",\" space \"\n'=1+1,'@x\n'-1,'+2\n'\tx,\"' =1\"\n'=1,plain\n")
        #expect(try parse(text).rows.map(\.fields)[0] == ["x,y", "say \"hi\""])
    }

    @Test("Random bytes never stop the reader")
    func randomBytes() {
        var state: UInt64 = 7
        let pieces = Array("\",\n\r;a é".utf8) + [0, 0xFF]
        for _ in 0..<3000 {
            var bytes: [UInt8] = []
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            for _ in 0..<(Int(state >> 58)) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes.append(pieces[Int(state >> 33) % pieces.count])
            }
            if let table = try? CSV.parse(bytes, file: "x") {
                #expect(table.rows.allSatisfy { $0.fields.count == table.header.count })
                #expect(table.refused.allSatisfy { !$0.fields.isEmpty })
            }
        }
    }
}
