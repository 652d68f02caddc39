import Elections
import Foundation
import Office
import Storage
import Testing

@Suite("What needs two people", .enabled(if: TestOffice.present, "the program is not built"))
struct ApprovalTests {
    private func refusal(_ body: () throws -> Void) -> OfficeError.Code? {
        do { try body() } catch { return (error as? OfficeError)?.code }
        return nil
    }

    private func links(_ office: DeskOffice) throws -> Int { try HostileCounter.count("SELECT count(*) FROM link", office.test) }

    @Test("A new link within 72 hours of a new address is made only when another supervisor says yes")
    func newLink() throws {
        let office = try DeskOffice()
        let (test, election) = (office.test, office.springfield)
        let ann = try office.desk("ann", .supervisor)
        let bo = try office.desk("bo", .clerk)
        let cy = try office.desk("cy", .supervisor, jurisdictions: ["99001"])
        let far = try office.desk("far", .supervisor, jurisdictions: ["99002"])
        let voter = try test.voter("V2")
        try office.changeAddress(of: 2)
        let before = try links(office)
        #expect(try ann.newLink(for: voter, election: election, reason: "lost it") == .waits)
        #expect(try ann.newLink(for: voter, election: election, reason: "asked again") == .waits)
        let waiting = try cy.approvals()
        #expect(waiting.count == 1 && waiting[0].wanted.reason == "lost it" && waiting[0].wanted.askedBy == "ann" && !waiting[0].isOwn)
        let id = waiting[0].wanted.id
        #expect(try far.approvals().isEmpty)
        #expect(refusal { try far.approve(id) } == .notFound)
        #expect(refusal { try far.refuse(id) } == .notAllowed || refusal { try far.refuse(id) } == .notFound)
        #expect(refusal { try ann.approve(id) } == .notAllowed, "who asked does not say yes")
        #expect(refusal { try bo.approve(id) } == .notAllowed)
        #expect(refusal { try bo.refuse(id) } == .notAllowed)
        #expect(try links(office) == before)
        try test.verify("waiting")
        try cy.approve(id)
        #expect(try links(office) == before + 1)
        #expect(try cy.approvals().isEmpty)
        #expect(refusal { try cy.approve(id) } == .notFound)
        let letters = try test.office.books.read { books in
            try books.all("SELECT kind FROM letter WHERE voter = $1 ORDER BY id", .integer(voter)) { try $0.text("kind") }
        }
        #expect(letters == ["ballot_ready", "new_link"])
        let decided = try HostileCounter.journal("approval_decided", test)
        #expect(decided.map { $0["by"]?.stringValue } == ["cy"] && decided.map { $0["outcome"]?.stringValue } == ["approved"])
        try test.verify("approved")
    }

    @Test("No, and a change of mind: nothing is done, and the same can be asked for again")
    func no() throws {
        let office = try DeskOffice()
        let ann = try office.desk("ann", .clerk)
        let cy = try office.desk("cy", .supervisor)
        let voter = try office.test.voter("V2")
        try office.changeAddress(of: 2)
        let before = try links(office)
        for (who, outcome) in [(cy, "refused"), (ann, "withdrawn")] {
            #expect(try ann.newLink(for: voter, election: office.springfield, reason: "lost") == .waits)
            try who.refuse(try #require(try who.approvals().first).wanted.id)
            #expect(try HostileCounter.journal("approval_decided", office.test).last?["outcome"]?.stringValue == outcome)
        }
        #expect(try links(office) == before)
        // After three days nobody else is needed.
        office.test.advance(seconds: 73 * 3600)
        let later = try office.desk("di", .clerk)
        #expect(try later.newLink(for: voter, election: office.springfield, reason: "lost") == .made)
        try office.test.verify("three days later")
    }

    @Test("At the command line a second person is needed where there is one, and an office of one goes on")
    func commandLine() throws {
        let office = try DeskOffice()
        let links = LinkDesk(office.test.office)
        let actor = Actor("unix:root")
        try office.changeAddress(of: 2)
        try office.changeAddress(of: 4)
        #expect(try actor.doing { try links.newLink(for: VoterID("V2"), election: DeskOffice.mine, reason: "lost") } == .made)
        _ = try office.signIn("far", .supervisor, jurisdictions: ["99002"])
        #expect(try actor.doing { try links.newLink(for: VoterID("V2"), election: DeskOffice.mine, reason: "lost") } == .made)
        let cy = try office.desk("cy", .supervisor)
        #expect(try actor.doing { try links.newLink(for: VoterID("V4"), election: DeskOffice.mine, reason: "lost") } == .waits)
        try cy.approve(try #require(try cy.approvals().first).wanted.id)
        try office.test.verify("approved")
    }

    @Test("Where the office wants two for a reversal, one asks and another takes the decision back")
    func reversal() throws {
        let office = try DeskOffice(setting: "second_person: [reversal]")
        let ann = try office.desk("ann", .supervisor)
        let cy = try office.desk("cy", .supervisor)
        _ = try ann.receive(try office.code("V1"))
        let piece = try #require(try ann.waiting().shown.first).piece
        #expect(refusal { try ann.reverse(piece, reason: "x") } == .notAllowed, "nothing is decided")
        try ann.decide(piece, .reject(.missingVoterSignature))
        #expect(try ann.reverse(piece, reason: "cured") == .waits)
        #expect(try office.test.status("V1") == "rejected")
        let id = try #require(try ann.approvals().first).wanted.id
        #expect(refusal { try ann.approve(id) } == .notAllowed)
        try office.test.verify("waiting")
        try cy.approve(id)
        #expect(try office.test.status("V1") == "received")
        try office.test.verify("taken back")
        // What cannot be done any more is not approved by halves.
        try ann.decide(piece, .accept)
        #expect(try ann.reverse(piece, reason: "again") == .waits)
        let second = try #require(try cy.approvals().first).wanted.id
        try office.test.office.books.write {
            try $0.execute("UPDATE return_piece SET decision = NULL, reason = NULL, decided_at = NULL WHERE id = $1", .integer(piece))
        }
        #expect(refusal { try cy.approve(second) } == .notAllowed)
        #expect(try cy.approvals().count == 1, "it waits still: nothing of the yes is written")
    }

    @Test("The database refuses a yes of who asked, and the audit names one that was written in")
    func database() throws {
        let office = try DeskOffice()
        let ann = try office.desk("ann", .supervisor)
        try office.changeAddress(of: 2)
        _ = try ann.newLink(for: try office.test.voter("V2"), election: office.springfield, reason: "lost")
        let books = office.test.office.books
        for script in [
            "UPDATE approval SET outcome = 'approved', decided_by = asked_by, decided_at = 5", "UPDATE approval SET asked_by = 'eve'",
            "UPDATE approval SET outcome = 'approved'", "DELETE FROM approval", "UPDATE approval SET kind = 'reversal'"
        ] {
            #expect(throws: StorageError.self, "\(script)") { try books.write { try $0.execute(script) } }
        }
        try office.test.verify("before")
        try office.test.plant("UPDATE approval SET outcome = 'approved', decided_by = 'cy', decided_at = 5", in: books)
        #expect(try Audit(office.test.office).run().findings.contains { $0.subject.hasPrefix("approval ") })
    }
}
