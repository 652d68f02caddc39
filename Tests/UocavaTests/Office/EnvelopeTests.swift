import Elections
import Foundation
import Office
import Storage
import Testing

@Suite("Envelopes: without a code, two of one voter, late, taken back", .enabled(if: TestOffice.present, "the program is not built"))
struct EnvelopeTests {
    private func piece(_ number: String, _ kind: ReturnRules.Kind, _ test: TestOffice) throws -> String? {
        let voter = try test.voter(number)
        return try test.office.books.read { books in
            try books.first(
                "SELECT ifnull(decision, 'open') AS decision FROM return_piece WHERE voter = $1 AND kind = $2 ORDER BY id DESC",
                .integer(voter), .text(kind.rawValue)
            ) { try $0.text("decision") }
        }
    }

    private func refusal(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)" }
        return "nothing was refused"
    }

    @Test("A write-in ballot is on hold from the start, is written down once, and counts after the deadline where nothing else came")
    func writeIn() throws {
        let test = try TestOffice.issued()
        let returns = Returns(test.office)
        let id = VoterID("V1")
        let first = try returns.receive(.fwab, of: id, election: TestOffice.election)
        #expect(first.outcome == .received && first.hint.contains("waits"))
        #expect(try piece("V1", .fwab, test) == "held")
        #expect(try returns.receive(.fwab, of: id, election: TestOffice.election).outcome == .duplicate)
        #expect(refusal { _ = try returns.decide(.fwab, of: id, election: TestOffice.election, .accept) }.contains("may still come"))
        try test.verify("on hold")
        test.advance(seconds: 60 * 86_400)
        #expect(try returns.decide(.fwab, of: id, election: TestOffice.election, .accept) == .accepted)
        try test.verify("accepted")
        // The regular ballot comes after all, too late and second.
        let code = try #require(try Reports(test.office).status(election: TestOffice.election, of: "V1").first?.returnCode?.text)
        _ = try returns.receive([Returns.Scan(code: code)])
        #expect(refusal { _ = try returns.decide(code, .accept) }.contains("accepted already"))
        #expect(try returns.decide(code, .reject(.notTimely)) == .rejected)
        try test.verify("rejected")
    }

    @Test("Where the regular ballot came in time, the write-in ballot cannot be accepted any more")
    func regularCame() throws {
        let test = try TestOffice.issued()
        let returns = Returns(test.office)
        let id = VoterID("V1")
        _ = try returns.receive(.fwab, of: id, election: TestOffice.election)
        // Its code cannot be read: by the voter, it is the ballot that was issued.
        let ballot = try returns.receive(.ballot, of: id, election: TestOffice.election)
        #expect(ballot.outcome == .received && ReturnCode(ballot.code) != nil)
        #expect(try test.status("V1") == "held", "two envelopes of one voter: a person decides")
        #expect(try returns.decide(ballot.code, .accept) == .accepted)
        test.advance(seconds: 60 * 86_400)
        #expect(refusal { _ = try returns.decide(.fwab, of: id, election: TestOffice.election, .accept) }.contains("accepted already"))
        #expect(
            try returns.decide(.fwab, of: id, election: TestOffice.election, .reject(.other("the regular ballot was received")))
                == .rejected)
        try test.verify("one counts")
    }

    @Test("A paper ballot of a voter without an electronic one is written down by the voter, and a stranger's is not")
    func paper() throws {
        let test = try TestOffice.issued()
        let returns = Returns(test.office)
        let received = try returns.receive(.ballot, of: VoterID("V10"), election: TestOffice.election)
        #expect(received.outcome == .received && received.code.isEmpty)
        #expect(try piece("V10", .ballot, test) == "open")
        #expect(try returns.decide(.ballot, of: VoterID("V10"), election: TestOffice.election, .accept) == .accepted)
        #expect(refusal { _ = try returns.receive(.fwab, of: VoterID("V99"), election: TestOffice.election) }.contains("no voter \"V99\""))
        #expect(
            refusal {
                _ = try returns.receive(
                    .fwab, of: VoterID("V1"), election: TestOffice.election, receivedAt: test.now.adding(seconds: 90_000))
            }.contains("in the future"))
        try test.verify("paper")
    }

    @Test("A ballot that came after its voter's deadline cannot be accepted")
    func late() throws {
        let test = try TestOffice.issued()
        let returns = Returns(test.office)
        test.advance(seconds: 52 * 86_400)
        let code = try #require(try Reports(test.office).status(election: TestOffice.election, of: "V2").first?.returnCode?.text)
        let scan = try returns.receive([Returns.Scan(code: code)])
        #expect(scan.first?.hint.contains("after the voter's deadline") == true)
        #expect(refusal { _ = try returns.decide(code, .accept) }.contains("November 7, 2028"))
        #expect(try test.status("V2") == "received")
        // One that came in time and was scanned late counts.
        let other = try #require(try Reports(test.office).status(election: TestOffice.election, of: "V3").first?.returnCode?.text)
        _ = try returns.receive([Returns.Scan(code: other, receivedAt: Instant(rfc3339: "2028-11-07T20:00:00-05:00"))])
        #expect(try returns.decide(other, .accept) == .accepted)
        try test.verify("late")
    }

    @Test("A decision is taken back with a reason, the envelope waits again, and every step is in the journal")
    func reversal() throws {
        let test = try TestOffice.issued()
        let returns = Returns(test.office)
        let code = try #require(try Reports(test.office).status(election: TestOffice.election, of: "V1").first?.returnCode?.text)
        _ = try returns.receive([Returns.Scan(code: code)])
        #expect(refusal { try returns.reverse(code, reason: "x") }.contains("nothing to take back"))
        _ = try returns.decide(code, .reject(.missingVoterSignature))
        #expect(refusal { try returns.reverse(code, reason: " ") }.contains("needs a reason"))
        try returns.reverse(code, reason: "cured by a signed statement")
        #expect(try test.status("V1") == "received")
        #expect(try piece("V1", .ballot, test) == "open")
        // Nobody is told any more of what does not hold.
        let letters = try test.office.books.read { books in
            try books.all("SELECT kind || ' ' || state AS line FROM letter WHERE kind = 'rejected'") { try $0.text("line") }
        }
        #expect(letters == ["rejected withdrawn"])
        try test.verify("taken back")
        #expect(try returns.decide(code, .accept) == .accepted)
        try test.verify("decided anew")
        _ = try returns.receive(.fwab, of: VoterID("V4"), election: TestOffice.election)
        _ = try returns.decide(.fwab, of: VoterID("V4"), election: TestOffice.election, .reject(.missingVoterSignature))
        try returns.reverse(.fwab, of: VoterID("V4"), election: TestOffice.election, reason: "wrong envelope")
        #expect(try piece("V4", .fwab, test) == "open")
        try test.verify("a write-in ballot taken back")
        let clear = try test.office.books.read { books in
            try books.all("SELECT canonical FROM journal") { String(decoding: try $0.blob("canonical"), as: UTF8.self) }
        }
        #expect(!clear.contains { $0.contains("cured") || $0.contains("wrong envelope") })
    }

    @Test(
        "The audit names an envelope that somebody wrote into the books, or out of them",
        arguments: [
            "INSERT INTO return_piece (election, voter, kind, received_at, recorded_at) SELECT election, voter, 'ballot', 5, 5 FROM request WHERE id = 5",
            "UPDATE return_piece SET decision = 'accepted' WHERE kind = 'fwab'",
            "UPDATE return_piece SET kind = 'ballot' WHERE kind = 'fwab'",
            "UPDATE return_piece SET voter = voter + 1 WHERE kind = 'fwab'", "DELETE FROM return_piece WHERE kind = 'fwab'",
            "UPDATE election_total SET pieces = pieces + 1", "UPDATE status_total SET n = n + 1",
            "UPDATE half_hour_total SET issued = issued + 1"
        ])
    func planted(_ script: String) throws {
        let test = try TestOffice.issued()
        _ = try Returns(test.office).receive(.fwab, of: VoterID("V1"), election: TestOffice.election)
        try test.verify("before")
        try test.plant(script, in: test.office.books)
        #expect(try !Audit(test.office).run().ok, "\(script)")
    }

    @Test("The audit names an account that somebody wrote into the books, or gave another role")
    func plantedAccounts() throws {
        let office = try DeskOffice()
        _ = try office.signIn("ann", .clerk, jurisdictions: ["99001"])
        try office.test.verify("before")
        for script in [
            "UPDATE staff SET role = 'supervisor'", "UPDATE staff SET everywhere = 1",
            "UPDATE staff_jurisdiction SET jurisdiction = '99002'",
            "UPDATE staff SET disabled_at = 5",
            "INSERT INTO staff SELECT 9, 'eve', role, 1, key_id, sealed, added_at, invited_until, enrolled_at, 0, 0, 0, NULL FROM staff"
        ] {
            let test = try TestOffice(at: try copied(office.test), clock: office.test.clockBox)
            try test.plant(script, in: test.office.books)
            #expect(try Audit(test.office).run().findings.contains { $0.subject.hasPrefix("account ") }, "\(script)")
        }
    }

    private func copied(_ test: TestOffice) throws -> URL {
        try test.office.books.checkpoint()
        try test.office.unguardedCounter.checkpoint()
        return try DistrictOffice.copied(test.folder)
    }
}
