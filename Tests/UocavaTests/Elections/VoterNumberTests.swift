import Elections
import Foundation
import Testing

@Suite("Voters' numbers that look alike")
struct VoterNumberTests {
    private static let header = "voter_id,last_name,first_name,date_of_birth,precinct,class,request_form,request_date\n"

    private func read(_ numbers: [String]) throws -> VoterFile {
        let rows = numbers.map { "\($0),Smith,Ann,1980-02-28,P1,active-duty,fpca,2028-05-01\n" }
        return try VoterFile.read(
            Array((Self.header + rows.joined()).utf8), file: "voters.csv", today: try #require(CivilDate("2028-09-18")),
            styles: StyleResolver([
                BallotStyle(id: StyleID("S1"), name: "S1", precincts: ["P1"], party: "", scope: .full, files: ["en": "ballots/s1.pdf"])
            ]), languages: ["en"])
    }

    @Test(
        "A number with a hidden character, or in other characters than it shows, is refused with what to do",
        arguments: [
            ("J1280\u{200B}51", "U+200B", "by hand"), ("J128051\u{2060}", "U+2060", "by hand"), ("J\u{AD}128051", "U+00AD", "by hand"),
            ("J128051\u{FE0F}", "U+FE0F", "by hand"), ("J12\u{E0041}8051", "U+E0041", "by hand"),
            ("J\u{FF11}\u{FF12}8051", "look-alike", "\"J128051\""), ("\u{FF2A}128051", "look-alike", "\"J128051\""),
            ("J128\u{A0}051", "look-alike", "\"J128 051\""), ("J12805\u{B9}", "look-alike", "\"J128051\"")
        ])
    func refused(_ number: String, _ what: String, _ hint: String) throws {
        let file = try read([number])
        #expect(file.rows.isEmpty)
        let problem = try #require(file.refused.first?.problems.first)
        #expect(file.refused.count == 1 && problem.column == "voter_id")
        #expect(problem.what.contains(what) && problem.hint.contains(hint), "\(problem)")
    }

    @Test("The row of such a number is held for the voter it looks like, and the number counts as doubled")
    func doubled() throws {
        #expect(try read(["\u{FF2A}128051\u{200C}"]).refused.first?.voterID == VoterID("J128051"))
        let file = try read(["J128051", "J12805\u{200B}1", "J7"])
        #expect(file.rows.map(\.record.voterID) == [VoterID("J7")])
        #expect(file.refused.map(\.line) == [2, 3])
    }

    @Test(
        "Plain numbers, and those of other alphabets, are taken",
        arguments: ["J128051", "DC 12/34-ß", "000-17_#*", "Ñ-22", "N\u{303}-22", "12-ж", "第7号"])
    func taken(_ number: String) throws {
        #expect(VoterID.fault(in: number) == nil)
        #expect(try read([number]).rows.count == 1)
    }
}
