import Elections
import Foundation
import Office
import Testing

@Suite("Reconcile", .enabled(if: TestOffice.present, "the program is not built"))
struct ReconcileTests {
    private let election = ReportsOffice.election

    private func reconcile(_ test: ReportsOffice) throws -> Reconciliation { try test.reports.reconcile(election: election) }

    @Test("The buckets add up to the roll, and who is not served is named with the reason")
    func buckets() throws {
        let test = try ReportsOffice()
        let books = try reconcile(test)
        #expect(books.agrees)
        #expect(books.buckets.values.reduce(0, +) == 15)
        #expect(books.buckets[.issue(.issued)] == 9)
        #expect(books.json["buckets"]?["already_issued"]?.integerValue == 0)
        let unserved = books.notServed.map { "\($0.voterID?.text ?? "") \($0.reason)" }
        #expect(unserved == ["V11 no_email", "V12 protected", "W1 style_unresolved", "W2 not_eligible", "W3 held"])
        #expect(books.json["not_served"]?[0]?["reason"]?.stringValue == "no_email")
        #expect(books.json["mismatches"]?.arrayValue == [])
    }

    @Test("Who is due and has no ballot yet counts as due")
    func due() throws {
        let test = try ReportsOffice()
        let more = ReportsOffice.header + ReportsOffice.row("W4")
        _ = try VoterRoll(test.office).importRoll(Array(more.utf8), file: "more.csv", election: election)
        let books = try reconcile(test)
        #expect(books.agrees)
        #expect(books.buckets[.due] == 1)
        #expect(books.notServed.contains { $0.voterID == VoterID("W4") && $0.reason == "due" })
        #expect(try test.reports.status(election: election, of: "W4").map(\.reason) == ["due"])
        let result = try Issuing(test.office).issueDue(Issuing.Order(election: election))
        #expect(result.buckets[.issued] == 1)
        let after = try reconcile(test)
        #expect(after.agrees)
        #expect(after.buckets[.issue(.issued)] == 10)
    }

    /// The voters named by mismatches of a kind.
    private func named(_ books: Reconciliation, _ kind: Reconciliation.Mismatch.Kind) -> Set<String> {
        Set(books.mismatches.filter { $0.kind == kind }.compactMap { $0.voterID?.text })
    }

    private func blob(_ bytes: [UInt8]) -> String { "x'\(ReportsOffice.hex(bytes))'" }

    /// Two rows exchange these columns.
    private func exchange(_ table: String, _ columns: [String], _ one: [UInt8], _ other: [UInt8], key: String = "ballot") -> String {
        let sets = columns.map { "\($0) = (SELECT \($0) FROM kept WHERE \(key) <> \(table).\(key))" }.joined(separator: ", ")
        // Unique columns need a step between; the copies are exchanged in one statement otherwise.
        let unique =
            columns.contains("tracking")
            ? "UPDATE \(table) SET tracking = randomblob(32) WHERE \(key) IN (\(blob(one)), \(blob(other)));" : ""
        return """
            CREATE TEMP TABLE kept AS SELECT * FROM \(table) WHERE \(key) IN (\(blob(one)), \(blob(other)));
            \(unique)
            UPDATE \(table) SET \(sets) WHERE \(key) IN (\(blob(one)), \(blob(other)));
            """
    }

    @Test(
        "Two packets exchanged at the counter are found, and both voters named",
        arguments: [
            ["base", "sha256", "length", "tracking", "sealed"], ["base", "sha256", "length", "sealed"], ["sealed"], ["sha256"], ["base"],
            ["tracking"]
        ])
    func packetsExchanged(_ columns: [String]) throws {
        let test = try ReportsOffice()
        try test.tamperCounter(exchange("packet", columns, try test.test.ballot("V1"), try test.test.ballot("V2")))
        let books = try reconcile(test)
        #expect(named(books, .packet) == ["V1", "V2"])
        #expect(!books.agrees)
    }

    @Test("Packets whose ballot ids are exchanged are found")
    func ballotsExchanged() throws {
        let test = try ReportsOffice()
        let (one, two) = (blob(try test.test.ballot("V1")), blob(try test.test.ballot("V3")))
        try test.tamperCounter(
            """
            UPDATE packet SET ballot = randomblob(16) WHERE ballot = \(one);
            UPDATE packet SET ballot = \(one) WHERE ballot = \(two);
            UPDATE packet SET ballot = \(two) WHERE ballot NOT IN (SELECT ballot FROM link);
            """)
        #expect(named(try reconcile(test), .packet) == ["V1", "V3"])
    }

    @Test("Ballots whose styles, pages or packets are exchanged in the books are found")
    func booksChanged() throws {
        for (columns, kind) in [
            (["style"], Reconciliation.Mismatch.Kind.style), (["base"], .style), (["packet"], .packet),
            (["style", "base", "packet"], .style)
        ] {
            let test = try ReportsOffice()
            try test.tamperBooks(exchange("ballot", columns, try test.test.ballot("V1"), try test.test.ballot("V2"), key: "id"))
            #expect(named(try reconcile(test), kind) == ["V1", "V2"], "\(columns)")
        }
        let test = try ReportsOffice()
        let (one, two) = (try test.test.ballot("V1"), try test.test.ballot("V3"))
        try test.tamperBooks(
            exchange("ballot", ["sealed"], one, two, key: "id") + "UPDATE ballot SET status = 'accepted' WHERE id = \(blob(two))")
        let books = try reconcile(test)
        #expect(named(books, .ballot) == ["V1", "V3"])
        #expect(named(books, .status) == ["V3"])
        #expect(named(books, .returned) == ["V3"])
    }

    @Test("A voter who moved is on the worklist; one whose style is simply wrong is a mismatch")
    func wrongStyle() throws {
        let test = try ReportsOffice()
        _ = try VoterRoll(test.office).importRoll(
            TestOffice.roll([TestOffice.row(1, precinct: "North")]), file: "voters.csv", election: election)
        #expect(try reconcile(test).agrees)
        #expect(try test.reports.exceptions(election: election).contains { $0.kind == "style_changed" && $0.voterID == VoterID("V1") })
        try test.tamperBooks("DELETE FROM exception WHERE kind = 'style_changed'")
        #expect(named(try reconcile(test), .style) == ["V1"])
    }

    @Test(
        "What was left out is found",
        arguments: [
            ("DELETE FROM ballot WHERE id = BALLOT", "", Reconciliation.Mismatch.Kind.ballot, "V1"),
            ("", "DELETE FROM packet WHERE ballot = BALLOT", .packet, "V1"),
            ("", "DELETE FROM link WHERE ballot = BALLOT", .link, "V1"),
            ("DELETE FROM link WHERE ballot = BALLOT", "", .link, "V1"),
            ("DELETE FROM letter WHERE ballot = BALLOT", "", .letter, "V1"),
            ("UPDATE letter SET state = 'withdrawn', ended_at = 1 WHERE ballot = BALLOT", "", .letter, "V1"),
            ("DELETE FROM journal WHERE ballot = BALLOT AND kind = 'issued'", "", .ballot, "V1"),
            ("UPDATE ballot SET status = 'sent' WHERE id = BALLOT", "", .status, "V1"),
            ("", "UPDATE link SET state = 'replaced' WHERE ballot = BALLOT", .link, "V1"),
            ("", "UPDATE link SET wrap = randomblob(60) WHERE ballot = BALLOT", .link, "V1"),
            ("", "UPDATE link SET lookup = randomblob(16) WHERE ballot = BALLOT", .link, "V1"),
            ("", "UPDATE packet SET delivered_at = 5 WHERE ballot = BALLOT", .delivery, "V1"),
            ("", "UPDATE link SET state = 'claimed', claimed_at = 5 WHERE ballot = BALLOT", .claim, "V1"),
            (
                "INSERT INTO return_piece (election, voter, ballot, kind, received_at, recorded_at) SELECT election, voter, id, 'ballot', 5, 5 FROM ballot WHERE id = BALLOT",
                "", .returned, "V1"
            )
        ])
    func leftOut(_ books: String, _ counter: String, _ kind: Reconciliation.Mismatch.Kind, _ voter: String) throws {
        let test = try ReportsOffice()
        let ballot = blob(try test.test.ballot("V1"))
        if !books.isEmpty { try test.tamperBooks(books.replacingOccurrences(of: "BALLOT", with: ballot)) }
        if !counter.isEmpty { try test.tamperCounter(counter.replacingOccurrences(of: "BALLOT", with: ballot)) }
        let result = try reconcile(test)
        #expect(named(result, kind) == [voter], "\(result.mismatches)")
        #expect(named(result, kind).union(result.mismatches.compactMap { $0.voterID?.text }) == [voter])
    }

    @Test("A voter taken off the roll is missed, with a ballot and without one")
    func offTheRoll() throws {
        let test = try ReportsOffice()
        try test.tamperBooks("DELETE FROM request WHERE voter = \(try test.test.voter("V1"))")
        let books = try reconcile(test)
        #expect(books.mismatches.contains { $0.kind == .roll && $0.ballot == nil })
        let ballot = ReportsOffice.hex(try test.test.ballot("V1"))
        #expect(books.mismatches.contains { $0.kind == .roll && $0.ballot == ballot })
        #expect(try test.reports.status(election: election, of: "V1").first?.status == .issued)

        let other = try ReportsOffice()
        try other.tamperBooks("DELETE FROM request WHERE voter = \(try other.test.voter("V11"))")
        #expect(try reconcile(other).mismatches.map(\.kind) == [.roll])
    }

    @Test("A batch that says more than the books hold is a mismatch")
    func batches() throws {
        let test = try ReportsOffice()
        try test.tamperBooks("UPDATE batch SET issued = 10")
        #expect(try reconcile(test).mismatches.map(\.kind) == [.batch])
        let other = try ReportsOffice()
        try other.tamperBooks(
            "DELETE FROM ballot WHERE id = \(blob(try other.test.ballot("V2"))); DELETE FROM journal WHERE voter = \(try other.test.voter("V2"))"
        )
        let kinds = Set(try reconcile(other).mismatches.map(\.kind))
        #expect(kinds.isSuperset(of: [.batch, .packet]))
    }

    @Test("A changed or missing base is one mismatch, not one for each voter")
    func bases() throws {
        let test = try ReportsOffice()
        try test.tamperCounter("UPDATE base SET bytes = zeroblob(length)")
        let books = try reconcile(test)
        #expect(books.mismatches.count == 4)
        #expect(books.mismatches.allSatisfy { $0.kind == .packet && $0.voterID == nil })
    }

    @Test("What an interrupted run left behind is told, and gone after the next run")
    func leftovers() throws {
        let test = try HostileCounter.interrupted(try ReportsOffice().test) { try $0.issue { $0.release = [VoterID("V12")] } }
        #expect(try Reports(test.office).reconcile(election: election).mismatches.map(\.kind) == [.leftover])
        try test.issue()
        #expect(try Reports(test.office).reconcile(election: election).agrees)
    }

    @Test("New links, claims and downloads while it runs are no mismatch")
    func whileTheOfficeWorks() async throws {
        let test = try ReportsOffice()
        let voters = ["V1", "V2", "V3"]
        for voter in voters { try test.letterSent(voter) }
        async let linking: Void = {
            for round in 0..<6 {
                try LinkDesk(test.office).newLink(for: VoterID(voters[round % 3]), election: ReportsOffice.election, reason: "test")
            }
            for voter in voters { try await test.download(voter) }
        }()
        for _ in 0..<12 { #expect(try reconcile(test).mismatches == []) }
        try await linking
        let books = try reconcile(test)
        #expect(books.mismatches == [])
        #expect(books.totals.delivered == 3)
    }
}
