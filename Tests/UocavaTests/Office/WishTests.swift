import Elections
import Foundation
import Keys
import Office
import Storage
import Testing

@Suite("New links that nobody at the office made", .enabled(if: TestOffice.present, "the program is not built"))
struct WishTests {
    private func letters(_ number: String, _ test: TestOffice) throws -> Int {
        let ballot = try test.ballot(number)
        return try test.office.books.read {
            try $0.count("SELECT count(*) FROM letter WHERE kind = 'new_link' AND ballot = $1", .blob(ballot))
        }
    }

    private func open(_ kind: String, _ number: String, _ test: TestOffice) throws -> String? {
        let voter = try test.voter(number)
        return try test.office.books.read {
            try $0.first(
                "SELECT detail FROM exception WHERE kind = $2 AND voter = $1 AND cleared_at IS NULL", .integer(voter), .text(kind)
            ) { try $0.text("detail") }
        }
    }

    /// A claim, then the right answer again, and the wish.
    private func wish(_ number: String, _ test: TestOffice, token: String? = nil) async throws -> Counter.WishOutcome {
        let counter = Counter(database: test.office.unguardedCounter, clock: test.office.clock)
        let token = try token ?? test.token(number)
        let ticket = try #require(counter.wishTicket(token: token))
        let outcome = try await counter.wish(token: token, ticket: ticket)
        await counter.stop()
        return outcome
    }

    private func serve(_ test: TestOffice) throws -> WishDesk.Summary {
        try test.office.catchUp()
        return try WishDesk(test.office).serve()
    }

    @Test("A wish is granted once: the old link dies, the letter goes to the address on file, and the new link opens the ballot")
    func granted() async throws {
        let test = try TestOffice.issued()
        try await HostileCounter.claim("V1", test)
        let old = try test.token("V1")
        #expect(try await wish("V1", test) == .noted)
        #expect(try serve(test) == WishDesk.Summary(mailed: 1))
        #expect(try serve(test) == WishDesk.Summary())
        #expect(try letters("V1", test) == 1)
        let new = try test.token("V1")
        #expect(new != old)
        let counter = Counter(database: test.office.unguardedCounter, clock: test.office.clock)
        let birthday = TestOffice.voters[0].birthday
        #expect(try await counter.claim(token: old, answer: birthday) == .replaced)
        guard case .opened = try await counter.claim(token: new, answer: birthday) else {
            Issue.record("it does not open")
            return
        }
        await counter.stop()
        try test.office.catchUp()
        try test.verify("after a wish")
    }

    @Test("Three new links in a day, whoever asks; what is more is not mailed")
    func atMostThree() async throws {
        let test = try TestOffice.issued()
        try await HostileCounter.claim("V1", test)
        let old = try test.token("V1")
        try LinkDesk(test.office).newLink(for: VoterID("V1"), election: TestOffice.election, reason: "asked by telephone")
        for _ in 0..<3 {
            #expect(try await wish("V1", test, token: old) == .noted)
            test.advance(seconds: 1)
        }
        #expect(try await wish("V1", test, token: old) == .tooMany)
        #expect(try serve(test) == WishDesk.Summary(mailed: 2, refused: 1))
        #expect(try letters("V1", test) == 3)
        // A counter in other hands does not keep to three.
        let rows = (0..<20).map { _ in
            "INSERT INTO wish (at, ballot, link) VALUES (\(test.now.milliseconds), BALLOT(V1), LINK(V1));"
        }.joined()
        try HostileCounter.run(rows, on: test)
        #expect(try serve(test) == WishDesk.Summary(refused: 20))
        #expect(try letters("V1", test) == 3)
        test.advance(seconds: 86_401)
        #expect(try await wish("V1", test, token: old) == .noted)
        #expect(try serve(test) == WishDesk.Summary(mailed: 1))
        try test.verify("after many wishes")
    }

    @Test("Wishes that cannot be are passed over and change nothing: foreign links, other ballots, wrong times, rubbish")
    func impossible() async throws {
        let test = try TestOffice.issued()
        let before = try HostileCounter.voters(test)
        let now = test.now.milliseconds
        try HostileCounter.run(
            """
            INSERT INTO wish (at, ballot, link) VALUES (\(now), randomblob(16), randomblob(16)), (\(now), BALLOT(V1), LINK(V2)),
                (\(now), BALLOT(V1), randomblob(16)), (\(now + 86_400_000), BALLOT(V1), LINK(V1)), (5, BALLOT(V1), LINK(V1)),
                ('x', 'y', 'z'), (\(now), zeroblob(1), zeroblob(100000));
            """, on: test)
        #expect(try serve(test).mailed == 0)
        #expect(try HostileCounter.voters(test) == before)
        #expect(try test.office.books.read { try $0.count("SELECT count(*) FROM letter WHERE kind = 'new_link'") } == 0)
        // They do not keep a real one waiting.
        try await HostileCounter.claim("V3", test)
        #expect(try await wish("V3", test) == .noted)
        #expect(try serve(test).mailed == 1)
    }

    @Test("A form that is sent twice is one wish; another right answer makes another")
    func twice() async throws {
        let test = try TestOffice.issued()
        try await HostileCounter.claim("V1", test)
        let token = try test.token("V1")
        let counter = try test.counter()
        let ticket = try #require(counter.wishTicket(token: token))
        for _ in 0..<5 {
            test.advance(seconds: 1)
            #expect(try await counter.wish(token: token, ticket: ticket) == .noted)
        }
        #expect(try test.office.counter.read { try $0.count("SELECT count(*) FROM wish") } == 1)
        #expect(try await counter.wish(token: token, ticket: "+\(ticket)") == .refused)
        let other = try #require(counter.wishTicket(token: token))
        #expect(try await counter.wish(token: token, ticket: other) == .noted)
        #expect(try test.office.counter.read { try $0.count("SELECT count(*) FROM wish") } == 2)
        await counter.stop()
    }

    @Test("One wish whose packet is gone at the counter, and wishes dated ahead, keep no other voter waiting")
    func blocked() async throws {
        let test = try TestOffice.issued()
        for number in ["V1", "V3", "V5"] { try await HostileCounter.claim(number, test) }
        let now = test.now.milliseconds
        try HostileCounter.run(
            """
            PRAGMA foreign_keys = OFF;
            INSERT INTO wish (at, ballot, link) VALUES (\(now), BALLOT(V1), LINK(V1)), (\(now + 9_000_000_000_000), BALLOT(V3), LINK(V3)),
                (\(now + 9_000_000_000_000), BALLOT(V3), LINK(V3)), (\(now + 9_000_000_000_000), BALLOT(V3), LINK(V3));
            DELETE FROM packet WHERE ballot = BALLOT(V1);
            """, on: test)
        test.advance(seconds: 1)
        #expect(try await wish("V3", test) == .noted)
        #expect(try await wish("V5", test) == .noted)
        #expect(try serve(test) == WishDesk.Summary(mailed: 2, listed: 1, refused: 3))
        #expect(try open("needs_new_link", "V1", test)?.contains("its packet is not at the counter") == true)
        #expect(try HostileCounter.findings(test).contains { $0.contains("3 wishes for a new link at impossible times") })
    }

    @Test("Numbers that were pushed ahead and set back swallow no wish")
    func rewound() async throws {
        let test = try TestOffice.issued()
        for number in ["V1", "V3", "V5"] { try await HostileCounter.claim(number, test) }
        try HostileCounter.run(
            "INSERT INTO wish (seq, at, ballot, link) VALUES (1000000, \(test.now.milliseconds), BALLOT(V1), LINK(V1))", on: test)
        #expect(try serve(test) == WishDesk.Summary(mailed: 1))
        try HostileCounter.run(
            """
            UPDATE wish SET seq = 1; UPDATE sqlite_sequence SET seq = 1 WHERE name = 'wish';
            """, on: test)
        test.advance(seconds: 1)
        #expect(try await wish("V3", test) == .noted)
        #expect(try await wish("V5", test) == .noted)
        #expect(try serve(test) == WishDesk.Summary(mailed: 2))
        #expect(try letters("V1", test) == 1)
        // Nor by the next looks, where all that is left was granted before.
        try HostileCounter.run("UPDATE sqlite_sequence SET seq = 1 WHERE name = 'wish'; DELETE FROM wish WHERE seq > 1;", on: test)
        for _ in 0..<2 { #expect(try serve(test) == WishDesk.Summary()) }
        #expect(try letters("V1", test) == 1)
    }

    @Test("A flood of wishes that nobody can have is passed over in one look, writes one mark, and keeps no real one waiting")
    func flood() async throws {
        let test = try TestOffice.issued()
        try await HostileCounter.claim("V3", test)
        try HostileCounter.run(
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 15000)
            INSERT INTO wish (at, ballot, link) SELECT \(test.now.milliseconds), randomblob(16), randomblob(16) FROM n;
            """, on: test)
        #expect(try await wish("V3", test) == .noted)
        let before = try HostileCounter.count("SELECT wishes_known FROM office", test)
        #expect(try serve(test) == WishDesk.Summary(mailed: 1, refused: 15_000))
        #expect(try HostileCounter.count("SELECT wishes_known FROM office", test) == before + 15_001)
        let found = try HostileCounter.findings(test)
        #expect(found.contains { $0.contains("It has 15000 wishes for a new link on links that this office did not make.") }, "\(found)")
        // They are told of at the next look, and then for ten minutes no more.
        let log = WebTestLog()
        let watch = OfficeWatch()
        watch.refused(wishes: 15_000)
        try watch.look(at: test.office, log.logger)
        watch.refused(wishes: 3)
        try watch.look(at: test.office, log.logger)
        #expect(log.lines.count == 1)
        #expect(log.lines[0].contains("no voter can have asked for") && log.lines[0].contains("count=15000"))
        test.advance(seconds: 601)
        try watch.look(at: test.office, log.logger)
        #expect(log.lines.count == 2 && log.lines[1].contains("count=3"))
    }

    @Test("A counter that was put back from a copy, with its numbers, does not swallow the wishes that follow")
    func putBack() async throws {
        let test = try TestOffice.issued()
        try await HostileCounter.claim("V1", test)
        try await HostileCounter.claim("V2", test)
        #expect(try await wish("V1", test) == .noted)
        #expect(try serve(test).mailed == 1)
        try HostileCounter.run("DELETE FROM wish; DELETE FROM sqlite_sequence WHERE name = 'wish';", on: test)
        #expect(try serve(test) == WishDesk.Summary())
        #expect(try await wish("V2", test) == .noted)
        #expect(try serve(test).mailed == 1)
    }

    @Test("Within three days of a change of the address no link is mailed by itself: a person is told")
    func changedAddress() async throws {
        let test = try TestOffice.issued()
        try await HostileCounter.claim("V1", test)
        try test.office.books.write { try $0.execute("UPDATE letter SET state = 'sent', ended_at = queued_at, lease_until = NULL") }
        _ = try VoterRoll(test.office).importRoll(
            TestOffice.roll([TestOffice.row(1, email: "thief@example.org")]), file: "voters.csv", election: TestOffice.election)
        #expect(try await wish("V1", test) == .noted)
        #expect(try serve(test) == WishDesk.Summary(listed: 1))
        #expect(try letters("V1", test) == 0)
        #expect(try open("needs_new_link", "V1", test)?.contains("less than 72 hours ago") == true)
        test.advance(seconds: 73 * 3600)
        #expect(try await wish("V1", test) == .noted)
        #expect(try serve(test) == WishDesk.Summary(mailed: 1))
        #expect(try open("needs_new_link", "V1", test) == nil)
    }

    @Test("A link that was guessed at is retired, a fresh one is mailed, at most one a day, and the office is told")
    func retired() async throws {
        let test = try TestOffice.issued()
        func guess() async throws {
            let counter = Counter(database: test.office.unguardedCounter, clock: test.office.clock)
            for _ in 0..<30 {
                _ = try await counter.claim(token: try test.token("V1"), answer: "1900-01-01")
                test.advance(seconds: 7201)
            }
            await counter.stop()
        }
        try await guess()
        #expect(try serve(test) == WishDesk.Summary(mailed: 1))
        #expect(try serve(test) == WishDesk.Summary())
        #expect(try letters("V1", test) == 1)
        #expect(try open("link_retired", "V1", test)?.contains("A new one was mailed") == true)
        // The fresh one is guessed at as well, within the day.
        let first = test.now
        let fresh = try test.token("V1")
        try HostileCounter.run(
            """
            UPDATE link SET state = 'retired' WHERE ballot = BALLOT(V1) AND state = 'live';
            INSERT INTO counter_event (at, kind, ballot, link) VALUES (\(test.now.milliseconds), 'retired', BALLOT(V1), LINK(V1));
            """, on: test)
        #expect(try serve(test) == WishDesk.Summary())
        #expect(try test.token("V1") == fresh)
        test.advance(seconds: 86_401 - (test.now.milliseconds - first.milliseconds) / 1000)
        #expect(try serve(test) == WishDesk.Summary(mailed: 1))
        let counter = Counter(database: test.office.unguardedCounter, clock: test.office.clock)
        guard case .opened = try await counter.claim(token: try test.token("V1"), answer: TestOffice.voters[0].birthday) else {
            Issue.record("it does not open")
            return
        }
        await counter.stop()
        try test.office.catchUp()
        #expect(try open("link_retired", "V1", test) == nil)
        try test.verify("after two retirements")
    }

    /// Thirty wrong answers, as they leave a link.
    private func retire(_ numbers: [String], _ test: TestOffice) throws {
        let script = numbers.map { number in
            """
            UPDATE link SET state = 'retired' WHERE ballot = BALLOT(\(number)) AND state = 'live';
            INSERT INTO counter_event (at, kind, ballot, link)
                VALUES (\(test.now.milliseconds), 'retired', BALLOT(\(number)), LINK(\(number)));
            """
        }
        try HostileCounter.run(script.joined(), on: test)
        try test.office.catchUp()
    }

    @Test("Retired links that can have no new one keep nobody busy: the ballot is back, the links have closed, or somebody was told")
    func nothingToDo() async throws {
        let test = try TestOffice.issued()
        try retire(["V1", "V2"], test)
        let code = try #require(try Reports(test.office).status(election: TestOffice.election, of: "V1").first?.returnCode?.text)
        _ = try Returns(test.office).receive([Returns.Scan(code: code)])
        try test.office.books.write {
            try $0.execute("UPDATE letter SET state = 'sent', ended_at = queued_at, lease_until = NULL WHERE ended_at IS NULL")
        }
        _ = try VoterRoll(test.office).importRoll(
            TestOffice.roll([TestOffice.row(2, email: "new@example.org")]), file: "voters.csv", election: TestOffice.election)
        // The change of the address has put V2 on the list already.
        #expect(try open("needs_new_link", "V2", test) != nil)
        for _ in 0..<3 { #expect(try serve(test) == WishDesk.Summary()) }
        try retire(["V3"], test)
        test.advance(seconds: 90 * 86_400)
        for _ in 0..<3 { #expect(try serve(test) == WishDesk.Summary()) }
        #expect(try letters("V3", test) == 0)
    }

    @Test("A ballot that is back needs no link, and its voter no line on the list")
    func back() async throws {
        let test = try TestOffice.issued()
        try await HostileCounter.claim("V1", test)
        #expect(try await wish("V1", test) == .noted)
        try test.office.catchUp()
        let code = try #require(try Reports(test.office).status(election: TestOffice.election, of: "V1").first?.returnCode?.text)
        _ = try Returns(test.office).receive([Returns.Scan(code: code)])
        #expect(try serve(test) == WishDesk.Summary())
        #expect(try letters("V1", test) == 0)
        #expect(try open("needs_new_link", "V1", test) == nil)
    }
}
