import Elections
import Foundation
import Office
import Storage
import Testing

@Suite("Ballots that were sent elsewhere", .enabled(if: TestOffice.present, "the program is not built"))
struct TransmissionTests {
    private func record(_ text: String, _ test: TestOffice, dryRun: Bool = false) throws -> Transmissions.Summary {
        try Transmissions(test.office).record(
            try Transmissions.lines(csv: Array(text.utf8), file: "posted.csv"), file: "posted.csv", election: TestOffice.election,
            dryRun: dryRun)
    }

    private func line(_ number: String, _ test: TestOffice) throws -> TransmittedLine? {
        try Reports(test.office).transmitted(election: TestOffice.election).first { $0.voterID.text == number }
    }

    @Test("A list is written down once, all or nothing, and the same list again changes nothing")
    func once() throws {
        let test = try TestOffice.issued()
        let list = "voter_id,date,method,ballot_number\nV10,2028-09-18,mail,1001\nV11,2028-09-17,fax,\n"
        #expect(try record(list, test, dryRun: true).new == 2)
        #expect(try test.office.books.read { try $0.count("SELECT count(*) FROM transmission") } == 0)
        #expect(try record(list, test).new == 2)
        let again = try record(list + "V10,2028-09-18,mail,1002\n", test)
        #expect(again.new == 1 && again.known == 2)
        try test.verify("written down")
        let error = #expect(throws: OfficeError.self) {
            try record("voter_id,date,method\nV1,2028-09-18,mail\nV99,2028-09-20,mail\n", test)
        }
        #expect(error?.problems.count == 2, "a stranger, and a day that lies ahead")
        #expect(try test.office.books.read { try $0.count("SELECT count(*) FROM transmission") } == 3)
        try test.plant("DELETE FROM transmission WHERE method = 'fax'", in: test.office.books)
        #expect(try !Audit(test.office).run().ok)
    }

    @Test("What is wrong with a list is told with line and column, and nothing is written down")
    func problems() throws {
        for (text, lines) in [
            ("voter_id,date,method\nV1,20.9.2028,mail\nV2,2028-09-01,pigeon\n,2028-09-01,mail\n", [2, 3, 4]), ("voter_id,date\n", [1]),
            ("voter_id,date,method\n", [nil]),
            ("voter_id,date,method,ballot_number\nV1,2028-09-01,mail,\(String(repeating: "9", count: 41))\n", [2])
        ] as [(String, [Int?])] {
            let error = #expect(throws: OfficeError.self) { try Transmissions.lines(csv: Array(text.utf8), file: "posted.csv") }
            #expect(error?.problems.map(\.line) == lines, "\(text)")
        }
    }

    @Test("It is known for every voter when the first ballot was sent, and whether that was in time")
    func timing() throws {
        let test = try TestOffice.issued()
        // The 45th day before November 7 is September 23; it is September 18.
        #expect(try line("V1", test)?.timing == .due)
        #expect(try line("V1", test)?.date == nil)
        _ = try record("voter_id,date,method\nV10,2028-09-15,mail\nV10,2028-09-17,fax\n", test)
        let paper = try #require(try line("V10", test))
        #expect(paper.date == CivilDate("2028-09-15") && paper.method == "mail" && paper.timing == .inTime)
        test.advance(seconds: 5 * 86_400 + 14 * 3600)
        #expect(try line("V1", test)?.timing == .missed, "it is September 24 on the office's wall")
        _ = try record("voter_id,date,method\nV1,2028-09-24,mail\n", test)
        #expect(try line("V1", test)?.timing == .late)
        // A letter that the relay took counts on the day that the office's wall showed.
        try test.office.books.write { books in
            try books.execute(
                "UPDATE letter SET state = 'sent', ended_at = $1 WHERE voter = $2",
                .integer((Instant(rfc3339: "2028-09-24T03:59:00Z") ?? test.now).milliseconds), .integer(try test.voter("V2")))
        }
        let mailed = try #require(try line("V2", test))
        #expect(mailed.date == CivilDate("2028-09-23") && mailed.method == "email" && mailed.timing == .inTime)
    }
}
