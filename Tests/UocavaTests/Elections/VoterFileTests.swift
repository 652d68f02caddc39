import Elections
import Foundation
import Testing

@Suite("voters.csv")
struct ElectionsVoterFileTests {
    private static let header =
        "voter_id,last_name,first_name,date_of_birth,email,precinct,party,class,location,request_form,request_method,request_date,request_status,valid_to,preference,language,protected,mailing_line1,mailing_line4,mailing_country,ballot_style\n"
    private static let good =
        "1,Smith,Ann,1980-02-28,a@example.org,P1,,active-duty,overseas,fpca,email,2028-05-01,,,email;mail,en,no,PSC 1,APO AE 09077,United States of America,\n"

    private static let styles = StyleResolver([
        BallotStyle(id: StyleID("S1"), name: "S1", precincts: ["P1"], party: "", scope: .full, files: ["en": "ballots/s1.pdf"]),
        BallotStyle(id: StyleID("F1"), name: "F1", precincts: ["P1"], party: "", scope: .federal, files: ["en": "ballots/f1.pdf"])
    ])

    private func read(_ text: String, federalOnly: Set<VoterClass> = []) throws -> VoterFile {
        try VoterFile.read(
            Array(text.utf8), file: "voters.csv", today: try #require(CivilDate("2028-09-18")), styles: ElectionsVoterFileTests.styles,
            languages: ["en"],
            federalOnly: federalOnly)
    }

    /// The one good row with a cell changed.
    private func row(_ column: String, _ value: String) -> String {
        let names = ElectionsVoterFileTests.header.dropLast().split(separator: ",").map(String.init)
        var cells = ElectionsVoterFileTests.good.dropLast().split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        if let index = names.firstIndex(of: column) { cells[index] = "\"\(value.replacing("\"", with: "\"\""))\"" }
        return ElectionsVoterFileTests.header + cells.joined(separator: ",") + "\n"
    }

    @Test("A good row is read in all its columns")
    func goodRow() throws {
        let file = try read(ElectionsVoterFileTests.header + ElectionsVoterFileTests.good)
        #expect(file.refused.isEmpty && file.warnings.isEmpty && file.rows.map(\.line) == [2])
        let voter = try #require(file.rows.first?.record)
        #expect(voter.voterID == VoterID("1") && voter.fullName == "Ann Smith" && voter.dateOfBirth.description == "1980-02-28")
        #expect(voter.voterClass == .activeDuty && voter.location == .overseas && voter.form == .fpca && voter.method == .email)
        #expect(
            voter.status == .accepted && voter.validTo.description == "2028-12-31" && voter.preference == [.email, .mail]
                && !voter.protected)
        #expect(voter.mailing == ["PSC 1", "APO AE 09077"] && voter.isMilitaryPost && voter.ballotStyle == nil)
    }

    @Test("The order of columns is free, and those that are not required may be missing")
    func columnOrder() throws {
        let file = try read(
            "request_date,request_form,class,precinct,date_of_birth,last_name,voter_id\n2028-05-01,FPCA,Active-Duty,P1,1980-02-28,Smith,007\n"
        )
        #expect(file.rows.first?.record.voterID.text == "007" && file.rows.first?.record.form == .fpca)
    }

    @Test(
        "A malformed value refuses its row, and says the column and what to write",
        arguments: [
            ("voter_id", ""), ("last_name", ""), ("date_of_birth", ""), ("precinct", " "), ("class", ""), ("request_form", ""),
            ("request_date", ""),
            ("date_of_birth", "31/02/1980"), ("date_of_birth", "2030-01-01"), ("date_of_birth", "2028-09-18"),
            ("date_of_birth", "1899-12-31"),
            ("date_of_birth", "1980-2-28"), ("request_date", "2028-13-01"), ("request_date", "2028-09-20"), ("valid_to", "soon"),
            ("class", "soldier"),
            ("location", "moon"), ("request_form", "letter"), ("request_method", "pigeon"), ("request_status", "done"),
            ("preference", "email;pigeon"),
            ("preference", "pigeon"), ("language", "english please"), ("protected", "perhaps"), ("email", "not an address"),
            ("email", "a@example.org\nBcc: x@example.net"),
            ("last_name", "\u{202E}evil"), ("last_name", "a\u{2067}b"), ("last_name", "a\tb"), ("first_name", "a\u{1B}[2J"),
            ("mailing_line1", "two\nlines"),
            ("mailing_line1", "a\u{2028}b"), ("mailing_line4", "\u{85}x\u{85}y"), ("last_name", String(repeating: "A", count: 101)),
            ("mailing_line1", String(repeating: "é", count: 201)), ("voter_id", String(repeating: "9", count: 65))
        ])
    func refused(_ column: String, _ value: String) throws {
        let file = try read(row(column, value))
        #expect(file.rows.isEmpty && file.refused.count == 1)
        let refused = try #require(file.refused.first)
        #expect(
            refused.line == 2 && refused.problems.map(\.column) == [column]
                && refused.problems.allSatisfy { !$0.hint.isEmpty || $0.column == "email" })
        #expect(refused.voterID?.text == (column == "voter_id" ? (value.isEmpty ? nil : value) : "1"))
        #expect(refused.text.hasPrefix(column == "voter_id" ? "\"" : "1,"))
        for scalar in refused.problems.map(\.description).joined().unicodeScalars { #expect(!Printable.isUnsafe(scalar)) }
    }

    @Test(
        "Names and lines at the limit, a request of tomorrow, and odd but lawful values are taken",
        arguments: [
            ("last_name", String(repeating: "A", count: 100)), ("last_name", String(repeating: "é", count: 100)),
            ("mailing_line1", String(repeating: "é", count: 200)),
            ("request_date", "2028-09-19"), ("date_of_birth", "2028-09-17"), ("date_of_birth", "1900-01-01"),
            ("last_name", "=cmd|' /C calc'!A0"),
            ("last_name", "<script>alert(1)</script>"), ("last_name", "Robert'); DROP TABLE voter;--"),
            ("mailing_line1", "${jndi:ldap://x} {{7*7}}"),
            ("first_name", "م\u{200C}ن"), ("email", ""), ("preference", ""), ("preference", "Email ; MAIL"), ("protected", "YES"),
            ("voter_id", "DC 12/34-ß"),
            ("class", "other"), ("request_status", "pending")
        ])
    func taken(_ column: String, _ value: String) throws {
        let file = try read(row(column, value))
        #expect(file.refused.isEmpty && file.rows.count == 1 && file.warnings.isEmpty, "\(file.refused.flatMap(\.problems))")
    }

    @Test("Text is brought into NFC")
    func normalised() throws {
        let voter = try #require(try read(row("last_name", "Jose\u{301}")).rows.first?.record)
        #expect(Array(voter.lastName.utf8) == Array("Jos\u{E9}".utf8))
    }

    @Test("All that is wrong with a row is told, not the first thing only")
    func allProblems() throws {
        let file = try read(
            ElectionsVoterFileTests.header + ",Smith,Ann,never,x,P1,,soldier,overseas,fpca,email,2028-05-01,,,email,en,no,,,,\n")
        #expect(file.refused.first?.problems.compactMap(\.column) == ["voter_id", "date_of_birth", "email", "class"])
        #expect(
            file.refused.first?.problems[1].description
                == "voters.csv:2: date_of_birth: \"never\" is not a date. Write it as YYYY-MM-DD, for example 1980-02-28.")
    }

    @Test(
        "Unknown precincts, parties, styles, languages and countries are warnings",
        arguments: [("precinct", "P2"), ("ballot_style", "S9"), ("ballot_style", "F1"), ("language", "fr"), ("mailing_country", "Atlantis")]
    )
    func warned(_ column: String, _ value: String) throws {
        let file = try read(row(column, value))
        #expect(file.refused.isEmpty && file.rows.first?.warnings.map(\.column) == [column] && file.warnings.first?.line == 2)
    }

    @Test("A class that gets the federal ballot is looked up in federal styles")
    func federal() throws {
        #expect(try read(row("ballot_style", "F1"), federalOnly: [.activeDuty]).warnings.isEmpty)
        #expect(try read(row("ballot_style", "S1"), federalOnly: [.activeDuty]).warnings.count == 1)
    }

    @Test("A number that stands in the file twice refuses all its rows, also where one is bad or short")
    func doubled() throws {
        let good = ElectionsVoterFileTests.good
        let text =
            ElectionsVoterFileTests.header + good + good.replacing("1,Smith", with: "2,Jones")
            + good.replacing("1,Smith", with: " 1 ,Smith")
            + good.replacing("1,Smith", with: "3,A").replacing("1980-02-28", with: "x") + good.replacing("1,Smith", with: "3,B") + "4,C\n"
            + good.replacing("1,Smith", with: "4,C")
        let file = try read(text)
        #expect(file.rows.map(\.record.voterID.text) == ["2"])
        #expect(file.refused.map(\.line) == [2, 4, 5, 6, 7, 8])
        #expect(file.refused.map { $0.voterID?.text } == ["1", "1", "3", "3", "4", "4"])
        #expect(
            file.refused[0].problems.first?.description.hasPrefix("voters.csv:2: voter_id: \"1\" is in the file 2 times: lines 2, 4.")
                == true)
        #expect(file.refused[2].problems.map(\.column) == ["date_of_birth", "voter_id"])
        #expect(file.refused[0].text == String(good.dropLast()))
    }

    @Test("A whole file that cannot be used is refused at once")
    func unusable() {
        #expect(throws: Problems.self) { try read("") }
        #expect(throws: Problems.self) { try read(ElectionsVoterFileTests.header) }
        #expect(throws: Problems.self) { try read("voter_id,last_name\n1,Smith\n") }
        #expect(throws: Problems.self) { try read("SSN," + ElectionsVoterFileTests.header + "1," + ElectionsVoterFileTests.good) }
    }
}

@Suite("voters.csv as offices send it", .enabled(if: Fixtures.present, "…/shared/fixtures is not there"))
struct ElectionsVoterFixtureTests {
    private func office() throws -> (styles: StyleResolver, languages: [String]) {
        let bytes = [UInt8](try Data(contentsOf: Fixtures.folder("offices/dc-2010/styles.csv")))
        return (StyleResolver(try StyleSheet.read(bytes, file: "styles.csv", languages: ["en"])), ["en"])
    }

    private func read(_ path: String, on day: String = "2028-09-18") throws -> VoterFile {
        let bytes = [UInt8](try Data(contentsOf: Fixtures.folder(path)))
        let office = try office()
        return try VoterFile.read(
            bytes, file: URL(fileURLWithPath: path).lastPathComponent, today: try #require(CivilDate(day)), styles: office.styles,
            languages: office.languages)
    }

    private func refusal(_ path: String) throws -> String {
        do {
            _ = try read(path)
            return ""
        } catch let problems as Problems { return problems.description }
    }

    @Test("An office's 3,100 voters are taken without a word, and each has a style, a record and a day to post by")
    func office2010() throws {
        let file = try read("offices/dc-2010/voters.csv")
        #expect(file.rows.count == 3100 && file.refused.isEmpty && file.warnings.isEmpty)
        let election = try ElectionsTestYAML.election(
            try String(contentsOf: Fixtures.folder("offices/dc-2010/election.yaml"), encoding: .utf8))
        for row in file.rows {
            #expect(try VoterRecord(encoded: row.record.encoded) == row.record)
            #expect(election.mailBy(for: row.record) <= election.date)
        }
        #expect(file.rows.count { $0.record.isMilitaryPost } > 900)
        #expect(Set(file.rows.compactMap { $0.record.protected ? $0.record.voterID : nil }).count == 12)
    }

    @Test("The late voters are taken a month later, and none dated ahead before")
    func late() throws {
        #expect(try read("offices/dc-2010/voters-late.csv", on: "2028-10-16").refused.isEmpty)
        #expect(try read("offices/dc-2010/voters-late.csv").refused.allSatisfy { $0.problems.map(\.column) == ["request_date"] })
    }

    @Test("A byte order mark and CR LF are no trouble")
    func bom() throws {
        let file = try read("voters-dirty/utf8_bom_crlf.csv")
        // Four voters stand in it twice, which is the only trouble with it.
        #expect(file.refused.count == 8 && file.rows.count == 52)
        #expect(file.refused.flatMap(\.problems).allSatisfy { $0.column == "voter_id" })
    }

    @Test(
        "Other encodings and separators are refused with how to save the file",
        arguments: [
            ("utf16le_bom_tab.txt", "UTF-16"), ("windows1252_semicolon.csv", "semicolons"), ("windows1252_semicolon.csv", "not UTF-8"),
            ("pipe_quoted.txt", "pipes")
        ])
    func encodings(_ name: String, _ words: String) throws {
        let text = try refusal("voters-dirty/\(name)")
        #expect(text.contains(words) && text.contains("CSV UTF-8 (comma delimited)"))
    }

    @Test("Empty files and those with a header only are refused")
    func empty() throws {
        #expect(try refusal("voters-dirty/zero_bytes.csv").contains("the file is empty"))
        #expect(try refusal("voters-dirty/header_only.csv").contains("there is no voter in the file"))
    }

    @Test("Bad values are found in their columns; an unknown precinct is a warning")
    func badValues() throws {
        let file = try read("voters-dirty/bad_values.csv")
        #expect(file.refused.map(\.line) == [2, 3, 4, 6, 7, 8, 9])
        #expect(
            file.refused.flatMap(\.problems).map(\.column) == [
                "date_of_birth", "date_of_birth", "class", "preference", "request_date", "voter_id", "last_name"
            ])
        #expect(file.rows.map(\.line) == [5] && file.warnings.map(\.column) == ["precinct"])
    }

    @Test("A voter who stands in the file twice is refused twice")
    func duplicates() throws {
        let file = try read("voters-dirty/duplicates.csv")
        #expect(Set(file.refused.compactMap(\.voterID?.text)) == ["100914463", "101185521", "101187294"] && file.refused.count == 6)
        let shared = try read("voters-dirty/number_held_by_two_people.csv")
        #expect(shared.rows.isEmpty && shared.refused.count == 12)
    }

    @Test("Ragged rows and a row of totals are set aside by line")
    func ragged() throws {
        let file = try read("voters-dirty/ragged_with_total_row.csv")
        #expect(file.refused.map(\.line) == [4, 6, 13] && file.rows.count == 8)
        #expect(
            file.refused.map { $0.problems[0].what } == [
                "the row has 31 of 29 fields", "the row has 6 of 29 fields", "the row has 2 of 29 fields"
            ])
    }

    @Test("Hostile text is a name like any other, unless it could fool a terminal or a mail relay")
    func hostile() throws {
        let file = try read("voters-dirty/hostile.csv")
        let names = file.rows.map(\.record).flatMap { [$0.lastName, $0.firstName] + $0.mailing }
        for name in ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", "Robert'); DROP TABLE voter;--"] {
            #expect(names.contains(name))
        }
        #expect(file.refused.flatMap(\.problems).compactMap(\.column) == ["email", "first_name", "last_name", "email", "mailing_line1"])
    }
}
