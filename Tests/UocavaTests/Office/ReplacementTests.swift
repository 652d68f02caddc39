import Elections
import Foundation
import Office
import Storage
import Testing

@Suite("Ballots in place of others", .enabled(if: TestOffice.present, "the program is not built"))
struct ReplacementTests {
    private let election = TestOffice.election

    private func refusal(_ body: () throws -> Void) -> OfficeError.Code? {
        do { try body() } catch { return (error as? OfficeError)?.code }
        return nil
    }

    private func replace(_ number: String, _ test: TestOffice) throws -> BallotDesk.Outcome {
        try Actor("unix:root").doing {
            try BallotDesk(test.office).replace(VoterID(number), election: election, reason: "the wrong precinct")
        }
    }

    private func cancel(_ number: String, _ test: TestOffice) throws {
        try Actor("unix:root").doing {
            try BallotDesk(test.office).cancel(VoterID(number), election: election, reason: "registered elsewhere")
        }
    }

    private func packets(_ test: TestOffice) throws -> Int { try test.office.counter.read { try $0.count("SELECT count(*) FROM packet") } }

    /// What comes of the right answer to a link of V1's.
    private func claim(_ token: String, _ test: TestOffice) async throws -> Counter.Claim {
        let counter = Counter(database: test.office.unguardedCounter, clock: test.office.clock)
        let claim = try await counter.claim(token: token, answer: TestOffice.voters[0].birthday)
        await counter.stop()
        return claim
    }

    /// Every ballot of a voter: its status, and the place of the one that it supersedes.
    private func ballots(_ number: String, _ test: TestOffice) throws -> [String] {
        let voter = try test.voter(number)
        return try test.office.books.read { books in
            try books.all(
                """
                SELECT b.status, (SELECT o.sequence FROM ballot o WHERE o.id = b.supersedes) AS old FROM ballot b
                WHERE b.voter = $1 ORDER BY b.sequence
                """, .integer(voter)
            ) { row in
                let old = try row.optionalInteger("old").map { " for \($0)" } ?? ""
                return try row.text("status") + old
            }
        }
    }

    private func letters(_ number: String, _ test: TestOffice) throws -> [String] {
        let voter = try test.voter(number)
        return try test.office.books.read { books in
            try books.all("SELECT kind, state FROM letter WHERE voter = $1 ORDER BY id", .integer(voter)) {
                "\(try $0.text("kind")) \(try $0.text("state"))"
            }
        }
    }

    @Test("A replacement waits for `issue`, which makes one ballot, ends the old one and tells the voter")
    func replacement() async throws {
        let post = try MailOffice()
        let test = post.test
        _ = try post.send()
        let (old, token) = (try test.ballot("V1"), try test.token("V1"))
        #expect(try replace("V1", test) == .queued)
        #expect(refusal { _ = try replace("V1", test) } == .notAllowed, "one waits already")
        #expect(try test.ballot("V1") == old, "the old one stands until then")
        try test.verify("queued")
        #expect(try test.issue { $0.dryRun = true }.buckets[.issued] == 1)
        let result = try test.issue()
        #expect(result.buckets[.issued] == 1 && result.buckets[.alreadyIssued] == TestOffice.due - 1)
        #expect(try ballots("V1", test) == ["replaced", "issued for 1"])
        #expect(try letters("V1", test) == ["ballot_ready sent", "replaced queued", "ballot_ready queued"])
        #expect(try await claim(token, test) == .replaced, "from that moment on")
        try test.verify("replaced")
        let new = try await claim(try test.token("V1"), test)
        #expect(new != .replaced && new != .refused)
        try test.office.catchUp()
        try test.verify("claimed")
        #expect(try test.issue().buckets[.issued] ?? 0 == 0, "made once")
        #expect(try Reports(test.office).reconcile(election: election).mismatches.isEmpty)
    }

    @Test("A ballot that was cancelled opens nothing, is told, and is not issued again by itself; when asked for, it is")
    func cancellation() async throws {
        let post = try MailOffice()
        let test = post.test
        _ = try post.send()
        let token = try test.token("V1")
        try cancel("V1", test)
        #expect(try await claim(token, test) == .replaced)
        #expect(try letters("V1", test) == ["ballot_ready sent", "cancelled queued"])
        #expect(refusal { try cancel("V1", test) } == .notAllowed)
        try test.verify("cancelled")
        let result = try test.issue()
        #expect(result.buckets[.issued] ?? 0 == 0 && result.buckets[.notEligible] == 1)
        #expect(try Reports(test.office).reconcile(election: election).mismatches.isEmpty)
        #expect(try replace("V1", test) == .queued)
        #expect(try test.issue().buckets[.issued] == 1)
        #expect(try ballots("V1", test) == ["cancelled", "issued for 1"])
        try test.verify("and replaced")
    }

    @Test("Who has sent the ballot back gets no other; the envelope that comes first ends the replacement")
    func returned() throws {
        let test = try TestOffice.issued()
        let returns = Returns(test.office)
        let code = try #require(try Reports(test.office).status(election: election, of: "V1").first?.returnCode?.text)
        #expect(try replace("V1", test) == .queued)
        _ = try returns.receive([Returns.Scan(code: code)])
        #expect(try test.issue().buckets[.issued] ?? 0 == 0)
        #expect(try ballots("V1", test) == ["received"])
        #expect(try HostileCounter.journal("replacement_ended", test).map { $0["outcome"]?.stringValue } == ["overtaken"])
        #expect(refusal { _ = try replace("V1", test) } == .notAllowed)
        #expect(refusal { try cancel("V1", test) } == .notAllowed)
        try test.verify("overtaken")
    }

    @Test("What was asked for can be taken back until it is made; a voter without a ballot has none to replace")
    func withdrawal() throws {
        let test = try TestOffice.issued()
        let desk = BallotDesk(test.office)
        #expect(refusal { try desk.withdraw(VoterID("V1"), election: election) } == .notFound)
        #expect(try replace("V1", test) == .queued)
        try desk.withdraw(VoterID("V1"), election: election)
        #expect(try test.issue().buckets[.issued] ?? 0 == 0)
        #expect(try ballots("V1", test) == ["issued"])
        #expect(try replace("V1", test) == .queued, "and be asked for again")
        try desk.withdraw(VoterID("V1"), election: election)
        #expect(refusal { _ = try replace("V10", test) } == .notFound)
        #expect(refusal { _ = try replace("V99", test) } == .notFound)
        #expect(refusal { _ = try desk.replace(VoterID("V1"), election: election, reason: " ") } == .usage)
        try test.verify("taken back")
        test.advance(seconds: 60 * 86_400)
        #expect(refusal { _ = try replace("V1", test) } == .notAllowed, "the links have closed")
    }

    @Test("A row that somebody wrote into the queue brings no ballot, and the audit names it")
    func planted() throws {
        let test = try TestOffice.issued()
        let (voter, ballot) = (try test.voter("V1"), ReportsOffice.hex(try test.ballot("V1")))
        try test.plant(
            """
            INSERT INTO replacement (election, voter, ballot, key_id, sealed, queued_by, queued_at)
            VALUES (1, \(voter), x'\(ballot)', 'k', x'00', 'eve', 5)
            """, in: test.office.books)
        #expect(try test.issue().buckets[.issued] ?? 0 == 0)
        #expect(try Audit(test.office).run().findings.contains { $0.subject.hasPrefix("replacement ") })
    }

    @Test("A replacement that is over and is opened again by hand brings no second ballot")
    func reopened() throws {
        let test = try TestOffice.issued()
        #expect(try replace("V1", test) == .queued)
        try BallotDesk(test.office).withdraw(VoterID("V1"), election: election)
        #expect(try replace("V2", test) == .queued)
        #expect(try test.issue().buckets[.issued] == 1)
        try test.plant("UPDATE replacement SET outcome = NULL, made = NULL, ended_at = NULL", in: test.office.books)
        #expect(try test.issue().buckets[.issued] ?? 0 == 0)
        #expect(try Audit(test.office).run().findings.count { $0.subject.hasPrefix("replacement ") } == 2)
    }

    @Test("An envelope that comes while `issue` runs counts: the ballot in its place is swept, and nobody is told of it")
    func raced() throws {
        // The voter is in the second chunk: the first one's progress is told before that is written.
        let test = try MailOffice(more: 1100).test
        let code = try #require(try Reports(test.office).status(election: election, of: "W1100").first?.returnCode?.text)
        #expect(try replace("W1100", test) == .queued)
        let before = try packets(test)
        var hasCome = false
        let result = try Issuing(test.office).issueDue(Issuing.Order(election: election)) { progress in
            guard progress.done >= 1024, !hasCome else { return }
            hasCome = true
            do { _ = try Returns(test.office).receive([Returns.Scan(code: code)]) } catch { Issue.record(error) }
        }
        #expect(hasCome && result.buckets[.issued] ?? 0 == 0)
        #expect(result.buckets.values.reduce(0, +) == result.total)
        #expect(try ballots("W1100", test) == ["received"])
        #expect(try letters("W1100", test).filter { $0.hasPrefix("ballot_ready") || $0.hasPrefix("replaced") }.count == 1)
        #expect(try packets(test) == before)
        try test.verify("overtaken")
    }

    @Test("Nothing at the counter is taken from a ballot that stands, whatever is written down")
    func plantedTask() async throws {
        let test = try TestOffice.issued()
        let (first, second) = (ReportsOffice.hex(try test.ballot("V1")), ReportsOffice.hex(try test.ballot("V2")))
        try test.office.books.write {
            try $0.executeScript("INSERT INTO counter_task (ballot, task) VALUES (x'\(first)', 'end_links'), (x'\(second)', 'sweep')")
        }
        try test.office.catchUp()
        let claim = try await claim(try test.token("V1"), test)
        #expect(claim != .replaced && claim != .refused)
        try await HostileCounter.claim("V2", test)
        try test.office.catchUp()
        try test.verify("as it was")
    }

    @Test("A crash between the books and the counter leaves the old link to whoever catches up next")
    func crash() async throws {
        let test = try TestOffice.issued()
        let (ballot, token) = (ReportsOffice.hex(try test.ballot("V1")), try test.token("V1"))
        try cancel("V1", test)
        // As it was before the counter was told.
        try test.plant("UPDATE link SET state = 'live' WHERE ballot = x'\(ballot)'", in: test.office.unguardedCounter)
        try test.office.books.write { try $0.executeScript("INSERT INTO counter_task (ballot, task) VALUES (x'\(ballot)', 'end_links')") }
        try test.verify("the audit knows that it is still to be done")
        try test.office.catchUp()
        #expect(try await claim(token, test) == .replaced)
        #expect(try test.office.books.read { try $0.count("SELECT count(*) FROM counter_task") } == 0)
        try test.verify("done")
    }

    @Test("A ballot that its voter has opened is replaced with two people, where the office says so")
    func approval() async throws {
        let office = try DeskOffice(setting: "second_person: [replacement]")
        let test = office.test
        let cy = try office.desk("cy", .supervisor)
        #expect(try replace("V2", test) == .queued, "nobody has opened it")
        try await HostileCounter.claim("V1", test)
        #expect(try replace("V1", test) == .waits)
        #expect(refusal { _ = try replace("V1", test) } == .notAllowed)
        #expect(try test.issue().buckets[.issued] == 1, "that of V2")
        try cy.approve(try #require(try cy.approvals().first).wanted.id)
        #expect(try test.issue().buckets[.issued] == 1)
        #expect(try ballots("V1", test) == ["replaced", "issued for 1"])
        try test.verify("approved and made")
    }

    @Test("A batch of an office that wants two for it waits for a yes, which holds for the roll that was looked at")
    func batch() throws {
        let office = try DeskOffice(setting: "second_person: [batch]")
        let test = office.test
        let cy = try office.desk("cy", .supervisor)
        func issue() throws -> Issuing.Result { try Actor("unix:root").doing { try test.issue() } }
        #expect(try !issue().waits, "nobody is due")
        let rows = (1...13).map { $0 == 13 ? TestOffice.row(1).replacingOccurrences(of: "V1,", with: "V13,") : TestOffice.row($0) }
        _ = try VoterRoll(test.office).importRoll(TestOffice.roll(rows), file: "voters.csv", election: election)
        let first = try issue()
        #expect(first.waits && first.buckets[.issued] == 1 && first.batch == nil)
        #expect(try issue().waits)
        let waiting = try cy.approvals()
        #expect(waiting.count == 1 && waiting[0].wanted.kind == .batch && waiting[0].wanted.askedBy == "unix:root")
        let more = rows + [TestOffice.row(2).replacingOccurrences(of: "V2,", with: "V14,")]
        _ = try VoterRoll(test.office).importRoll(TestOffice.roll(more), file: "voters.csv", election: election)
        try cy.approve(waiting[0].wanted.id)
        #expect(try issue().waits, "the roll is another one by now")
        try test.verify("asked again")
        try cy.approve(try #require(try cy.approvals().first).wanted.id)
        let releasing = try Actor("unix:root").doing { try test.issue { $0.release = [VoterID("V12")] } }
        #expect(releasing.waits, "nobody said yes to a protected voter's ballot")
        try cy.refuse(try #require(try cy.approvals().first).wanted.id)
        let done = try issue()
        #expect(!done.waits && done.buckets[.issued] == 2 && done.batch != nil)
        try test.verify("issued")
        let again = try office.test.issue()
        #expect(!again.waits && again.buckets[.issued] ?? 0 == 0)
        // A yes is good for one batch.
        #expect(try replace("V1", test) == .queued)
        #expect(try issue().waits)
        try test.plant(
            """
            UPDATE approval SET outcome = 'approved', decided_by = 'eve', decided_at = 5, basis = (SELECT basis FROM approval WHERE outcome IS NULL)
                WHERE outcome IS NULL OR outcome = 'approved'
            """, in: test.office.books)
        #expect(try issue().waits, "a yes that the journal does not tell of is none")
    }

    @Test("At the desk a clerk asks for another ballot and takes it back; a supervisor cancels and releases; nobody reaches another county")
    func desk() throws {
        let office = try DeskOffice()
        let (test, place) = (office.test, office.springfield)
        let bo = try office.desk("bo", .clerk, jurisdictions: ["99001"])
        let ann = try office.desk("ann", .supervisor, jurisdictions: ["99001"])
        let eve = try office.desk("eve", .auditor)
        let voter = try test.voter("V1")
        #expect(try bo.replace(voter, election: place, reason: "the wrong precinct") == .queued)
        let waiting = try #require(try bo.voter(voter, election: place).replacement)
        #expect(waiting.queuedBy == "bo" && waiting.reason == "the wrong precinct")
        try bo.withdrawReplacement(of: voter, election: place)
        #expect(try bo.voter(voter, election: place).replacement == nil)
        #expect(refusal { try bo.cancel(voter, election: place, reason: "x") } == .notAllowed)
        #expect(refusal { _ = try eve.replace(voter, election: place, reason: "x") } == .notAllowed)
        for refused in [
            refusal { _ = try ann.replace(voter, election: office.shelbyville, reason: "x") },
            refusal { try ann.withdrawReplacement(of: voter, election: office.shelbyville) },
            refusal { try ann.cancel(voter, election: office.shelbyville, reason: "x") },
            refusal { try ann.release(voter, election: office.shelbyville) }
        ] { #expect(refused == .notFound) }
        #expect(refusal { try ann.cancel(voter, election: place, reason: " ") } == .badInput)
        try ann.cancel(voter, election: place, reason: "moved away")
        let page = try ann.voter(voter, election: place)
        #expect(page.standing == nil && page.ballots.first?.status == .cancelled)
        #expect(page.history.contains { $0.kind == "cancelled" && $0.by == "ann" && $0.words == "moved away" })
        let hidden = try test.voter("V12")
        #expect(refusal { try ann.release(voter, election: place) } == .notFound, "that voter is not protected")
        #expect(refusal { try bo.release(hidden, election: place) } == .notAllowed)
        try ann.release(hidden, election: place)
        #expect(try ann.voter(hidden, election: place).isReleased)
        #expect(try test.issue().buckets[.issued] == 1, "the protected voter's; the one that was cancelled stays so")
        try test.verify("at the desk")
    }
}
