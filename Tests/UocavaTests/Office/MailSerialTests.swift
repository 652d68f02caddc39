import Elections
import Foundation
import Office
import Packet
import Storage
import Testing

@Suite("The numbers of the envelopes", .enabled(if: TestOffice.present, "the program is not built"))
struct MailSerialTests {
    /// An office with a Mailer ID and the small roll, for each of these elections.
    private func office(_ elections: [String], mailerID: String = "123456") throws -> TestOffice {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-mail-\(UUID().uuidString)")
        let box = TestOffice.ClockBox(TestOffice.start)
        let office = try TestOffice.makeEmpty(at: root, test: false, clock: WallClock { box.now })
        for election in elections {
            let folder = try TestOffice.writeElection()
            defer { try? FileManager.default.removeItem(at: folder) }
            let file = folder.appendingPathComponent("election.yaml")
            let text = try String(contentsOf: file, encoding: .utf8).replacing("id: 2028-general", with: "id: \(election)")
            try Data(
                (text + "imb: { barcode_id: \"00\", service_type: \"051\", mailer_id: \"\(mailerID)\", routing: \"200011234\" }\n").utf8
            ).write(to: file)
            _ = try StyleShelf(office, child: ConfinedChild(executable: TestProgram.path ?? "/nonexistent")).importElection(from: folder)
            _ = try VoterRoll(office).importRoll(
                TestOffice.roll((1...12).map { TestOffice.row($0) }), file: "voters.csv", election: ElectionID(election))
        }
        try office.books.close()
        try office.unguardedCounter.close()
        return try TestOffice(at: root, clock: box)
    }

    private func serials(_ test: TestOffice) throws -> [Int64?] {
        try test.office.books.read { books in
            try books.all("SELECT mail_serial FROM ballot ORDER BY mail_serial") { try $0.optionalInteger("mail_serial") }
        }
    }

    @Test("They are counted on without gaps, over runs and elections, and never change")
    func counted() throws {
        let test = try office(["2028-general", "2028-special"])
        try test.issue { $0.only = [VoterID("V1"), VoterID("V2")] }
        #expect(try serials(test) == [1, 2])
        try test.issue()
        #expect(try serials(test) == (1...Int64(TestOffice.due)).map(Optional.some))
        try test.issue { $0.election = ElectionID("2028-special") }
        #expect(try serials(test) == (1...Int64(2 * TestOffice.due)).map(Optional.some))
        try test.verify()
        #expect(throws: StorageError.self) {
            try test.office.books.write { try $0.execute("UPDATE ballot SET mail_serial = mail_serial + 100") }
        }
        try test.plant("UPDATE ballot SET mail_serial = mail_serial + 100 WHERE mail_serial = 3", in: test.office.books)
        let findings = try Audit(test.office).run().findings
        #expect(findings.count == 1 && findings.first?.detail.contains("envelope's number") == true)
    }

    @Test("The barcode on a voter's packet has the number that the books have")
    func printed() async throws {
        let test = try office(["2028-general"])
        try test.issue { $0.only = [VoterID("V3"), VoterID("V1")] }
        let counter = try test.counter()
        let folder = try WritingFolder()
        for (number, birthday) in [TestOffice.voters[0], TestOffice.voters[2]] {
            let packet = try await DownloadedPacket.open(["voter_id": number, "date_of_birth": birthday], test, counter)
            try folder.write(packet.pdf, to: "\(number).pdf")
            let ballot = try test.ballot(number)
            let serial = try #require(
                try test.office.books.read { books in
                    try books.first("SELECT mail_serial FROM ballot WHERE id = $1", .blob(ballot)) { try $0.integer("mail_serial") }
                })
            let sheets = try PrintedSheet.pages(of: "\(number).pdf", as: number, in: folder)
            // The cover's paper tells which envelopes there are.
            let fronts = PrintedFront.all(sheets[0].width < 1680 ? .a4 : .letter)
            let first = sheets.count - fronts.count
            let expected = try IntelligentMail(
                barcodeID: "00", serviceType: "051", mailerID: "123456", serial: Int(serial), routing: "200011234")
            for (index, front) in fronts.enumerated() {
                #expect(front.bars(on: sheets[first + index]) == (front.isForeign ? nil : expected.bars))
            }
        }
        await counter.stop()
    }

    @Test("Where a nine-digit Mailer ID leaves six digits, the number that is printed begins again after a million")
    func again() throws {
        let test = try office(["2028-general"], mailerID: "987654321")
        try test.issue { $0.only = [VoterID("V1")] }
        try test.plant("UPDATE ballot SET mail_serial = 999999", in: test.office.books)
        try test.issue { $0.only = [VoterID("V2"), VoterID("V3")] }
        #expect(try serials(test) == [999_999, 1_000_000, 1_000_001])
    }

    @Test("An office without a Mailer ID numbers nothing")
    func none() throws {
        let test = try TestOffice()
        try test.issue()
        #expect(try serials(test).allSatisfy { $0 == nil })
    }
}
