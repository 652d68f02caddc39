import Foundation
import Testing

@Suite("The command line: a roll with its columns wrong", .enabled(if: TestProgram.present, "the program is not built"), .serialized)
struct CommandRollTests {
    /// A roll of thirty good rows.
    private static let roll: [[String]] =
        [
            [
                "voter_id", "last_name", "first_name", "date_of_birth", "email", "phone", "precinct", "class", "request_form",
                "request_date",
                "valid_to", "preference"
            ]
        ]
        + (1...30).map { number in
            [
                "V\(number)", "Archer", "Ann", "1980-01-01", "v\(number)@example.org", "", "P1", "active-duty", "fpca", "2026-01-05",
                "2100-12-31", "email"
            ]
        }

    private func office() throws -> CommandScript {
        let script = try CommandScript()
        try CommandOffice.write(in: script.folder)
        try script.run(
            """
            $ uocava init office --test
            $ uocava election import election
            """)
        return script
    }

    /// Imports the rows, and gives what was said without the first line and the last, which say how much and what to do.
    private func problems(_ rows: [[String]], _ script: CommandScript, _ more: String...) throws -> [String] {
        let text = rows.map { $0.joined(separator: ",") + "\n" }.joined()
        try Data(text.utf8).write(to: script.folder.appendingPathComponent("roll.csv"))
        let outcome = try script.execute(["uocava", "voters", "import", "roll.csv", "--election", "tiny", "--dry-run"] + more)
        #expect(outcome.status == 65 && outcome.out.isEmpty, "\(outcome)")
        return outcome.err.split(separator: "\n").filter { $0.hasPrefix("  ") }.map(String.init)
    }

    @Test("A column that is missing, misspelt, doubled or without its name is told once, and nothing of the rows under it")
    func columns() throws {
        let script = try office()
        defer { script.remove() }
        let roll = Self.roll
        func change(_ edit: (inout [String]) -> Void) -> [[String]] {
            var header = roll[0]
            edit(&header)
            return [header] + roll.dropFirst()
        }
        let misspelt = try problems(change { $0[6] = "precint" }, script)
        #expect(misspelt == [#"  roll.csv:1: precint: there is no column of this name. Did you mean "precinct"?"#])
        let missing = try problems(roll.map { Array($0[..<6] + $0[7...]) }, script)
        #expect(missing == ["  roll.csv:1: precinct: the column is missing. The first line of the file must name it."])
        let doubled = try problems(change { $0[4] = "phone" }, script)
        #expect(doubled == ["  roll.csv:1: phone: the column is there twice. Keep one of the two."])
        // Its name alone is missing: every row has one cell too many.
        let unnamed = try problems(change { $0.remove(at: 5) }, script)
        #expect(unnamed.count == 1 && unnamed[0].hasPrefix("  roll.csv:1: the header names 11 columns, and all 30 rows have 12 cells."))
        let more = try problems(change { $0.append("location") }, script)
        #expect(more.count == 1 && more[0].hasPrefix("  roll.csv:1: the header names 13 columns"))
        let comma = try problems(change { $0 += ["", ""] }, script)
        #expect(comma.count == 1 && comma[0].hasPrefix("  roll.csv:1: columns 13, 14 have no name."))
        let headless = try problems(Array(roll.dropFirst()).map { $0.map { $0.isEmpty ? "x" : $0 } }, script)
        #expect(headless.count == 1 && headless[0].hasPrefix("  roll.csv:1: this line does not name the columns."))
    }

    @Test("Two columns under each other's names, or dates as a spreadsheet writes them: each column once, and the other problems are seen")
    func exchanged() throws {
        let script = try office()
        defer { script.remove() }
        var exchanged = Self.roll
        exchanged[0].swapAt(3, 4)
        let two = try problems(exchanged, script)
        #expect(two.count == 3 && two[2] == "  … and 60 more; --all-problems shows them all.")
        #expect(try problems(exchanged, script, "--all-problems").count == 62, "nothing is kept from who asks")
        #expect(
            two[0].hasPrefix(#"  roll.csv:1: date_of_birth: 30 of 30 rows are wrong here, line 2 first: "v1@example.org" is not a date."#))
        #expect(
            two[1].hasPrefix(#"  roll.csv:1: email: 30 of 30 rows are wrong here, line 2 first: "1980-01-01" is not an e-mail address"#))
        var dates = Self.roll
        for row in 1...28 { dates[row][3] = "01/14/1980" }
        dates[30][4] = "nobody"
        let said = try problems(dates, script)
        #expect(said.count == 3 && said[2].hasPrefix("  … and 28 more"))
        #expect(said[0].hasPrefix("  roll.csv:1: date_of_birth: 28 of 30 rows are wrong here"))
        #expect(said[1].hasPrefix(#"  roll.csv:31: email: "nobody" is not an e-mail address"#))
        // A few wrong rows are rows, and each is listed.
        var few = Self.roll
        for row in 1...5 { few[row][3] = "01/14/1980" }
        #expect(try problems(few, script).count == 5)
    }

    @Test("Voters of the roll whose rows are refused are held, not missing from the file")
    func heldIsNotMissing() throws {
        let script = try office()
        defer { script.remove() }
        let roll = CommandOffice.roll.split(separator: "\n").map(String.init)
        // V1 is held twice over, V2 held, V3 left out, W9 never was on the roll.
        let broken =
            [roll[0], roll[1], roll[1], roll[2].replacingOccurrences(of: "1981-02-02", with: "1981-02-31")] + roll[4...]
            + ["W9,Archer,Ann,1980-13-01,v9@example.org,P1,active-duty,fpca,2026-01-05,2100-12-31,email,"]
        try Data((broken.joined(separator: "\n") + "\n").utf8).write(to: script.folder.appendingPathComponent("broken.csv"))
        try script.run(
            """
            $ uocava voters import voters.csv --election tiny --format json
            json new 6
            $ uocava voters import broken.csv --election tiny --hold-refused --dry-run --format json
            json missing 1
            $ uocava voters import broken.csv --election tiny --hold-refused --format json
            json new 0
            json unchanged 3
            json refused 4
            json missing 1
            """)
    }
}
