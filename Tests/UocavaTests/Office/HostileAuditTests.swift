import Elections
import Foundation
import Keys
import Office
import Storage
import Testing

@Suite("A hostile counter: what the audit names", .enabled(if: TestOffice.present, "the program is not built"))
struct HostileAuditTests {
    /// V1 and V3 were delivered, V4 is accepted, V5 to V9 wait; V9's link is retired.
    static let plants: [(name: String, finds: String, script: String)] = [
        ("a trigger is added", "7 growth: counter.sqlite", "CREATE TRIGGER more AFTER UPDATE ON link BEGIN DELETE FROM served; END"),
        ("a view is added", "7 growth: counter.sqlite", "CREATE VIEW more AS SELECT * FROM link"),
        ("a table is added", "7 growth: counter.sqlite", "CREATE TABLE more (link BLOB)"),
        ("an index is added", "7 growth: counter.sqlite", "CREATE UNIQUE INDEX more ON link (ballot)"),
        ("a table is made anew", "7 growth: counter.sqlite", "DROP TABLE served; CREATE TABLE served (link BLOB, file TEXT, ranges TEXT)"),
        ("an answer is exchanged", "5 links: link LINK(V5)", "UPDATE link SET answer = randomblob(32) WHERE ballot = BALLOT(V5)"),
        (
            "an answer is another voter's", "5 links: link LINK(V5)",
            "UPDATE link SET answer = (SELECT answer FROM link WHERE ballot = BALLOT(V6)) WHERE ballot = BALLOT(V5)"
        ),
        ("a link closes later", "5 links: link LINK(V5)", "UPDATE link SET closes_at = closes_at + 86400000 WHERE ballot = BALLOT(V5)"),
        ("a link closes never", "5 links: link LINK(V5)", "UPDATE link SET closes_at = 'never' WHERE ballot = BALLOT(V5)"),
        ("a link is retired without its event", "5 links: link LINK(V5)", "UPDATE link SET state = 'retired' WHERE ballot = BALLOT(V5)"),
        ("a retired link is live again", "5 links: link LINK(V9)", "UPDATE link SET state = 'live', tries = 0 WHERE ballot = BALLOT(V9)"),
        ("a link rests for ever", "5 links: link LINK(V5)", "UPDATE link SET locked_until = 4102444800000 WHERE ballot = BALLOT(V5)"),
        ("a link rests at a word", "5 links: link LINK(V5)", "UPDATE link SET locked_until = 'ever' WHERE ballot = BALLOT(V5)"),
        ("a link has more tries than it may", "5 links: link LINK(V5)", "UPDATE link SET tries = 1000 WHERE ballot = BALLOT(V5)"),
        ("a visit lives longer", "5 links: link LINK(V1)", "UPDATE visit SET expires_at = expires_at + 1 WHERE link = LINK(V1)"),
        (
            "a visit begins at another time", "5 links: link LINK(V1)",
            "UPDATE visit SET expires_at = expires_at + 5000, opened_at = opened_at + 5000 WHERE link = LINK(V1)"
        ),
        ("a link was made at another time", "5 links: link LINK(V5)", "UPDATE link SET made_at = made_at - 1 WHERE ballot = BALLOT(V5)"),
        ("a claim is dated anew", "5 links: link LINK(V1)", "UPDATE link SET claimed_at = claimed_at + 1 WHERE ballot = BALLOT(V1)"),
        ("a claim is dated with a word", "5 links: link LINK(V1)", "UPDATE link SET claimed_at = 'today' WHERE ballot = BALLOT(V1)"),
        ("an unclaimed link has a time of its claim", "5 links: link LINK(V5)", "UPDATE link SET claimed_at = 5 WHERE ballot = BALLOT(V5)"),
        (
            "a packet was issued at another time", "4 packet: ballot ID(V5)",
            "DROP TRIGGER packet_frozen; UPDATE packet SET issued_at = issued_at - 1 WHERE ballot = BALLOT(V5)"
        ),
        (
            "a delivery is dated anew", "8 delivery: ballot ID(V1)",
            "UPDATE packet SET delivered_at = delivered_at + 1 WHERE ballot = BALLOT(V1)"
        ),
        ("a step is missing", "7 growth: step", "DELETE FROM step WHERE ballot = BALLOT(V4) AND kind = 'received'"),
        ("a step is dated anew", "7 growth: step", "UPDATE step SET at = at + 1 WHERE ballot = BALLOT(V4) AND kind = 'received'"),
        (
            "a step says something else", "7 growth: step",
            "UPDATE step SET kind = 'rejected' WHERE ballot = BALLOT(V4) AND kind = 'accepted'"
        ),
        (
            "a step has a reason that the office did not give", "7 growth: step",
            "UPDATE step SET sealed = randomblob(40) WHERE ballot = BALLOT(V4)"
        ),
        ("a step is added", "7 growth: step", "INSERT INTO step VALUES (BALLOT(V5), 3, 'accepted', 5, NULL)"),
        ("a step is added ahead of the journal", "7 growth: step", "INSERT INTO step VALUES (BALLOT(V5), 999999, 'accepted', 5, NULL)"),
        ("a step of odd kinds is added", "7 growth: step", "INSERT INTO step VALUES ('x', 'y', 5, 'z', 7)"),
        (
            "the notice says something else", "7 growth: counter.sqlite",
            "UPDATE notice SET text = replace(text, 'uocava@elections.example.gov', 'thief@example.com')"
        ),
        ("the notice is gone", "7 growth: counter.sqlite", "DELETE FROM notice"),
        (
            "the election's text says something else", "7 growth: counter.sqlite",
            "UPDATE election SET text = replace(text, 'General Election', 'No Election')"
        ),
        ("an election is added", "7 growth: counter.sqlite", "INSERT INTO election (id, text) VALUES (99, '{}')")
    ]

    @Test("A change that only the counter's owner can make is named", arguments: plants.indices)
    func planted(_ index: Int) async throws {
        let plant = Self.plants[index]
        let test = try await office()
        try HostileCounter.run(plant.script, on: test)
        var expected = plant.finds
        for number in 1...9 {
            expected = expected.replacingOccurrences(of: "ID(V\(number))", with: ReportsOffice.hex(try test.ballot("V\(number)")))
            expected = expected.replacingOccurrences(
                of: "LINK(V\(number))", with: ReportsOffice.hex(try HostileCounter.link(of: "V\(number)", test)))
        }
        let found = try HostileCounter.findings(test)
        #expect(found.contains { $0.hasPrefix(expected) }, "\(plant.name): \(expected) is not among \(found)")
    }

    @Test(
        "A cell of an odd kind hides nothing else from audit and reconcile",
        arguments: [
            "UPDATE packet SET length = 'long' WHERE ballot = BALLOT(V5)", "UPDATE packet SET sealed = 'open' WHERE ballot = BALLOT(V5)",
            "UPDATE link SET lookup = 'sixteen letters!' WHERE ballot = BALLOT(V5)",
            "UPDATE link SET wrap = 5 WHERE ballot = BALLOT(V5)", "UPDATE link SET id = 'sixteen letters!' WHERE ballot = BALLOT(V5)",
            "UPDATE packet SET ballot = 'sixteen letters!' WHERE ballot = BALLOT(V5)", "UPDATE served SET ranges = 7",
            "UPDATE base SET bytes = 'text'", "UPDATE notice SET text = 5", "UPDATE visit SET link = 'x' WHERE link = LINK(V1)",
            "UPDATE link SET state = 7 WHERE ballot = BALLOT(V5)"
        ])
    func oddCells(_ script: String) async throws {
        let test = try await office()
        try HostileCounter.run(script, on: test, without: ["packet_frozen"])
        try HostileCounter.run("UPDATE link SET answer = randomblob(32) WHERE ballot = BALLOT(V7)", on: test)
        let link = ReportsOffice.hex(try HostileCounter.link(of: "V7", test))
        let found = try HostileCounter.findings(test)
        #expect(found.contains { $0.hasPrefix("5 links: link \(link): The answer") }, "\(found)")
        #expect(found.count > 1, "\(found)")
        try HostileCounter.run("UPDATE link SET wrap = randomblob(60) WHERE ballot = BALLOT(V8)", on: test)
        let books = try Reports(test.office).reconcile(election: TestOffice.election)
        #expect(books.mismatches.contains { $0.voterID?.text == "V8" }, "\(books.mismatches)")
        #expect(try Reports(test.office).status(election: TestOffice.election).count == 15)
        do { try test.issue() } catch {
            // Only the shared pages are needed for it.
            #expect(script.contains("base") && "\(error)".contains("counter.sqlite"), "\(error)")
        }
    }

    @Test("A guard of either database that is hollowed out by a shorter text is named")
    func hollowed() async throws {
        let test = try await office()
        try HostileCounter.run("DROP INDEX link_live; CREATE UNIQUE INDEX link_live ON link (ballot)", on: test)
        try test.office.books.write {
            try $0.executeScript(
                "DROP INDEX return_piece_counted; CREATE UNIQUE INDEX return_piece_counted ON return_piece (election, voter)")
        }
        let found = try HostileCounter.findings(test)
        for guarding in ["link_live", "return_piece_counted"] {
            #expect(found.contains { $0.contains("The guard \(guarding) is another than") }, "\(found)")
        }
    }

    @Test("The same objects added to the books are named, too")
    func books() async throws {
        for script in [
            "CREATE TRIGGER more AFTER INSERT ON journal BEGIN SELECT 1; END", "CREATE VIEW more AS SELECT * FROM link",
            "CREATE TABLE more (link BLOB)", "CREATE INDEX more ON link (made_at)"
        ] {
            let test = try TestOffice()
            try test.office.books.write { try $0.executeScript(script) }
            let found = try HostileCounter.findings(test)
            #expect(found.count == 1 && found[0].hasPrefix("7 growth: office.sqlite") && found[0].contains("more"), "\(found)")
        }
    }

    @Test("Honest rests, retirements, new links and changed birthdays on the roll are no finding")
    func honest() async throws {
        let test = try await office()
        try test.verify("the sample")
        let counter = Counter(database: test.office.unguardedCounter, clock: test.office.clock)
        for _ in 0..<12 {
            _ = try await counter.claim(token: try test.token("V5"), answer: "1900-01-01")
            test.advance(seconds: 7201)
        }
        _ = try await counter.claim(token: try test.token("V5"), answer: "1900-01-01")
        await counter.stop()
        try test.verify("a link rests")
        try LinkDesk(test.office).newLink(for: VoterID("V9"), election: TestOffice.election, reason: "retired")
        try LinkDesk(test.office).newLink(for: VoterID("V1"), election: TestOffice.election, reason: "lost")
        try test.verify("new links")
        _ = try VoterRoll(test.office).importRoll(
            TestOffice.roll([TestOffice.row(6).replacing(TestOffice.voters[5].birthday, with: "1971-02-03")]), file: "voters.csv",
            election: TestOffice.election)
        try test.verify("a birthday was corrected after the link was made")
        let code = try #require(try Reports(test.office).status(election: TestOffice.election, of: "V7").first?.returnCode?.text)
        _ = try Returns(test.office).receive([Returns.Scan(code: code)])
        _ = try Returns(test.office).decide(code, .reject(.other("The name is missing")))
        try test.verify("a reason is in the timeline")
        let text = ReportsOffice.hex(try test.ballot("V7"))
        try HostileCounter.run("UPDATE step SET sealed = NULL WHERE kind = 'rejected' AND ballot = x'\(text)'", on: test)
        #expect(try HostileCounter.findings(test).contains { $0.hasPrefix("7 growth: step") })
    }

    private func office() async throws -> TestOffice {
        let test = try await AuditSample.office()
        let counter = Counter(database: test.office.unguardedCounter, clock: test.office.clock)
        for _ in 0..<30 {
            _ = try await counter.claim(token: try test.token("V9"), answer: "1900-01-01")
            test.advance(seconds: 7201)
        }
        await counter.stop()
        try test.office.catchUp()
        return test
    }
}
