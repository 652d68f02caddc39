import Elections
import Foundation
import Keys
import Office
import Storage
import Testing

@Suite("A hostile counter: links and packets", .enabled(if: TestOffice.present, "the program is not built"))
struct HostileLinksTests {
    private let stranger = String(repeating: "ab", count: 16)

    /// An office that has issued: V2's ballot is back and accepted, V4's voter has no address any more.
    private func office() throws -> TestOffice {
        let test = try TestOffice()
        try test.issue()
        test.advance(seconds: 86_400)
        let reports = try code("V2", test)
        _ = try Returns(test.office).receive([Returns.Scan(code: reports)])
        _ = try Returns(test.office).decide(reports, .accept)
        return test
    }

    private func code(_ number: String, _ test: TestOffice) throws -> String {
        try #require(try Reports(test.office).status(election: TestOffice.election, of: number).first?.returnCode?.text)
    }

    @Test("Forged links and packets send no letter, replace no link and stop nothing; they are counted once and named by the audit")
    func forged() throws {
        let test = try office()
        let before = try HostileCounter.voters(test)
        try HostileCounter.run(
            HostileCounter.forgedLink("V1") + HostileCounter.forgedLink("V2") + HostileCounter.forgedLink("V3", state: "retired")
                + HostileCounter.forgedPacket("x'\(stranger)'")
                + HostileCounter.forgedPacket("x'\(stranger.replacing("ab", with: "cd"))'", election: "77")
                    + """
                    INSERT INTO link (id, lookup, ballot, answer, wrap, closes_at, made_at, state)
                    SELECT randomblob(16), randomblob(16), x'\(stranger)', answer, wrap, closes_at, made_at, 'live' FROM link LIMIT 1;
                    INSERT INTO visit SELECT randomblob(16), id, randomblob(32), wrap, 5, 6, NULL FROM link WHERE ballot = x'\(stranger)';
                    INSERT INTO served SELECT id, 'pdf', '0-10' FROM link WHERE ballot = x'\(stranger)';
                    """, on: test)
        #expect(try test.issue().buckets[.issued] == nil)
        #expect(try HostileCounter.voters(test) == before)
        let told = try HostileCounter.journal("interrupted_cleared", test)
        #expect(told.count == 1)
        let counts: [Int64?] = ["links", "packets", "foreign_links", "foreign_packets"].map { told.first?[$0]?.integerValue }
        #expect(counts == [0, 0, 4, 2])
        // Once: the marks have passed them.
        try test.issue()
        try LinkDesk(test.office).newLink(for: VoterID("V3"), election: TestOffice.election, reason: "lost")
        #expect(try HostileCounter.journal("interrupted_cleared", test).count == 1)
        #expect(try HostileCounter.count("SELECT count(*) FROM letter WHERE link IS NOT NULL", test) == TestOffice.due + 1)
        let found = try HostileCounter.findings(test)
        #expect(found.count { $0.contains("The counter has it, and this office did not make it") } == 4)
        for ballot in [stranger, stranger.replacing("ab", with: "cd")] {
            #expect(found.contains { $0.contains("packet: ballot \(ballot)") || $0.contains("packet: \(ballot)") }, "\(found)")
        }
        #expect(try test.office.unguardedCounter.read { try $0.count("SELECT count(*) FROM link WHERE made_at > 0") } == TestOffice.due + 5)
    }

    @Test("Forged rows above the marks are told by audit and reconcile before anybody runs issue")
    func named() throws {
        let test = try office()
        try HostileCounter.run(HostileCounter.forgedLink("V1") + HostileCounter.forgedPacket("x'\(stranger)'"), on: test)
        let found = try HostileCounter.findings(test)
        #expect(found.contains { $0.hasPrefix("5 links: link ") && $0.contains("this office did not make it") })
        #expect(found.contains { $0.hasPrefix("4 packet: ballot \(stranger)") })
        #expect(!found.contains { $0.contains("An interrupted run left") }, "\(found)")
    }

    @Test("Rows of odd kinds above the marks stop neither issue nor new-link")
    func oddKinds() throws {
        let test = try office()
        let before = try HostileCounter.voters(test)
        try HostileCounter.run(
            """
            INSERT INTO link (id, lookup, ballot, answer, wrap, closes_at, made_at, state)
            VALUES ('sixteen letters!', 'sixteen letters!', BALLOT(V1), 5, 'x', 'never', 'now', 'odd'), (NULL + 7, 8, BALLOT(V3), 5, '', 'a', 'b', 'c');
            INSERT INTO packet (ballot, election, base, sha256, length, tracking, issued_at, sealed)
            SELECT 'sixteen letters!', 'x', base, 'y', 'z', 'w', 'v', 'u' FROM packet LIMIT 1;
            """.replacingOccurrences(of: "NULL + 7", with: "7"), on: test)
        try test.issue()
        #expect(try HostileCounter.voters(test) == before)
        try LinkDesk(test.office).newLink(for: VoterID("V5"), election: TestOffice.election, reason: "lost")
        #expect(try HostileCounter.findings(test).isEmpty == false)
    }

    @Test("A flood of forged links is one line in the journal")
    func flood() throws {
        let test = try office()
        let journal = try HostileCounter.count("SELECT count(*) FROM journal", test)
        try HostileCounter.run(
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
            INSERT INTO link (id, lookup, ballot, answer, wrap, closes_at, made_at, state)
            SELECT randomblob(16), randomblob(16), l.ballot, l.answer, l.wrap, l.closes_at, l.made_at, 'replaced' FROM n, link l
            WHERE l.ballot = BALLOT(V1);
            """, on: test)
        try test.issue()
        #expect(try HostileCounter.count("SELECT count(*) FROM journal", test) == journal + 1)
        #expect(try HostileCounter.count("SELECT count(*) FROM letter WHERE link IS NOT NULL", test) == TestOffice.due)
    }

    @Test("Numbers that were pushed ahead and taken back hide no leftover")
    func numbers() throws {
        let test = try office()
        try HostileCounter.run(HostileCounter.forgedLink("V1", seq: "1000000000000"), on: test)
        try test.issue()
        try HostileCounter.run(
            "DELETE FROM link WHERE seq = 1000000000000; UPDATE sqlite_sequence SET seq = (SELECT max(seq) FROM link) WHERE name = 'link';",
            on: test)
        let crashed = try HostileCounter.interrupted(test) {
            try LinkDesk($0.office).newLink(for: VoterID("V5"), election: TestOffice.election, reason: "lost")
        }
        try crashed.issue()
        try crashed.verify("the replacement is finished")
        #expect(
            try crashed.office.unguardedCounter.read { try $0.count("SELECT count(*) FROM link WHERE state = 'live'") } == TestOffice.due)
    }

    // MARK: Honest leftovers

    @Test("A batch broken off between the databases is swept away, visits and all")
    func batch() throws {
        let test = try TestOffice()
        let crashed = try HostileCounter.interrupted(test) { try $0.issue() }
        #expect(try crashed.office.unguardedCounter.read { try $0.count("SELECT count(*) FROM packet") } == TestOffice.due)
        let left = try HostileCounter.findings(crashed)
        #expect(left.count == 1 && left[0].contains("An interrupted run left 9 packets and 9 links"), "\(left)")
        try HostileCounter.run(
            """
            INSERT INTO visit SELECT randomblob(16), id, randomblob(32), wrap, 5, 6, NULL FROM link;
            INSERT INTO served SELECT id, 'pdf', '0-10' FROM link;
            """, on: crashed)
        #expect(try crashed.issue().buckets[.issued] == TestOffice.due)
        #expect(try crashed.office.unguardedCounter.read { try $0.count("SELECT count(*) FROM packet") } == TestOffice.due)
        #expect(try crashed.office.unguardedCounter.read { try $0.count("SELECT count(*) FROM visit") } == 0)
        try crashed.verify()
    }

    @Test("A replacement broken off is finished once, and nothing of it is left; its row put back makes no second letter")
    func replacement() async throws {
        let test = try office()
        let crashed = try HostileCounter.interrupted(test) {
            try LinkDesk($0.office).newLink(for: VoterID("V5"), election: TestOffice.election, reason: "lost")
        }
        try HostileCounter.run("CREATE TABLE kept AS SELECT * FROM link ORDER BY seq DESC LIMIT 1", on: crashed)
        let copy = try crashed.office.unguardedCounter.read { counter in
            try counter.first("SELECT hex(id) AS id, hex(lookup) AS lookup, hex(wrap) AS wrap FROM kept") {
                (id: try $0.text("id"), lookup: try $0.text("lookup"), wrap: try $0.text("wrap"))
            }
        }
        let kept = try #require(copy)
        try HostileCounter.run("DROP TABLE kept", on: crashed)
        try crashed.issue()
        #expect(try HostileCounter.count("SELECT count(*) FROM letter WHERE link IS NOT NULL", crashed) == TestOffice.due + 1)
        try crashed.verify("finished")
        try await HostileCounter.claim("V5", crashed)
        let before = try HostileCounter.voters(crashed)
        try HostileCounter.run(
            """
            DELETE FROM link WHERE id = x'\(kept.id)';
            INSERT INTO link (id, lookup, ballot, answer, wrap, closes_at, made_at, state)
            SELECT x'\(kept.id)', x'\(kept.lookup)', ballot, answer, x'\(kept.wrap)', closes_at, made_at, 'live' FROM link
            WHERE ballot = BALLOT(V5) LIMIT 1
            """, on: crashed)
        try crashed.issue()
        try crashed.office.catchUp()
        let after = try HostileCounter.voters(crashed)
        #expect(after[0] == before[0])
        #expect(after[1] == before[1])
    }

    @Test("A leftover that was moved to another ballot, or whose wrap was exchanged, is none of ours", arguments: ["ballot", "wrap"])
    func moved(_ column: String) throws {
        let test = try office()
        let crashed = try HostileCounter.interrupted(test) {
            try LinkDesk($0.office).newLink(for: VoterID("V5"), election: TestOffice.election, reason: "lost")
        }
        let value = column == "ballot" ? "BALLOT(V6)" : "(SELECT wrap FROM link WHERE ballot = BALLOT(V6))"
        try HostileCounter.run(
            "UPDATE link SET state = 'replaced', \(column) = \(value) WHERE seq = (SELECT max(seq) FROM link)", on: crashed)
        let before = try HostileCounter.voters(crashed)
        try crashed.issue()
        #expect(try HostileCounter.voters(crashed) == before)
    }

    @Test("A replacement that cannot be finished is ended and on the exception list, and the one after it is finished")
    func unfinished() throws {
        let test = try office()
        let crashed = try HostileCounter.interrupted(test) {
            for number in ["V4", "V5", "V6"] {
                try LinkDesk($0.office).newLink(for: VoterID(number), election: TestOffice.election, reason: "lost")
            }
        }
        let returned = try code("V5", crashed)
        _ = try Returns(crashed.office).receive([Returns.Scan(code: returned)])
        _ = try VoterRoll(crashed.office).importRoll(
            TestOffice.roll([TestOffice.row(4).replacing("v4@example.org", with: "")]), file: "voters.csv", election: TestOffice.election)
        try crashed.issue()
        let live = try crashed.office.unguardedCounter.read { counter in
            try counter.all("SELECT ballot FROM link WHERE state = 'live'") { try $0.blob("ballot") }
        }
        #expect(!live.contains(try crashed.ballot("V4")))
        #expect(!live.contains(try crashed.ballot("V5")))
        #expect(live.contains(try crashed.ballot("V6")))
        #expect(try HostileCounter.count("SELECT count(*) FROM letter WHERE link IS NOT NULL", crashed) == TestOffice.due + 1)
        let listed = try Reports(crashed.office).exceptions(election: TestOffice.election).filter { $0.kind == "needs_new_link" }
        #expect(Set(listed.compactMap { $0.voterID?.text }) == ["V4", "V5"])
        #expect(try HostileCounter.journal("interrupted_cleared", crashed).isEmpty == false)
        try crashed.issue()
        #expect(try HostileCounter.count("SELECT count(*) FROM letter WHERE link IS NOT NULL", crashed) == TestOffice.due + 1)
        // V4 has nothing to open a ballot with, which somebody must mend; the ends of the old links are in the journal.
        let found = try HostileCounter.findings(crashed)
        #expect(found.contains("5 links: V4: The voter has no link, and has not opened the ballot."))
        #expect(!found.contains { $0.hasPrefix("2 journal: link") }, "\(found)")
    }
}
