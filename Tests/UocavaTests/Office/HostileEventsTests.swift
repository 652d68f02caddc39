import Elections
import Foundation
import Keys
import Office
import Storage
import Testing

@Suite("A hostile counter: events", .enabled(if: TestOffice.present, "the program is not built"))
struct HostileEventsTests {
    private static let isLong = ProcessInfo.processInfo.environment["UOCAVA_LONG_TESTS"] != nil

    private func event(_ kind: String, _ number: String, seq: String = "NULL", at: String? = nil, _ test: TestOffice) -> String {
        """
        INSERT INTO counter_event (seq, at, kind, ballot, link)
        VALUES (\(seq), \(at ?? "\(test.now.milliseconds)"), '\(kind)', BALLOT(\(number)), LINK(\(number)));
        """
    }

    private func refusals(_ test: TestOffice) throws -> [JSONValue] { try HostileCounter.journal("counter_event_refused", test) }

    @Test("A claim is taken once for a link, a delivery once for a ballot; the same again is refused and journalled once")
    func again() async throws {
        let test = try TestOffice.issued()
        try await HostileCounter.claim("V1", test, whole: true)
        try test.office.catchUp()
        try test.verify("nothing is wrong before")
        let repeats = (0..<5).map { _ in event("claimed", "V1", test) + event("delivered", "V1", test) }.joined()
        try HostileCounter.run(repeats, on: test)
        let before = try HostileCounter.voters(test)
        try test.office.catchUp()
        #expect(try HostileCounter.voters(test) == before)
        #expect(try HostileCounter.journal("claimed", test).count == 1)
        #expect(try HostileCounter.journal("delivered", test).count == 1)
        #expect(Set(try refusals(test).compactMap { $0["counter_kind"]?.stringValue }) == ["claimed", "delivered"])
        #expect(try refusals(test).count == 2)
        // Again later: still one line each.
        try HostileCounter.run(repeats, on: test)
        try test.office.catchUp()
        #expect(try refusals(test).count == 2)
        let found = try HostileCounter.findings(test)
        #expect(found.contains { $0.contains("counter event") && $0.contains("cannot have happened") }, "\(found)")
    }

    @Test("A delivery counts on the claimed link only; a link is retired once, and not when it was claimed")
    func order() async throws {
        let test = try TestOffice.issued()
        try HostileCounter.run(event("delivered", "V2", test), on: test)
        try await HostileCounter.claim("V1", test)
        try HostileCounter.run(event("retired", "V1", test) + event("retired", "V3", test) + event("retired", "V3", test), on: test)
        try test.office.catchUp()
        #expect(try test.status("V2") == "issued")
        #expect(try HostileCounter.journal("link_retired", test).count == 1)
        #expect(try refusals(test).count == 3)
        // A claim of a link that was retired, and a delivery on a link that was never claimed although another of the ballot was.
        try LinkDesk(test.office).newLink(for: VoterID("V1"), election: TestOffice.election, reason: "lost")
        try HostileCounter.run(event("claimed", "V3", test) + event("delivered", "V1", test), on: test)
        try test.office.catchUp()
        #expect(try test.status("V3") == "issued")
        #expect(try HostileCounter.journal("delivered", test).isEmpty)
        #expect(try refusals(test).count == 5)
        // What the voter then really does is taken.
        try await HostileCounter.claim("V2", test, whole: true)
        try test.office.catchUp()
        #expect(try test.status("V2") == "delivered")
    }

    @Test("A claim on a link that was replaced long before is refused")
    func replaced() async throws {
        let test = try TestOffice.issued()
        let old = ReportsOffice.hex(try HostileCounter.link(of: "V1", test))
        try LinkDesk(test.office).newLink(for: VoterID("V1"), election: TestOffice.election, reason: "lost")
        test.advance(seconds: 7200)
        try HostileCounter.run(
            "INSERT INTO counter_event (at, kind, ballot, link) VALUES (\(test.now.milliseconds), 'claimed', BALLOT(V1), x'\(old)')",
            on: test)
        try test.office.catchUp()
        #expect(try test.status("V1") == "issued")
        #expect(try refusals(test).count == 1)
    }

    @Test(
        "A flood of events is counted, not journalled row by row, and the honest event behind it is taken", .timeLimit(.minutes(10)),
        arguments: ["randomblob(16)", "LINK(V4)"])
    func flood(_ link: String) async throws {
        let test = try TestOffice.issued()
        let size = Self.isLong ? 1_000_000 : 30_000
        let journal = try HostileCounter.count("SELECT count(*) FROM journal", test)
        try HostileCounter.run(
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(size))
            INSERT INTO counter_event (at, kind, ballot, link) SELECT \(test.now.milliseconds), 'delivered', BALLOT(V4), \(link) FROM n
            """, on: test)
        try await HostileCounter.claim("V5", test)
        // One call does a bounded share of it, so that nobody's desk stands still.
        for _ in 0...(size / 10_000) { try test.office.catchUp() }
        #expect(try test.status("V5") == "claimed")
        #expect(try HostileCounter.count("SELECT count(*) FROM journal", test) <= journal + 3)
        #expect(try Reports(test.office).exceptions(election: TestOffice.election).count < 20)
        let report = try Audit(test.office).run()
        #expect(!report.ok && report.findings.count < 100, "\(report.findings.count)")
    }

    @Test("A number far ahead hides no event that comes later", arguments: ["1000000000000", "9223372036854775807"])
    func farAhead(_ seq: String) async throws {
        let test = try TestOffice.issued()
        try await HostileCounter.claim("V1", test)
        try test.office.catchUp()
        try HostileCounter.run(event("retired", "V2", seq: seq, test), on: test)
        try test.office.catchUp()
        #expect(try HostileCounter.findings(test).contains { $0.hasPrefix("7 growth: counter event \(seq)") })
        if seq.count < 19 {
            // The counter goes on counting from there.
            try await HostileCounter.claim("V3", test)
            try test.office.catchUp()
            #expect(try test.status("V3") == "claimed")
        }
        // Taken back, so that honest events get numbers that were passed.
        try HostileCounter.run(
            "DELETE FROM counter_event WHERE seq > 1; UPDATE sqlite_sequence SET seq = 1 WHERE name = 'counter_event'", on: test,
            without: ["counter_event_kept"])
        try await HostileCounter.claim("V4", test)
        try test.office.catchUp()
        #expect(try test.status("V4") == "claimed")
        #expect(try HostileCounter.journal("claimed", test).count == (seq.count < 19 ? 3 : 2))
    }

    @Test("What was taken over and is missing is told, also where the numbers began anew")
    func cutOff() async throws {
        let test = try TestOffice.issued()
        for number in ["V1", "V2", "V3"] { try await HostileCounter.claim(number, test) }
        try test.office.catchUp()
        try HostileCounter.run("DELETE FROM counter_event WHERE seq > 1", on: test, without: ["counter_event_kept"])
        let found = try HostileCounter.findings(test)
        #expect(found.contains { $0.hasPrefix("7 growth: counter event") && $0.contains("missing") }, "\(found)")
        #expect(try HostileCounter.journal("claimed", test).count == 3)
    }

    @Test(
        "An event that is malformed is refused, changes nothing, and the next one is taken",
        arguments: [
            "'soon', 'claimed', BALLOT(V1), LINK(V1)", "NOW, x'636c61696d6564', BALLOT(V1), LINK(V1)",
            "NOW, 'claimed', 'sixteen letters!', LINK(V1)", "NOW, 'claimed', BALLOT(V1), 17", "NOW, 'claimed', BALLOT(V1), LINK(V2)",
            "NOW, 'claimed', BALLOT(V1), zeroblob(100000)", "NOW, 'opened', BALLOT(V1), LINK(V1)",
            "NOW, printf('%.100000c', 'x'), BALLOT(V1), LINK(V1)", "NOW + 3600000, 'claimed', BALLOT(V1), LINK(V1)",
            "NOW - 864000000, 'claimed', BALLOT(V1), LINK(V1)", "9223372036854775807, 'claimed', BALLOT(V1), LINK(V1)",
            "-9223372036854775807, 'retired', BALLOT(V1), LINK(V1)", "1.5, 'delivered', BALLOT(V1), LINK(V1)"
        ])
    func malformed(_ values: String) async throws {
        let test = try TestOffice.issued()
        let before = try HostileCounter.voters(test)
        let size = try HostileCounter.count("SELECT sum(length(canonical)) FROM journal", test)
        try HostileCounter.run(
            "INSERT INTO counter_event (at, kind, ballot, link) VALUES (\(values.replacingOccurrences(of: "NOW", with: "\(test.now.milliseconds)")))",
            on: test)
        try test.office.catchUp()
        #expect(try HostileCounter.voters(test) == before)
        #expect(try refusals(test).count == 1)
        #expect(try HostileCounter.count("SELECT sum(length(canonical)) FROM journal", test) < size + 1000)
        try await HostileCounter.claim("V6", test)
        try test.office.catchUp()
        #expect(try test.status("V6") == "claimed")
        #expect(try HostileCounter.findings(test).contains { $0.contains("cannot have happened") })
    }
}
