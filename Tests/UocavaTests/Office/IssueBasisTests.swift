import Elections
import Foundation
import Office
import Packet
import Storage
import Testing

@Suite("What ballots are issued from", .enabled(if: TestOffice.present, "the program is not built"))
struct IssueBasisTests {
    @Test(
        "Nothing is issued from what is not as it was imported",
        arguments: [
            "UPDATE style_precinct SET precinct = CASE precinct WHEN 'North' THEN 'South' ELSE 'North' END",
            "UPDATE ballot_style SET party = 'X' WHERE code = 'north'",
            "UPDATE ballot_style SET scope = 'federal'",
            "UPDATE ballot_style SET code = CASE code WHEN 'north' THEN 'n' ELSE code END",
            "UPDATE base SET retired_at = 1 WHERE paper = 'a4'",
            "UPDATE base SET instructions = printf('%064d', 1) WHERE paper = 'a4'",
            "UPDATE base SET plan = replace(plan, '\"x\":', '\"x\":1')",
            "UPDATE style_file SET length = length + 1",
            "UPDATE election SET definition = replace(definition, 'General Election', 'Special Election')",
            "UPDATE election SET texts = replace(texts, 'perjury', 'nothing')",
            "UPDATE election SET inserts = '{ }'",
            "UPDATE voter SET number_index = randomblob(16) WHERE id = 1",
            "UPDATE request SET fingerprint = randomblob(16) WHERE id = 1",
            "DELETE FROM request WHERE id = 1"
        ])
    func changed(_ script: String) throws {
        let test = try TestOffice()
        try test.plant(script, in: test.office.books)
        for dryRun in [true, false] {
            let refused = #expect(throws: OfficeError.self) { try test.issue { $0.dryRun = dryRun } }
            #expect(refused?.code == .broken)
            #expect(refused?.message.contains("Somebody changed the books") == true)
        }
        #expect(try test.office.books.read { try $0.count("SELECT count(*) FROM ballot") } == 0)
        #expect(try test.office.unguardedCounter.read { try $0.count("SELECT count(*) FROM link") } == 0)
    }

    @Test("A voter whose number was exchanged in the books is not added once more and sent a second ballot")
    func secondBallot() throws {
        let test = try TestOffice()
        try test.issue()
        try test.plant("UPDATE voter SET number_index = randomblob(16) WHERE id = 2", in: test.office.books)
        let roll = TestOffice.roll((1...12).map { TestOffice.row($0) })
        let refused = #expect(throws: OfficeError.self) {
            try VoterRoll(test.office).importRoll(roll, file: "voters.csv", election: TestOffice.election)
        }
        #expect(refused?.code == .broken)
        #expect(try test.office.books.read { try $0.count("SELECT count(*) FROM request") } == 12)
        let findings = try Audit(test.office).run().findings
        #expect(findings.contains { $0.invariant == "3 sealed" && $0.detail == "It is filed under another voter's number." })
    }

    @Test("A voter's older record, put back by hand, is found and nothing is issued from it")
    func rolledBack() throws {
        let test = try TestOffice()
        let roll = VoterRoll(test.office)
        try test.office.books.write { try $0.executeScript("CREATE TABLE kept AS SELECT * FROM request WHERE id = 1") }
        _ = try roll.importRoll(
            TestOffice.roll([TestOffice.row(1, precinct: "North")] + (2...12).map { TestOffice.row($0) }), file: "voters.csv",
            election: TestOffice.election)
        try test.plant(
            """
            UPDATE request SET (sealed, key_id, fingerprint, precinct) = (SELECT sealed, key_id, fingerprint, precinct FROM kept) WHERE id = 1;
            DROP TABLE kept;
            """, in: test.office.books)
        let refused = #expect(throws: OfficeError.self) { try test.issue() }
        #expect(refused?.message.contains("Its roll is not the one that was imported last") == true)
    }

    @Test("An older record under the newer one's fingerprint is neither issued from nor written to")
    func replayed() throws {
        let test = try TestOffice()
        try test.office.books.write {
            try $0.executeScript("CREATE TABLE kept AS SELECT id, sealed, key_id FROM request WHERE id IN (1, 2)")
        }
        _ = try VoterRoll(test.office).importRoll(
            TestOffice.roll(
                [TestOffice.row(1, precinct: "North"), TestOffice.row(2, email: "new@example.org")] + (3...12).map { TestOffice.row($0) }),
            file: "voters.csv", election: TestOffice.election)
        func replay(_ id: Int) throws {
            try test.plant(
                "UPDATE request SET sealed = (SELECT k.sealed FROM kept k WHERE k.id = request.id) WHERE id = \(id)", in: test.office.books)
        }
        try test.issue { $0.only = [VoterID("V2")] }
        try replay(2)
        // The letter waits, and keeps no other from going out.
        #expect(try Mailroom(test.office).sendDue(waits: false).left == 1)
        #expect(try Mailroom(test.office).list(Mailroom.Filter()).map(\.reply) == ["its record was changed: run uocava audit"])
        try replay(1)
        let refused = #expect(throws: OfficeError.self) { try test.issue() }
        #expect(refused?.message.contains("not the one that the last roll brought") == true)
        #expect(try test.office.books.read { try $0.count("SELECT count(*) FROM ballot") } == 1)
    }

    @Test("A ballot that was cancelled by hand is not followed by a second one")
    func cancelledByHand() throws {
        let test = try TestOffice()
        try test.issue()
        try test.plant("UPDATE ballot SET status = 'cancelled' WHERE voter = 1", in: test.office.books)
        #expect(try test.issue().buckets[.issued] ?? 0 == 0)
        #expect(try test.office.books.read { try $0.count("SELECT count(*) FROM ballot") } == TestOffice.due)
    }

    @Test("Who is released is whom the journal tells of, not a column")
    func releasedByHand() throws {
        let test = try TestOffice()
        try test.plant("UPDATE request SET released_at = changed_at WHERE protected = 1", in: test.office.books)
        #expect(try test.issue().buckets[.protected] == 1)
        // The office's own release takes, and its row in the journal is the proof.
        let released = try test.issue { $0.release = [VoterID("V12")] }
        #expect(released.buckets[.issued] == 1)
        try test.verify()
    }

    @Test("A dry run refuses to release whom the run would refuse to release")
    func dryRelease() throws {
        let test = try TestOffice()
        for voter in ["V1", "V99"] {
            for dryRun in [true, false] {
                let refused = #expect(throws: OfficeError.self) {
                    try test.issue {
                        $0.release = [VoterID(voter)]
                        $0.dryRun = dryRun
                    }
                }
                #expect(refused?.code == .notFound)
            }
        }
        let dry = try test.issue {
            $0.release = [VoterID("V12")]
            $0.dryRun = true
        }
        #expect(dry.buckets[.issued] == TestOffice.due + 1)
    }

    @Test("A definition that goes back to what it was before brings the older pages back, and the journal tells of it")
    func backAndForth() throws {
        let test = try TestOffice()
        let folder = try TestOffice.writeElection()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("election.yaml")
        let original = try String(contentsOf: file, encoding: .utf8)
        let shelf = StyleShelf(test.office, child: ConfinedChild(executable: TestProgram.path ?? "/nonexistent"))
        for text in [original.replacingOccurrences(of: "0100", with: "0199"), original] {
            try Data(text.utf8).write(to: file)
            _ = try shelf.importElection(from: folder)
            try test.verify()
        }
        #expect(try test.issue().buckets[.issued] == TestOffice.due)
        try test.verify()
    }
}
